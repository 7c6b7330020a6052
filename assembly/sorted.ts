/** Small nodes: their rows are sorted by each feature, eight features side by side. */
import { bestScore, countOf, Growth, scoreOf, setBest, valueOf } from "./histogram";

/** Rows of a node that is searched by sorting: the local index of a row is the lower byte of its key. */
export const MAX_SMALL: i32 = 128;

/**
 * Sort the rows of a small node by each feature: keys of 16 bits, the code above the index within the node, for eight
 * features side by side in a register. The network is Batcher's merge exchange (Knuth, volume 3, algorithm 5.2.2M).
 */
export function sortSmall(g: Growth, start: i32, end: i32): void {
  const count = end - start, codes = g.codes, width = <usize>g.width, rows = g.rows + (<usize>start << 2);
  const values = valuesOf(g);
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
    if (count & 1) v128.store(keys + (<usize>count << 4), i16x8.splat(-1)); // the last to be
    sortKeys(keys, count + 1 & ~1);
  }
}

/** @param count an even number: runs of two are whole */
function sortKeys(keys: usize, count: i32): void {
  const top = 1 << 31 - clz(count - 1);
  for (let p = top; p > 0; p >>= 1) {
    for (let q = top, r = 0, d = p; ; d = q - p, q >>= 1, r = p) {
      const end = keys + (<usize>max(count - d, 0) << 4), step = <usize>d << 4, run = <usize>p << 4;
      let from = keys + (<usize>r << 4); // where bit p of the place is that of r
      if (p == 1) {
        for (; from < end; from += 32) exchange(from, from + step);
      } else {
        for (; from < end; from += 2 * run) {
          for (let at = from, to = min(from + run, end); at < to; at += 32) {
            exchange(at, at + step);
            exchange(at + 16, at + 16 + step);
          }
        }
      }
      if (q == p) break;
    }
  }
}

/** Sorted keys of eight features. */
// @ts-ignore: decorator
@inline
export function keysOf(g: Growth, feature: i32): usize {
  return g.keys + <usize>(feature >> 3) * (MAX_SMALL << 4);
}

/** i64[128] behind the keys: the packed value of each row of a small node. */
// @ts-ignore: decorator
@inline
export function valuesOf(g: Growth): usize {
  return keysOf(g, g.features + 7);
}

/** f32[128] each: what a sketch makes of the values, how often each row counts, and the weight of each place. */
// @ts-ignore: decorator
@inline
export function singlesOf(g: Growth): usize {
  return valuesOf(g) + (MAX_SMALL << 3);
}

// @ts-ignore: decorator
@inline
export function countsOf(g: Growth): usize {
  return singlesOf(g) + (MAX_SMALL << 2);
}

// @ts-ignore: decorator
@inline
export function weightsOf(g: Growth): usize {
  return countsOf(g) + (MAX_SMALL << 2);
}

/** f32[features], what the sketch of each feature reaches. */
// @ts-ignore: decorator
@inline
export function reachOf(g: Growth): usize {
  return weightsOf(g) + (MAX_SMALL << 2);
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
  const values = valuesOf(g), minLeaf = g.minLeaf;
  const lambda = g.lambda, count = countOf(total), sum = valueOf(total);
  let at = keysOf(g, feature) + (<usize>(feature & 7) << 1);
  let key = <i32>load<u16>(at), left: i64 = 0, score = bestScore;
  for (const last = at + (<usize>(end - start - 1) << 4); at < last; at += 16) {
    left += load<i64>(values + (<usize>(key & 255) << 3));
    const next = <i32>load<u16>(at, 16), nLeft = countOf(left);
    const candidate = scoreOf(valueOf(left), sum, nLeft, count - nLeft, lambda);
    if (candidate > score && (key ^ next) > 255 && nLeft >= minLeaf && count - nLeft >= minLeaf) {
      score = candidate;
      setBest(score, feature, left, ((key >> 8) + (next >> 8) - 1) >> 1);
    }
    key = next;
  }
}
