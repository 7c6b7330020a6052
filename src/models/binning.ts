import type { Matrix } from './estimator.ts'

/** Codes a feature can have: they fit into a byte. */
export const MAX_BINS = 256

/**
 * How the values of each feature become codes: the code of x is the number of cuts that it does not stay below.
 *
 * Cuts are thresholds of 32-bit numbers, as in XGBoost, written so that a comparison of 64-bit numbers gives the same
 * answer (`exactCut`). Features that do not vary have no slot; the others are ordered by their number of bins.
 */
export interface Binning {
  /** i32[slots], the feature of each slot */
  columns: Int32Array
  /** i32[slots], codes of each slot, 2…256, ascending */
  bins: Int32Array
  /** f64[slots × 256], ascending, padded with +∞ */
  cuts: Float64Array
  /** f64[slots × 256 × 2], smallest and largest training value of each bin */
  ranges: Float64Array
}

/** Cut every feature: a bin for each value where there are at most 256, about equally filled ones otherwise. */
export function binFeatures(features: Matrix): Binning {
  const slots = Array.from({ length: features.columns }, (_, column) => ({
    column,
    edges: edgesOf(sorted(features, column)),
  }))
    .filter(({ edges }) => edges.length > 2)
    .sort((a, b) => a.edges.length - b.edges.length)
  const cuts = new Float64Array(slots.length * MAX_BINS).fill(Infinity)
  const ranges = new Float64Array(slots.length * MAX_BINS * 2)
  slots.forEach(({ edges }, slot) => {
    ranges.set(edges, slot * MAX_BINS * 2)
    for (let bin = 1; 2 * bin < edges.length; bin++) {
      cuts[slot * MAX_BINS + bin - 1] = exactCut(between(edges[2 * bin - 1], edges[2 * bin]))
    }
  })
  return {
    columns: Int32Array.from(slots, ({ column }) => column),
    bins: Int32Array.from(slots, ({ edges }) => edges.length / 2),
    cuts,
    ranges,
  }
}

const LARGEST_SINGLE = Math.fround(3.4028234663852886e38)

/** @returns f32[rows], ascending */
function sorted({ rows, columns, values }: Matrix, column: number): Float32Array {
  const single = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const value = values[row * columns + column]
    single[row] = Math.max(-LARGEST_SINGLE, Math.min(value, LARGEST_SINGLE))
  }
  const keys = new Int32Array(single.buffer)
  for (let row = 0; row < rows; row++) keys[row] ^= (keys[row] >> 31) | SIGN // the order of the keys is that of the numbers
  radixSort(keys)
  for (let row = 0; row < rows; row++) keys[row] ^= ~(keys[row] >> 31) | SIGN
  return single
}

const SIGN = -0x80000000
const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS

/** Sort unsigned 32-bit keys by three digits, the last one first: several times as fast as `sort` for 32-bit numbers. */
function radixSort(keys: Int32Array): void {
  let from: Int32Array = keys
  let to: Int32Array = new Int32Array(keys.length)
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const next = new Int32Array(DIGITS + 1)
    for (let at = 0; at < from.length; at++) next[((from[at] >>> shift) & (DIGITS - 1)) + 1]++
    for (let digit = 0; digit < DIGITS; digit++) next[digit + 1] += next[digit]
    for (let at = 0; at < from.length; at++) to[next[(from[at] >>> shift) & (DIGITS - 1)]++] = from[at]
    ;[from, to] = [to, from]
  }
  keys.set(from)
}

/** @returns smallest and largest value of each bin, one pair after the other */
function edgesOf(ascending: Float32Array): number[] {
  const n = ascending.length
  const edges = [ascending[0]]
  const shared = distinct(ascending) > MAX_BINS
  let begin = 0 // of the bin at hand
  for (let row = 1; row < n; row++) {
    if (ascending[row] === ascending[row - 1]) continue
    const binsLeft = MAX_BINS - (edges.length - 1) / 2
    const isFull = !shared || (binsLeft > 1 && (row - begin) * binsLeft >= n - begin)
    if (!isFull) continue
    edges.push(ascending[row - 1], ascending[row])
    begin = row
  }
  edges.push(ascending[n - 1])
  return edges
}

function distinct(ascending: Float32Array): number {
  let count = 1
  for (let row = 1; row < ascending.length; row++) count += ascending[row] === ascending[row - 1] ? 0 : 1
  return count
}

/** The 32-bit number half-way, above `low`. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2)
  return middle > low ? middle : high
}

const single = new Float32Array(1)
const singleBits = new Int32Array(single.buffer)

/**
 * The smallest 64-bit number that, rounded to 32 bits, is not below `threshold`. For every x, x < exactCut(t) is what
 * fround(x) < t is: one model then serves libraries that round their inputs and kernels that do not.
 *
 * @param threshold a finite 32-bit number; `Math.fround` of the result is it again
 */
export function exactCut(threshold: number): number {
  single[0] = threshold
  if (threshold > 0) singleBits[0]--
  else if (threshold < 0) singleBits[0]++
  else singleBits[0] = -0x7fffffff // the negative number next to zero
  const middle = single[0] + (threshold - single[0]) / 2
  return Math.fround(middle) >= threshold ? middle : middle + Math.abs(middle) * JUST_OVER_HALF_AN_ULP
}

const JUST_OVER_HALF_AN_ULP = 2 ** -53 * (1 + 2 ** -52)
