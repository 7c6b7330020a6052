/**
 * The best cut of all features of a node: sketched in 32 bits, four candidates at a time, and searched exactly where
 * the sketch cannot tell.
 *
 * With N = n + 2λ, d = nL + λ and G' = GL − d · S / N, a cut scores (S² + N² · q) / N where q = G'² / (d · (N − d)):
 * the one with the largest q wins. A sketch finds the root of the largest q of each feature up to an error that is
 * known. Features that stay so far below the largest of all that no error explains it have been seen enough; the others,
 * one or two as a rule, are searched in 64 bits. So what is found does not depend on the sketch.
 */
import { bestScore, countOf, Growth, scanHistogram, valueOf } from "./histogram";
import { countsOf, keysOf, MAX_SMALL, reachOf, scanSorted, singlesOf, valuesOf, weightsOf } from "./sorted";

/** Sums are sketched in units of 2^12 of theirs. */
const UNIT: f64 = 1.0 / 4096;
/** 2^-21: a few roundings of 32-bit numbers */
const ROUNDING: f64 = 1.0 / 2097152;

// Of the node at hand.
let gradient: f64 = 0; // S, in units of the sketch
let weight: f64 = 0; // N
let step: f64 = 0; // S / N
/** of one G' that is 0 */
let absoluteError: f64 = 0;

function beginSketch(g: Growth, total: i64): void {
  gradient = valueOf(total) * UNIT;
  weight = <f64>countOf(total) + 2 * g.lambda;
  step = gradient / weight;
}

/** Search all features by their histograms. */
export function searchHistograms(g: Growth, histogram: usize, total: i64): void {
  beginSketch(g, total);
  sketchHistograms(g, histogram, total);
  const bar = barOf(g);
  for (let feature = 0; feature < g.features; feature++) {
    if (!(reachAt(g, feature) < bar)) scanHistogram(g, histogram, feature, total);
  }
}

/** Search all features of a small node, sorted by `sortSmall`. */
export function searchSorted(g: Growth, start: i32, end: i32, total: i64): void {
  beginSketch(g, total);
  if (countOf(total) == end - start) sketchSingle(g, end - start, total);
  else sketchCounted(g, end - start, total);
  const bar = barOf(g);
  for (let feature = 0; feature < g.features; feature++) {
    if (!(reachAt(g, feature) < bar)) scanSorted(g, start, end, feature, total);
  }
}

// @ts-ignore: decorator
@inline
function reachAt(g: Growth, feature: i32): f64 {
  return <f64>load<f32>(reachOf(g) + (<usize>feature << 2));
}

/**
 * What the sketch of a feature must reach for the feature to be searched: as much as the largest less the errors of
 * both, and as much as the best split so far less its own.
 */
function barOf(g: Growth): f64 {
  const least = <f64>g.minLeaf + g.lambda;
  const error = absoluteError / sqrt(least * (weight - least)); // of a root of q, where d · (N − d) is smallest
  const relative = (2 + weight / least) * ROUNDING; // 32 bits; most of it from N − d where d is close to N
  let largest: f64 = 0;
  for (let feature = 0; feature < g.features; feature++) largest = max(largest, reachAt(g, feature));
  const toBeat = (bestScore * UNIT * UNIT * (1 - 1e-12) * weight - gradient * gradient) / (weight * weight);
  const known = max(largest * (1 - relative) - error, sqrt(max(toBeat, 0)));
  return (known - error) * (1 - relative);
}

/**
 * As many as four candidates a step: two bins of a pair of features. The upper word of a packed sum is its value in
 * units of the sketch, rounded down, which is off by less than 1; the lower word has the count.
 */
function sketchHistograms(g: Growth, histogram: usize, total: i64): void {
  absoluteError = 1 + abs(gradient) * ROUNDING;
  const mask = i32x4.splat(0xfffff), slope = f32x4.splat(<f32>step), lambda = f32x4.splat(<f32>g.lambda);
  const all = f32x4.splat(<f32>weight), minLeaf = f32x4.splat(<f32>g.minLeaf);
  const maxLeft = f32x4.splat(<f32>(countOf(total) - g.minLeaf));
  let reach = reachOf(g), at = histogram;
  for (let pair = 0; pair < g.pairs; pair++, reach += 8) {
    const last = at + (<usize>load<i32>(g.bins + (<usize>pair << 2)) << 4);
    let left = i64x2.splat(0), most = f32x4.splat(0);
    for (; at < last; at += 64) {
      const one = i64x2.add(left, v128.load(at)), two = i64x2.add(one, v128.load(at, 16));
      const three = i64x2.add(two, v128.load(at, 32));
      left = i64x2.add(three, v128.load(at, 48));
      most = f32x4.pmax(most, sketchOf(one, two, mask, slope, lambda, all, minLeaf, maxLeft));
      most = f32x4.pmax(most, sketchOf(three, left, mask, slope, lambda, all, minLeaf, maxLeft));
    }
    most = f32x4.sqrt(f32x4.pmax(most, v128.shuffle<i64>(most, most, 1, 0)));
    v128.store64_lane(reach, most, 0);
  }
}

// @ts-ignore: decorator
@inline
function sketchOf(
  first: v128, second: v128, mask: v128, slope: v128, lambda: v128, all: v128, minLeaf: v128, maxLeft: v128,
): v128 {
  const count = f32x4.convert_i32x4_s(v128.and(v128.shuffle<i32>(first, second, 0, 2, 4, 6), mask));
  const sum = f32x4.convert_i32x4_s(v128.shuffle<i32>(first, second, 1, 3, 5, 7));
  const d = f32x4.add(count, lambda), over = f32x4.sub(sum, f32x4.mul(slope, d));
  const q = f32x4.div(f32x4.mul(over, over), f32x4.mul(d, f32x4.sub(all, d)));
  return v128.and(q, v128.and(f32x4.ge(count, minLeaf), f32x4.le(count, maxLeft)));
}

// Functions of their own: in one of them the compiler would fold their loops into one that asks each time.
function sketchSingle(g: Growth, rows: i32, total: i64): void {
  sketchSorted(g, rows, total, false);
}

function sketchCounted(g: Growth, rows: i32, total: i64): void {
  sketchSorted(g, rows, total, true);
}

/**
 * Eight features side by side, as they were sorted: what stands at each place is fetched and added up. Where each row
 * counts once, so many rows stand on the left of a place for every feature, and d · (N − d) is worked out once.
 */
// @ts-ignore: decorator
@inline
function sketchSorted(g: Growth, rows: i32, total: i64, counted: bool): void {
  const singles = singlesOf(g), counts = countsOf(g), weights = weightsOf(g), values = valuesOf(g);
  let size = abs(step * g.lambda);
  for (let row: usize = 0; row < <usize>rows; row++) {
    const value = load<i64>(values + (row << 3)), count = counted ? <f64>countOf(value) : 1;
    const single = <f32>(valueOf(value) * UNIT - step * count);
    store<f32>(singles + (row << 2), single);
    if (counted) store<f32>(counts + (row << 2), <f32>count);
    size += <f64>abs(single);
  }
  absoluteError = <f64>(rows + 4) * size * ROUNDING;

  const minLeaf = g.minLeaf, lambda = f32x4.splat(<f32>g.lambda), all = f32x4.splat(<f32>weight), zero = i32x4.splat(0);
  const least = f32x4.splat(<f32>minLeaf), most = f32x4.splat(<f32>(countOf(total) - minLeaf));
  if (!counted) {
    let left = f32x4(1, 2, 3, 4);
    for (let row: usize = 0; row < <usize>rows; row += 4) {
      const d = f32x4.add(left, lambda), fits = v128.and(f32x4.ge(left, least), f32x4.le(left, most));
      v128.store(weights + (row << 2), v128.and(f32x4.div(f32x4.splat(1), f32x4.mul(d, f32x4.sub(all, d))), fits));
      left = f32x4.add(left, f32x4.splat(4));
    }
  }
  const begin = f32x4.splat(<f32>(-step * g.lambda));
  for (let feature = 0; feature < g.features; feature += 8) {
    let at = keysOf(g, feature), weightAt = weights;
    let lowSum = begin, highSum = begin, lowCount = zero, highCount = zero, lowMost = zero, highMost = zero;
    let keys = v128.load(at);
    for (const last = at + (<usize>(rows - 1) << 4); at < last; at += 16, weightAt += 4) {
      const next = v128.load(at, 16), isSame = i16x8.eq(i16x8.shr_u(v128.xor(keys, next), 8), zero);
      lowSum = f32x4.add(lowSum, gather(singles, at));
      highSum = f32x4.add(highSum, gather(singles, at + 8));
      let low = f32x4.mul(lowSum, lowSum), high = f32x4.mul(highSum, highSum);
      if (counted) {
        lowCount = f32x4.add(lowCount, gather(counts, at));
        highCount = f32x4.add(highCount, gather(counts, at + 8));
        low = overCount(low, lowCount, lambda, all, least, most);
        high = overCount(high, highCount, lambda, all, least, most);
      } else {
        const weight = v128.load32_splat(weightAt);
        low = f32x4.mul(low, weight);
        high = f32x4.mul(high, weight);
      }
      lowMost = f32x4.pmax(lowMost, v128.andnot(low, i32x4.extend_low_i16x8_s(isSame)));
      highMost = f32x4.pmax(highMost, v128.andnot(high, i32x4.extend_high_i16x8_s(isSame)));
      keys = next;
    }
    const reach = reachOf(g) + (<usize>feature << 2);
    v128.store(reach, f32x4.sqrt(lowMost));
    v128.store(reach, f32x4.sqrt(highMost), 16);
  }
}

/** What belongs to the rows of four keys. */
// @ts-ignore: decorator
@inline
function gather(from: usize, keys: usize): v128 {
  let four = v128.load32_zero(from + (<usize>load<u8>(keys) << 2));
  four = v128.load32_lane(from + (<usize>load<u8>(keys, 2) << 2), four, 1);
  four = v128.load32_lane(from + (<usize>load<u8>(keys, 4) << 2), four, 2);
  return v128.load32_lane(from + (<usize>load<u8>(keys, 6) << 2), four, 3);
}

// @ts-ignore: decorator
@inline
function overCount(square: v128, count: v128, lambda: v128, all: v128, least: v128, most: v128): v128 {
  const d = f32x4.add(count, lambda), fits = v128.and(f32x4.ge(count, least), f32x4.le(count, most));
  return v128.and(f32x4.div(square, f32x4.mul(d, f32x4.sub(all, d))), fits);
}
