/**
 * Distances between points, and what kernels make of them: the work that support vectors and Gaussian processes share.
 *
 * Points lie column by column, f64[columns × stride], stride a multiple of 8 with zeros behind the last point, so that
 * eight points are compared at a time. Lengths are divided out beforehand: the distance is the plain Euclidean one.
 */

const LOG2E: f64 = 1.4426950408889634;
/** ln 2 in two parts; the first has its last 32 bits clear, so that k times it is exact for |k| < 2³². */
const LN2_HIGH: f64 = 6.93147180369123816490e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
/** e^x below is a number that no sum notices. */
const LOWEST: f64 = -708;

/**
 * e^x of two numbers, −∞ ≤ x ≤ 700. x = k ln 2 + r with |r| ≤ ½ ln 2 and a Taylor polynomial of degree 13 for e^r:
 * its remainder is below 5e-18, so the error is that of rounding, under 2 units in the last place.
 */
// @ts-ignore: decorator
@inline
export function expPair(x: v128): v128 {
  const bounded = f64x2.max(x, f64x2.splat(LOWEST));
  const k = f64x2.nearest(f64x2.mul(bounded, f64x2.splat(LOG2E)));
  const high = f64x2.sub(bounded, f64x2.mul(k, f64x2.splat(LN2_HIGH)));
  const r = f64x2.sub(high, f64x2.mul(k, f64x2.splat(LN2_LOW)));
  let p = f64x2.splat(1.6059043836821613e-10); // 1 / 13!
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.08767569878681e-9));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.505210838544172e-8));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.755731922398589e-7));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.7557319223985893e-6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.48015873015873e-5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.984126984126984e-4));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.388888888888889e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(8.333333333333333e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(4.1666666666666664e-2));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.16666666666666666));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  const exponent = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k));
  return i64x2.add(p, i64x2.shl(exponent, 52));
}

/**
 * Squared distances of one place to the first `count` points.
 *
 * @param points f64[columns × stride]
 * @param place  f64[columns]
 * @param count  a multiple of 8
 * @param out    f64[count]
 *
 * About 1.5 ns per point and 10 columns.
 */
export function squaredDistances(points: usize, stride: i32, columns: i32, place: usize, count: i32, out: usize): void {
  const next = <usize>stride << 3, end = place + (<usize>columns << 3);
  for (let point: usize = 0, last = <usize>count << 3; point < last; point += 64) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let at = place, column = points + point; at < end; at += 8, column += next) {
      const x = v128.load64_splat(at);
      const d0 = f64x2.sub(v128.load(column), x), d1 = f64x2.sub(v128.load(column, 16), x);
      const d2 = f64x2.sub(v128.load(column, 32), x), d3 = f64x2.sub(v128.load(column, 48), x);
      s0 = f64x2.add(s0, f64x2.mul(d0, d0));
      s1 = f64x2.add(s1, f64x2.mul(d1, d1));
      s2 = f64x2.add(s2, f64x2.mul(d2, d2));
      s3 = f64x2.add(s3, f64x2.mul(d3, d3));
    }
    v128.store(out + point, s0);
    v128.store(out + point, s1, 16);
    v128.store(out + point, s2, 32);
    v128.store(out + point, s3, 48);
  }
}

/** e^(−d²) in place, for f64[count], count even: the radial kernel where the width is divided out. */
export function radial(squares: usize, count: i32): void {
  for (let at = squares, end = squares + (<usize>count << 3); at < end; at += 16) {
    v128.store(at, expPair(f64x2.neg(v128.load(at))));
  }
}

/** Sum of products of f64[count], count a multiple of 8, in one fixed order. */
export function dot(a: usize, b: usize, count: i32): f64 {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let at: usize = 0, end = <usize>count << 3; at < end; at += 64) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a + at), v128.load(b + at)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a + at, 16), v128.load(b + at, 16)));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(a + at, 32), v128.load(b + at, 32)));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(a + at, 48), v128.load(b + at, 48)));
  }
  const sum = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
