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
 * so that one 128-bit register scans both. A pair has as many bins as its larger feature; a missing partner has one.
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
  /** i32[pairs], bins of each pair */
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
  /** u16[8 × 128] for each eight features: the sorted keys of a small node */
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

/**
 * As `scanHistogram` for all features, two at a time, without a branch but the loop's: about 1 ns per bin.
 *
 * Whole numbers below 2^52 become f64 by their bits: 2^52 + x has x in its lowest bits.
 */
export function scanHistograms(g: Growth, histogram: usize, total: i64): void {
  const bias = i64x2.splat(0x4330000000000000), signedBias = i64x2.splat(0x4330080000000000); // 2^52, 2^52 + 2^43
  const mask = i64x2.splat(COUNT_MASK), minLeaf = f64x2.splat(<f64>g.minLeaf), lambda = f64x2.splat(g.lambda);
  const count = f64x2.splat(<f64>countOf(total)), sum = f64x2.splat(valueOf(total));
  const allLambda = f64x2.splat(<f64>countOf(total) + 2 * g.lambda);
  let at = histogram;
  for (let pair = 0; pair < g.pairs; pair++) {
    const first = at, last = at + (<usize>load<i32>(g.bins + (<usize>pair << 2)) << 4);
    let left = i64x2.splat(0), best = f64x2.splat(bestScore), place = i64x2.splat(0);
    for (; at < last; at += 16) {
      left = i64x2.add(left, v128.load(at));
      const nLeft = f64x2.sub(v128.or(v128.and(left, mask), bias), bias);
      const gLeft = f64x2.sub(v128.xor(i64x2.shr_u(left, 20), signedBias), signedBias);
      const gRight = f64x2.sub(sum, gLeft);
      const dLeft = f64x2.add(nLeft, lambda), dRight = f64x2.sub(allLambda, dLeft);
      const over = f64x2.add(f64x2.mul(f64x2.mul(gLeft, gLeft), dRight), f64x2.mul(f64x2.mul(gRight, gRight), dLeft));
      const score = f64x2.div(over, f64x2.mul(dLeft, dRight));
      const fits = v128.and(f64x2.ge(nLeft, minLeaf), f64x2.ge(f64x2.sub(count, nLeft), minLeaf));
      const better = v128.and(f64x2.gt(score, best), fits);
      best = v128.bitselect(score, best, better);
      place = v128.bitselect(i64x2.splat(at), place, better);
    }
    takeLane(g, first, 2 * pair, f64x2.extract_lane(best, 0), i64x2.extract_lane(place, 0));
    takeLane(g, first + 8, 2 * pair + 1, f64x2.extract_lane(best, 1), i64x2.extract_lane(place, 1));
  }
}

/** @param place where in memory the best bin of the pair begins */
function takeLane(g: Growth, lane: usize, feature: i32, score: f64, place: i64): void {
  if (score <= bestScore) return;
  const bin = <usize>place + (lane & 8);
  let left: i64 = 0;
  for (let at = lane; at <= bin; at += 16) left += load<i64>(at);
  bestScore = score;
  bestFeature = feature;
  bestLeft = left;
  bestCut = halfWay(lane, bin);
}

/** Rows of a node that is searched by sorting: the local index of a row is the lower byte of its key. */
export const MAX_SMALL: i32 = 128;

/**
 * Sort the rows of a small node by each feature: keys of 16 bits, the code above the index within the node, for eight
 * features side by side in a register. The network is Batcher's merge exchange (Knuth, volume 3, algorithm 5.2.2M).
 */
export function sortSmall(g: Growth, start: i32, end: i32): void {
  const count = end - start, codes = g.codes, width = <usize>g.width, rows = g.rows + (<usize>start << 2);
  const values = localValues(g);
  for (let at: usize = 0; at < <usize>count; at++) {
    store<i64>(values + (at << 3), load<i64>(g.packed + (<usize>load<i32>(rows + (at << 2)) << 3)));
  }
  let keys = g.keys;
  for (let block = 0; block < g.features; block += 8, keys += MAX_SMALL << 4) {
    for (let at = 0; at < count; at++) {
      const row = codes + <usize>load<i32>(rows + (<usize>at << 2)) * width + block;
      const code = i16x8.shl(i16x8.extend_low_i8x16_u(v128.load64_zero(row)), 8);
      v128.store(keys + (<usize>at << 4), v128.or(code, i16x8.splat(<i16>at)));
    }
    const top = 1 << 31 - clz(count - 1);
    for (let p = top; p > 0; p >>= 1) {
      for (let q = top, r = 0, d = p; ; d = q - p, q >>= 1, r = p) {
        const end = keys + (<usize>max(count - d, 0) << 4), step = <usize>d << 4, run = <usize>p << 4;
        for (let from = keys + (<usize>r << 4); from < end; from += 2 * run) { // where bit p of the place is that of r
          for (let at = from, to = min(from + run, end); at < to; at += 16) exchange(at, at + step);
        }
        if (q == p) break;
      }
    }
  }
}

/** i64[128] behind the keys: the packed value of each row of a small node. */
// @ts-ignore: decorator
@inline
function localValues(g: Growth): usize {
  return g.keys + (<usize>(g.features + 7 >> 3) << 4) * MAX_SMALL;
}

// @ts-ignore: decorator
@inline
function exchange(a: usize, b: usize): void {
  const x = v128.load(a), y = v128.load(b);
  v128.store(a, i16x8.min_u(x, y));
  v128.store(b, i16x8.max_u(x, y));
}

/** As `scanHistogram`, for a node that `sortSmall` has sorted. */
export function scanSorted(g: Growth, start: i32, end: i32, feature: i32, total: i64): void {
  const values = localValues(g), minLeaf = g.minLeaf;
  const lambda = g.lambda, count = countOf(total), sum = valueOf(total);
  let at = g.keys + <usize>(feature >> 3) * (MAX_SMALL << 4) + (<usize>(feature & 7) << 1);
  let key = <i32>load<u16>(at), left: i64 = 0, score = bestScore;
  for (const last = at + (<usize>(end - start - 1) << 4); at < last; at += 16) {
    left += load<i64>(values + (<usize>(key & 255) << 3));
    const next = <i32>load<u16>(at, 16), nLeft = countOf(left);
    const candidate = scoreOf(valueOf(left), sum, nLeft, count - nLeft, lambda);
    if (candidate > score && (key ^ next) > 255 && nLeft >= minLeaf && count - nLeft >= minLeaf) {
      score = bestScore = candidate;
      bestFeature = feature;
      bestLeft = left;
      bestCut = ((key >> 8) + (next >> 8) - 1) >> 1;
    }
    key = next;
  }
}

/** As `scanSorted` for all features, two at a time, without a branch but the loop's: about 2 ns per row and pair. */
export function scanAllSorted(g: Growth, start: i32, end: i32, total: i64): void {
  const values = localValues(g);
  const bias = i64x2.splat(0x4330000000000000), signedBias = i64x2.splat(0x4330080000000000); // 2^52, 2^52 + 2^43
  const mask = i64x2.splat(COUNT_MASK), minLeaf = f64x2.splat(<f64>g.minLeaf), lambda = f64x2.splat(g.lambda);
  const count = f64x2.splat(<f64>countOf(total)), sum = f64x2.splat(valueOf(total));
  const allLambda = f64x2.splat(<f64>countOf(total) + 2 * g.lambda);
  const codes = i32x4(0xff00, 0, 0xff000000, 0), zero = i64x2.splat(0);
  for (let pair = 0; pair < g.pairs; pair++) {
    let at = g.keys + <usize>(pair >> 2) * (MAX_SMALL << 4) + (<usize>(pair & 3) << 2);
    let keys = load<u32>(at), left = zero, best = f64x2.splat(bestScore), place = zero, bestLefts = zero;
    for (const last = at + (<usize>(end - start - 1) << 4); at < last; at += 16) {
      const first = v128.load64_splat(values + (<usize>(keys & 255) << 3));
      left = i64x2.add(left, v128.load64_lane(values + (<usize>(keys >> 16 & 255) << 3), first, 1));
      const next = load<u32>(at, 16);
      const isCut = i64x2.ne(v128.and(i32x4.splat(keys ^ next), codes), zero);
      const nLeft = f64x2.sub(v128.or(v128.and(left, mask), bias), bias);
      const gLeft = f64x2.sub(v128.xor(i64x2.shr_u(left, 20), signedBias), signedBias);
      const gRight = f64x2.sub(sum, gLeft);
      const dLeft = f64x2.add(nLeft, lambda), dRight = f64x2.sub(allLambda, dLeft);
      const over = f64x2.add(f64x2.mul(f64x2.mul(gLeft, gLeft), dRight), f64x2.mul(f64x2.mul(gRight, gRight), dLeft));
      const score = f64x2.div(over, f64x2.mul(dLeft, dRight));
      const fits = v128.and(f64x2.ge(nLeft, minLeaf), f64x2.ge(f64x2.sub(count, nLeft), minLeaf));
      const better = v128.and(v128.and(f64x2.gt(score, best), fits), isCut);
      best = v128.bitselect(score, best, better);
      place = v128.bitselect(i64x2.splat(at), place, better);
      bestLefts = v128.bitselect(left, bestLefts, better);
      keys = next;
    }
    takeSorted(2 * pair, f64x2.extract_lane(best, 0), i64x2.extract_lane(place, 0), i64x2.extract_lane(bestLefts, 0));
    takeSorted(2 * pair + 1, f64x2.extract_lane(best, 1), i64x2.extract_lane(place, 1) + 2, i64x2.extract_lane(bestLefts, 1));
  }
}

/** @param place where in memory the key in front of the cut is */
function takeSorted(feature: i32, score: f64, place: i64, left: i64): void {
  if (score <= bestScore) return;
  bestScore = score;
  bestFeature = feature;
  bestLeft = left;
  const at = <usize>place;
  bestCut = (<i32>load<u8>(at, 1) + <i32>load<u8>(at, 17) - 1) >> 1;
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

/** The same operations in the same order as in `scanHistograms`: a node scores the same however it is searched. */
// @ts-ignore: decorator
@inline
function scoreOf(left: f64, sum: f64, nLeft: i32, nRight: i32, lambda: f64): f64 {
  const right = sum - left, dLeft = <f64>nLeft + lambda, dRight = <f64>(nLeft + nRight) + 2 * lambda - dLeft;
  return (left * left * dRight + right * right * dLeft) / (dLeft * dRight);
}

/** The first bin of a feature within a histogram of pairs. */
function laneOf(g: Growth, histogram: usize, feature: i32): usize {
  let base = histogram;
  for (let pair = 0; pair < feature >> 1; pair++) base += <usize>load<i32>(g.bins + (<usize>pair << 2)) << 4;
  return base + (<usize>(feature & 1) << 3);
}
