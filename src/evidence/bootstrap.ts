import { stream, type Use } from './streams.ts'

/** Resampling of a series that depends on its own past. */

/** Runs behind every p-value and quantile. */
export const RUNS = 1000

/** Mean block length that suits n values: the nearest whole number to the cube root of n, at least 2. */
export function meanBlockFor(n: number): number {
  let length = 2
  while ((length + 0.5) * (length + 0.5) * (length + 0.5) < n) length++
  return length
}

/**
 * Stationary block bootstrap: blocks of geometric length that start anywhere and go round the end, so that every
 * value is drawn equally often and what follows what is mostly kept.
 * Source: D. Politis, J. Romano, The Stationary Bootstrap, J. Amer. Statist. Assoc. 89 (1994).
 *
 * @param n         values of the series, ≥ 1
 * @param meanBlock ≥ 1; 1 draws each value on its own
 * @param run       number of the resample: it depends on nothing but this and the seed
 * @returns i32[n], indices into the series
 */
export function stationaryResample(n: number, meanBlock: number, seed: number, use: Use, run: number): Int32Array {
  const random = stream(seed, use, run)
  const restart = 1 / meanBlock
  const indices = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    indices[i] = i === 0 || random.float() < restart ? random.int(n) : (indices[i - 1] + 1) % n
  }
  return indices
}

/** With a finite number of resamples a p-value is never 0. @param asLarge resamples that reach the real value */
export function resampledPValue(asLarge: number, resamples: number): number {
  return (1 + asLarge) / (resamples + 1)
}
