/**
 * Gaussian process regression with a Matérn 5/2 kernel. Inputs arrive divided by their length scales.
 *
 *   k(r) = signal · (1 + s + s²/3) e^(−s),  s = √5 r
 *
 * Sources: C. Rasmussen, C. Williams, Gaussian Processes for Machine Learning (2006), sections 4.2 and 5.4.
 *
 * Matrices are f64[n × n] by rows, n a multiple of 8: behind the `count` real points stand rows of the unit matrix,
 * which change neither the determinant nor a solution.
 */
import { dot, expPair, squaredDistances } from "./distances";
import { cholesky, dotRows, inverseOf, invertFactor } from "./linear";

const HALF_LOG_2PI: f64 = 0.9189385332046728;

/**
 * Kernel between places and points.
 *
 * @param places f64[placeCount × columns], by rows
 * @param points f64[columns × n], by columns
 * @param count  real points; behind them stand zeros
 * @param out    f64[placeCount × n]
 *
 * About 4 ns a pair of points with 10 columns.
 */
export function maternRows(
  places: usize, placeCount: i32, points: usize, count: i32, n: i32, columns: i32, signal: f64, out: usize,
): void {
  for (let place = 0; place < placeCount; place++) {
    const row = out + (<usize>place * <usize>n << 3);
    squaredDistances(points, n, columns, places + (<usize>place * <usize>columns << 3), n, row);
    matern(row, n, signal, row, 0);
    memory.fill(row + (<usize>count << 3), 0, <usize>(n - count) << 3);
  }
}

/**
 * Lower triangle of the kernel matrix of the points themselves, padded with the unit matrix.
 *
 * @param rows     f64[count × columns], the points by rows
 * @param diagonal added on the diagonal: noise and jitter
 * @param slopes   f64[n × n], receives the slope of each entry, see `matern`; 0 = not wanted
 */
export function maternMatrix(
  rows: usize, count: i32, points: usize, n: i32, columns: i32, signal: f64, diagonal: f64, out: usize, slopes: usize,
): void {
  const stride = <usize>n << 3;
  for (let i = 0; i < n; i++) {
    const row = out + <usize>i * stride, on = row + (<usize>i << 3), upTo = (i + 8) & ~7;
    if (i >= count) {
      memory.fill(row, 0, stride);
      store<f64>(on, 1);
      continue;
    }
    squaredDistances(points, n, columns, rows + (<usize>i * <usize>columns << 3), upTo, row);
    matern(row, upTo, signal, row, slopes ? slopes + <usize>i * stride : 0);
    store<f64>(on, signal + diagonal);
  }
}

/**
 * Mean of the posterior at some places: Σ weight · k.
 *
 * @param weights f64[n], zeros behind the last point
 * @param scratch f64[n]
 * @param out     f64[placeCount]
 */
export function maternMeans(
  places: usize, placeCount: i32, points: usize, n: i32, columns: i32, signal: f64, weights: usize, scratch: usize,
  out: usize,
): void {
  for (let place: usize = 0; place < <usize>placeCount; place++) {
    squaredDistances(points, n, columns, places + (place * <usize>columns << 3), n, scratch);
    matern(scratch, n, signal, scratch, 0);
    store<f64>(out + (place << 3), dot(scratch, weights, n));
  }
}

/**
 * Logarithm of the marginal likelihood of the target, and its gradient by the logarithms of the hyperparameters:
 * the length of each column, the signal variance, the noise variance.
 *
 * @param rows, points as above
 * @param y        f64[n], the target, zeros behind `count`
 * @param scratch  f64[3 n² + 34 n + 128]
 * @param gradient f64[columns + 3]; behind the gradient stands how surprising each sample is to all others, the mean of
 *                 error² / variance + ln variance with error w_i / (K⁻¹)_ii, w = K⁻¹ y, variance 1 / (K⁻¹)_ii (5.4.2)
 * @returns NaN where the matrix is not positive definite
 *
 * n³ operations for the matrices and n² · (columns + 10) for the rest: n = 400 takes about 10 ms.
 */
export function marginalLikelihood(
  rows: usize, count: i32, points: usize, n: i32, columns: i32,
  signal: f64, noise: f64, jitter: f64, y: usize, scratch: usize, gradient: usize,
): f64 {
  const square = <usize>n * <usize>n << 3, vector = <usize>n << 3;
  const k = scratch, slopes = k + square, u = slopes + square;
  const inverses = u + square, weights = inverses + 32 * vector, z = weights + vector, panel = z + vector;
  maternMatrix(rows, count, points, n, columns, signal, noise + jitter, k, slopes);
  if (!cholesky(k, n, inverses, panel)) return NaN;

  let logRoots: f64 = 0;
  for (let i: usize = 0; i < <usize>count; i++) logRoots += Math.log(load<f64>(k + i * (vector + 8)));
  invertFactor(k, n, inverses, u, panel);
  // z = L⁻¹ y, by the columns of U, then weights = U z = K⁻¹ y
  memory.fill(z, 0, vector);
  for (let i = 0; i < count; i++) addMultiple(z, u + <usize>i * vector, load<f64>(y + (<usize>i << 3)), n);
  dotRows(u, n, n, z, weights);
  const inverse = k;
  inverseOf(u, n, inverse);

  const fit = dot(y, weights, n);
  let trace: f64 = 0, surprise: f64 = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const own = load<f64>(inverse + i * (vector + 8)), error = load<f64>(weights + (i << 3)) / own;
    trace += own;
    surprise += error * error * own - Math.log(own);
  }
  const variance = noise + jitter, squares = dot(weights, weights, n);
  lengthGradient(points, count, n, columns, inverse, slopes, weights, gradient);
  store<f64>(gradient + (<usize>columns << 3), 0.5 * (fit - variance * squares - <f64>count + variance * trace));
  store<f64>(gradient + (<usize>columns << 3) + 8, 0.5 * noise * (squares - trace));
  store<f64>(gradient + (<usize>columns << 3) + 16, surprise / <f64>count);
  return -0.5 * fit - logRoots - <f64>count * HALF_LOG_2PI;
}

/**
 * ½ tr((w wᵀ − K⁻¹) ∂K/∂ ln length): over all pairs (w_i w_j − K⁻¹_ij) · slope_ij · (difference in the column)².
 * The slopes are overwritten with the products of the first two factors.
 */
function lengthGradient(
  points: usize, count: i32, n: i32, columns: i32, inverse: usize, slopes: usize, weights: usize, out: usize,
): void {
  memory.fill(out, 0, <usize>columns << 3);
  const stride = <usize>n << 3;
  for (let i = 1; i < count; i++) {
    const slope = slopes + <usize>i * stride, entry = inverse + <usize>i * stride, bytes = <usize>i << 3;
    const wi = f64x2.splat(load<f64>(weights + bytes));
    for (let at: usize = 0; at < bytes; at += 16) {
      const excess = f64x2.sub(f64x2.mul(wi, v128.load(weights + at)), v128.load(entry + at));
      v128.store(slope + at, f64x2.mul(excess, v128.load(slope + at)));
    }
    if (i & 1) store<f64>(slope + bytes, 0); // the pair that reaches beyond the triangle
    for (let column: usize = 0; column < <usize>columns; column++) {
      const values = points + column * stride;
      const x = f64x2.splat(load<f64>(values + bytes));
      let sum = f64x2.splat(0);
      for (let at: usize = 0; at < bytes; at += 16) {
        const difference = f64x2.sub(v128.load(values + at), x);
        sum = f64x2.add(sum, f64x2.mul(f64x2.mul(difference, difference), v128.load(slope + at)));
      }
      const to = out + (column << 3);
      store<f64>(to, load<f64>(to) + f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    }
  }
}

/**
 * Squared distances into kernel values; and into slopes, ∂k/∂ ln length of a column ÷ (difference in that column)²:
 * 5/3 signal (1 + s) e^(−s).
 *
 * @param squares f64[count], count even
 * @param out     f64[count], may be `squares`
 * @param slopes  f64[count]; 0 = not wanted
 */
function matern(squares: usize, count: i32, signal: f64, out: usize, slopes: usize): void {
  const one = f64x2.splat(1), five = f64x2.splat(5), third = f64x2.splat(1.0 / 3.0);
  const height = f64x2.splat(signal), steep = f64x2.splat(signal * 5.0 / 3.0);
  for (let at: usize = 0, end = <usize>count << 3; at < end; at += 16) {
    const ss = f64x2.mul(five, v128.load(squares + at));
    const s = f64x2.sqrt(ss);
    const decay = expPair(f64x2.neg(s));
    const linear = f64x2.add(one, s);
    const shape = f64x2.add(linear, f64x2.mul(ss, third));
    v128.store(out + at, f64x2.mul(f64x2.mul(height, shape), decay));
    if (slopes) v128.store(slopes + at, f64x2.mul(f64x2.mul(steep, linear), decay));
  }
}

/** to += factor · v, f64[count], count even. */
function addMultiple(to: usize, v: usize, factor: f64, count: i32): void {
  const f = f64x2.splat(factor);
  for (let at: usize = 0, end = <usize>count << 3; at < end; at += 16) {
    v128.store(to + at, f64x2.add(v128.load(to + at), f64x2.mul(f, v128.load(v + at))));
  }
}
