/**
 * Histograms of packed gradients, and the best split that they show.
 *
 * One i64 holds what a tree learns from a row: a fixed-point value in the upper 44 bits and a count in the lower 20.
 * Sums of such numbers are sums of both, and they are exact: a histogram does not depend on the order of its rows,
 * a parent less one child is the other child to the last bit, and so a model does not depend on how the work is cut.
 *
 * The code tables are row-major, two neighbouring features form a pair. A histogram interleaves the two:
 *
 *     pair 0: bin 0 of feature 0, bin 0 of feature 1, bin 1 of feature 0, bin 1 of feature 1, …   pair 1: …
 *
 * so that one 128-bit register scans both. A pair has as many bins as its larger feature, rounded up to a multiple of four;
 * a missing partner has none.
 */

/** Bits of the count. */
export const COUNT_BITS: i64 = 20;
export const COUNT_MASK: i64 = (1 << 20) - 1;

// @ts-ignore: decorator
@inline
export function countOf(packed: i64): i32 {
  return <i32>(packed & COUNT_MASK);
}

// @ts-ignore: decorator
@inline
export function valueOf(packed: i64): f64 {
  return <f64>(packed >> COUNT_BITS);
}

/** What a split search reads. The host writes it: `layGrowth` in src/models/growth.ts. */
@unmanaged
export class Growth {
  /** u8[rows × width], the codes; width = 2 · pairs */
  codes: usize;
  width: i32;
  pairs: i32;
  /** features in use: 2 · pairs or one less */
  features: i32;
  /** i32[pairs], bins of each pair, a multiple of four */
  bins: usize;
  /** i64[rows], the packed value and count of each row */
  packed: usize;
  /** i32[n], the rows of the tree; growing sorts them by leaf */
  rows: usize;
  /** i32[n + 1], scratch of the same size */
  spare: usize;
  /** one histogram per level, `histogramStride` bytes apart; `histogramBytes` of them are in use, as growing finds out */
  histograms: usize;
  histogramStride: i32;
  histogramBytes: i32;
  /** u16[8 × 128] for each eight features, the sorted keys of a small node, and what assembly/sorted.ts puts behind them */
  keys: usize;
  maxDepth: i32;
  /** rows that a node needs to be split, and each of its children to exist */
  minSplit: i32;
  minLeaf: i32;
  /** features that a node looks at, drawn anew for each; `features` for all */
  featuresPerNode: i32;
  /** 1: one random cut a feature (extremely randomised trees) */
  randomCuts: i32;
  /** i32[features], scratch for the draw */
  drawn: usize;
  /** Node[2 · n + 1] */
  nodes: usize;
  nodeCount: i32;
  /** i32[features]: the slot of the binning behind each position in a row of codes */
  slots: usize;
  /** i32[slots]: the column of the training set behind each slot */
  columns: usize;
  /** f64[slots × 256]: the cuts of each slot; a row goes left at cut k if x < cut */
  cuts: usize;
  /** f64[slots × 512]: smallest and largest training value in each bin */
  ranges: usize;
  /** a split whose children stay leaves must gain this much, in fixed-point units squared */
  minGain: f64;
  /** L2 penalty, in rows */
  lambda: f64;
}

// The best split of the node at hand.
export let bestScore: f64 = 0;
export let bestFeature: i32 = 0;
export let bestCut: i32 = 0;
export let bestLeft: i64 = 0;

/** Forget the split of the last node. @param score what a split must beat */
export function beginSearch(score: f64): void {
  bestScore = score;
  bestFeature = -1;
}

/** Add the rows [start, end) of the tree to an empty histogram. About 1 ns per row and feature. */
export function accumulate(g: Growth, start: i32, end: i32, histogram: usize): void {
  const codes = g.codes, width = <usize>g.width, packed = g.packed, rows = g.rows, bins = g.bins;
  const lastPair = bins + (<usize>g.pairs << 2);
  memory.fill(histogram, 0, g.histogramBytes);

  for (let at = start; at < end; at++) {
    const row = <usize>load<i32>(rows + (<usize>at << 2));
    const value = load<i64>(packed + (row << 3));
    let code = codes + row * width;
    let base = histogram;
    for (let pair = bins; pair < lastPair; pair += 4) {
      const first = base + (<usize>load<u8>(code) << 4);
      const second = base + (<usize>load<u8>(code, 1) << 4);
      store<i64>(first, load<i64>(first) + value);
      store<i64>(second, load<i64>(second, 8) + value, 8);
      base += <usize>load<i32>(pair) << 4;
      code += 2;
    }
  }
}

/** histogram −= other */
export function subtract(histogram: usize, other: usize, bytes: i32): void {
  for (const end = histogram + bytes; histogram < end; histogram += 16, other += 16) {
    v128.store(histogram, i64x2.sub(v128.load(histogram), v128.load(other)));
  }
}

/**
 * Look for the best cut of one feature in a histogram.
 *
 * A cut at bin k sends codes ≤ k left. Its score is GL² / (nL + λ) + GR² / (nR + λ), as in XGBoost with a squared loss
 * (Chen and Guestrin 2016, equation 7), where the second derivative is a count. Bins without rows offer no cut; the
 * cut that is taken lies half-way between two bins that have some.
 */
export function scanHistogram(g: Growth, histogram: usize, feature: i32, total: i64): void {
  const bins = laneOf(g, histogram, feature);
  const last = bins + (<usize>(load<i32>(g.bins + (<usize>(feature >> 1) << 2))) << 4);
  let left: i64 = 0;
  for (let at = bins; at < last; at += 16) {
    const here = load<i64>(at);
    left += here;
    if (here != 0 && scoreCut(g, feature, left, total)) bestCut = halfWay(bins, at);
  }
}

/** The cut between a bin and the next one that has rows; there is one, or no row would be on the right. */
function halfWay(bins: usize, at: usize): i32 {
  let next = at + 16;
  while (load<i64>(next) == 0) next += 16;
  return <i32>(((at - bins) + (next - bins) - 16) >> 5);
}

/** Offer one cut. @returns whether it is the best so far: then the caller says where it is */
export function scoreCut(g: Growth, feature: i32, left: i64, total: i64): bool {
  const nLeft = countOf(left), nRight = countOf(total) - nLeft;
  if (nLeft < g.minLeaf || nRight < g.minLeaf) return false;
  const score = scoreOf(valueOf(left), valueOf(total), nLeft, nRight, g.lambda);
  if (score <= bestScore) return false;
  bestScore = score;
  bestFeature = feature;
  bestLeft = left;
  return true;
}

export function setCut(cut: i32): void {
  bestCut = cut;
}

export function setBest(score: f64, feature: i32, left: i64, cut: i32): void {
  bestScore = score;
  bestFeature = feature;
  bestLeft = left;
  bestCut = cut;
}

/** In this order of operations everywhere: a node scores the same however it is searched. */
// @ts-ignore: decorator
@inline
export function scoreOf(left: f64, sum: f64, nLeft: i32, nRight: i32, lambda: f64): f64 {
  const right = sum - left, dLeft = <f64>nLeft + lambda, dRight = <f64>(nLeft + nRight) + 2 * lambda - dLeft;
  return (left * left * dRight + right * right * dLeft) / (dLeft * dRight);
}

/** The first bin of a feature within a histogram of pairs. */
function laneOf(g: Growth, histogram: usize, feature: i32): usize {
  let base = histogram;
  for (let pair = 0; pair < feature >> 1; pair++) base += <usize>load<i32>(g.bins + (<usize>pair << 2)) << 4;
  return base + (<usize>(feature & 1) << 3);
}
