/**
 * Zone maps: extremes of 64 bars at a time, which say at once where nothing can have happened.
 * 64 bars are also one word of a bitmap. The host keeps those of low and high (f64x2 each: lowest low, highest high);
 * those of the close, which change with the tile, are made here. Sources: G. Moerkotte, Small Materialized Aggregates (VLDB 1998); for the
 * suffixes and prefixes M. van Herk, Pattern Recognition Letters 13 (1992).
 */

/**
 * Pairs (−lowest, highest) of the close, so that one `pmax` joins two of them: for each bar from the start of its
 * block to it (prefix) and from it to the end of its block (suffix), and for each block as a whole.
 *
 * @param close f64[n] from a bar that starts a block
 * @param prefix, suffix f64x2[n]; block f64x2[⌈n / 64⌉]
 */
export function closePairs(close: usize, n: i32, prefix: usize, suffix: usize, block: usize): void {
  const sign = i64x2.replace_lane(i64x2.splat(0), 0, i64.MIN_VALUE);
  for (let start = 0; start < n; start += 64) {
    const end = min(start + 64, n);
    let pair = f64x2.splat(-Infinity);
    for (let bar = start; bar < end; bar++) {
      pair = f64x2.pmax(pair, v128.xor(v128.load_splat<f64>(close + (<usize>bar << 3)), sign));
      v128.store(prefix + (<usize>bar << 4), pair);
    }
    v128.store(block + (<usize>(start >> 6) << 4), pair);
    pair = f64x2.splat(-Infinity);
    for (let bar = end - 1; bar >= start; bar--) {
      pair = f64x2.pmax(pair, v128.xor(v128.load_splat<f64>(close + (<usize>bar << 3)), sign));
      v128.store(suffix + (<usize>bar << 4), pair);
    }
  }
}

/**
 * Runs: extremes of 2ᵏ neighbouring blocks, for each k and each block, so that two of them answer for any stretch.
 * Source: M. Bender, M. Farach-Colton, The LCA Problem Revisited (2000), sparse table.
 *
 * @param runs f64x2[levels][stride / 16]; level 0 is filled in: (−lowest, highest) of each of `count` blocks
 */
export function growRuns(runs: usize, count: i32, stride: usize): void {
  for (let length = 1; length * 2 <= count; length *= 2, runs += stride) {
    for (let block = 0; block + length * 2 <= count; block++) {
      const at = runs + (<usize>block << 4);
      v128.store(at + stride, f64x2.pmax(v128.load(at), v128.load(at + (<usize>length << 4))));
    }
  }
}

/** (−lowest, highest) of the blocks first, …, first + count − 1; count ≥ 1. */
// @ts-ignore: decorator
@inline
export function runOf(runs: usize, stride: usize, first: i32, count: i32): v128 {
  const level = 31 - clz(count);
  const at = runs + <usize>level * stride + (<usize>first << 4);
  return f64x2.pmax(v128.load(at), v128.load(at + (<usize>(count - (1 << level)) << 4)));
}

/** Levels of runs over so many blocks. */
// @ts-ignore: decorator
@inline
export function runLevels(count: i32): i32 {
  return 32 - clz(count);
}
