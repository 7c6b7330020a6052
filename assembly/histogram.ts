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

/**
 * Add the rows [start, end) of the tree to an empty histogram. As many as eight features go through the rows at a
 * time, so that the places of their histograms stay in registers.
 */
export function accumulate(g: Growth, start: i32, end: i32, histogram: usize): void {
  const from = g.rows + (<usize>start << 2), to = g.rows + (<usize>end << 2);
  memory.fill(histogram, 0, g.histogramBytes);
  let codes = g.codes;
  for (let pair = 0; pair < g.pairs; pair += 4, codes += 8) {
    const rest = g.pairs - pair, second = histogram + binBytes(g, pair);
    const third = second + (rest > 1 ? binBytes(g, pair + 1) : 0), fourth = third + (rest > 2 ? binBytes(g, pair + 2) : 0);
    if (rest > 3) addFour(g, from, to, codes, histogram, second, third, fourth);
    else if (rest == 3) addThree(g, from, to, codes, histogram, second, third);
    else if (rest == 2) addTwo(g, from, to, codes, histogram, second);
    else addOne(g, from, to, codes, histogram);
    if (rest > 4) histogram = fourth + binBytes(g, pair + 3);
  }
}

// @ts-ignore: decorator
@inline
function binBytes(g: Growth, pair: i32): usize {
  return <usize>load<i32>(g.bins + (<usize>pair << 2)) << 4;
}

// One function for each number of pairs: together, the compiler would fold their loops into one that asks each time.
function addFour(g: Growth, from: usize, to: usize, codes: usize, h0: usize, h1: usize, h2: usize, h3: usize): void {
  addPairs(g, from, to, codes, 4, h0, h1, h2, h3);
}

function addThree(g: Growth, from: usize, to: usize, codes: usize, h0: usize, h1: usize, h2: usize): void {
  addPairs(g, from, to, codes, 3, h0, h1, h2, 0);
}

function addTwo(g: Growth, from: usize, to: usize, codes: usize, h0: usize, h1: usize): void {
  addPairs(g, from, to, codes, 2, h0, h1, 0, 0);
}

function addOne(g: Growth, from: usize, to: usize, codes: usize, h0: usize): void {
  addPairs(g, from, to, codes, 1, h0, 0, 0, 0);
}

// @ts-ignore: decorator
@inline
function addPairs(
  g: Growth, from: usize, to: usize, codes: usize, pairs: i32, h0: usize, h1: usize, h2: usize, h3: usize,
): void {
  const packed = g.packed, width = <usize>g.width;
  for (let at = from; at < to; at += 4) {
    const row = <usize>load<i32>(at), value = load<i64>(packed + (row << 3)), code = codes + row * width;
    addPair(h0, code, value);
    if (pairs > 1) addPair(h1, code + 2, value);
    if (pairs > 2) addPair(h2, code + 4, value);
    if (pairs > 3) addPair(h3, code + 6, value);
  }
}

// @ts-ignore: decorator
@inline
function addPair(histogram: usize, code: usize, value: i64): void {
  const first = histogram + (<usize>load<u8>(code) << 4), second = histogram + (<usize>load<u8>(code, 1) << 4);
  store<i64>(first, load<i64>(first) + value);
  store<i64>(second, load<i64>(second, 8) + value, 8);
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
