import type { Candles } from '../engine/candles.ts'
import type { Random } from '../engine/random.ts'
import { ValidationError } from '../errors.ts'
import { resampledPValue } from './bootstrap.ts'
import { stream } from './streams.ts'

/** Markets without structure, made of a real one: what a tuning finds in them is what it finds by chance. */

/**
 * Permute a market. A bar is a gap, open over the previous close, and a body, high, low and close over its open.
 * Gaps and bodies are permuted apart from each other and put together again, which keeps how far prices move and where
 * they end, and destroys the order in which they do. Ratios stand for the differences of logarithms: rebuilding
 * multiplies them either way.
 * Source: T. Masters, Permutation and Randomization Tests for Trading System Development (2020).
 *
 * Open times stay, the first open stays, the volume goes with its body. O(n).
 *
 * @param candles         at least one bar, prices above 0
 * @param run             number of the placebo: it depends on nothing but this and the seed
 * @param options.blockLength bars that stay together: 1 destroys all order, more keeps the quiet and the stormy times
 * @throws ValidationError the block length is not a whole number above 0
 */
export function permuteCandles(
  candles: Candles,
  seed: number,
  run: number,
  options: { blockLength?: number } = {},
): Candles {
  const { blockLength = 1 } = options
  if (!Number.isSafeInteger(blockLength) || blockLength < 1) {
    throw ValidationError.at('blockLength', `must be a whole number of bars above 0, not ${blockLength}.`)
  }
  const n = candles.openTime.length
  const random = stream(seed, 'permutation', run)
  const bodies = permuteBlocks(n, blockLength, random)
  const gaps = permuteBlocks(n - 1, blockLength, random)
  return rebuild(candles, bodies, gaps)
}

/**
 * @param bodies i32[n], the bar whose body each bar gets
 * @param gaps   i32[n − 1], for each bar but the first: the gap after which bar it gets
 */
function rebuild(real: Candles, bodies: Int32Array, gaps: Int32Array): Candles {
  const n = bodies.length
  const [open, high, low, close, volume] = Array.from({ length: 5 }, () => new Float64Array(n))
  let previous = 0
  for (let bar = 0; bar < n; bar++) {
    const body = bodies[bar]
    const start = bar === 0 ? real.open[0] : previous * gapAfter(real, gaps[bar - 1])
    const scale = start / real.open[body]
    const end = scale * real.close[body]
    open[bar] = start
    // rounding must not push an end of the body beyond the high or the low
    high[bar] = Math.max(scale * real.high[body], start, end)
    low[bar] = Math.min(scale * real.low[body], start, end)
    close[bar] = previous = end
    volume[bar] = real.volume[body]
  }
  return { openTime: real.openTime.slice(), open, high, low, close, volume }
}

function gapAfter({ open, close }: Candles, bar: number): number {
  return open[bar + 1] / close[bar]
}

/** 0 … n − 1 in blocks of neighbours, the blocks in random order; the last block may be shorter. */
function permuteBlocks(n: number, length: number, random: Random): Int32Array {
  if (length === 1) return random.permutation(n)
  const indices = new Int32Array(n)
  let at = 0
  for (const block of random.permutation(Math.ceil(n / length))) {
    for (let bar = block * length; bar < Math.min(n, (block + 1) * length); bar++) indices[at++] = bar
  }
  return indices
}

export interface Placebo {
  runs: number
  /** share of placebo tunings whose best the real best beats */
  percentile: number
  /** of a real best this good on a market without structure */
  pValue: number
}

/**
 * The real best among the bests of the placebo tunings.
 *
 * @param real, placebos objectives, turned so that more is better; null = not defined, which is below every number
 * @returns null without a placebo, or without a real best
 */
export function placeboOf(real: number | null, placebos: readonly (number | null)[]): Placebo | null {
  if (real === null || placebos.length === 0) return null
  const asGood = placebos.filter((placebo) => placebo !== null && placebo >= real).length
  const runs = placebos.length
  return { runs, percentile: (runs - asGood) / runs, pValue: resampledPValue(asGood, runs) }
}
