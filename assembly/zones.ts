/**
 * Zone maps: extremes of 64 bars at a time, which say at once where nothing can have happened.
 * 64 bars are also one word of a bitmap. Sources: G. Moerkotte, Small Materialized Aggregates (VLDB 1998); for the
 * suffixes and prefixes M. van Herk, Pattern Recognition Letters 13 (1992).
 */

/**
 * @param low  f64[n], high f64[n]
 * @param out  f64x2[⌈n / 64⌉]: lowest low, highest high
 */
export function priceZones(low: usize, high: usize, n: i32, out: usize): void {
  for (let start = 0; start < n; start += 64) {
    const end = min(start + 64, n);
    let lowest = Infinity, highest = -Infinity;
    for (let bar = start; bar < end; bar++) {
      const l = load<f64>(low + (<usize>bar << 3)), h = load<f64>(high + (<usize>bar << 3));
      if (l < lowest) lowest = l;
      if (h > highest) highest = h;
    }
    store<f64>(out, lowest);
    store<f64>(out, highest, 8);
    out += 16;
  }
}

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
