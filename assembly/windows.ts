import { get, larger, put } from "./column";

/**
 * Sliding windows in O(n), whatever the period, by which nothing is ever subtracted that has left the window.
 *
 * The series is cut into blocks of `period` bars. The window that ends at bar t crosses one border at most:
 *
 *        block k - 1        block k
 *   | .  .  .  [=  =  =  | =  =  t] .  . |
 *               suffix     prefix
 *
 * A pass backwards over block k - 1 leaves each suffix in `out`, at the bar where its window ends; a pass forwards
 * over block k puts the prefix to it. So no scratch is needed, a giant bar leaves no rounding error behind, and a
 * window of zeros adds up to exactly 0.
 * Source: M. van Herk, Pattern Recognition Letters 13 (1992); J. Gil, M. Werman, IEEE PAMI 15 (1993), both for maxima.
 *
 * In all of them: 1 <= period <= n, source finite, `out` may not overlap `source`, and what stands in out[0 .. period - 2]
 * afterwards means nothing (the host overwrites it with NaN).
 */

/** Highest value of the last `period` bars. */
export function highest(source: usize, n: i32, period: i32, out: usize): void {
  extreme(source, n, period, 1, out);
}

/** Lowest value of the last `period` bars. */
export function lowest(source: usize, n: i32, period: i32, out: usize): void {
  extreme(source, n, period, -1, out);
}

/** @param sign 1 for the highest value; -1 turns the series upside down and back (exact) for the lowest */
function extreme(source: usize, n: i32, period: i32, sign: f64, out: usize): void {
  for (let start = 0; start < n; start += period) {
    let suffix = -Infinity;
    for (let bar = start + period - 1; bar >= start; bar--) {
      if (bar < n) put(out, bar, suffix);
      if (start > 0) suffix = larger(suffix, sign * get(source, bar - period));
    }

    let prefix = -Infinity;
    const end = min(start + period, n);
    for (let bar = start; bar < end; bar++) {
      prefix = larger(prefix, sign * get(source, bar));
      put(out, bar, sign * larger(get(out, bar), prefix));
    }
  }
}

/** Mean of the last `period` values. Unlike `sma` it is exact to the last digits, but not the bits of TA-Lib. */
export function windowMean(source: usize, n: i32, period: i32, out: usize): void {
  const count = <f64>period;
  for (let start = 0; start < n; start += period) {
    let suffix: f64 = 0;
    for (let bar = start + period - 1; bar >= start; bar--) {
      if (bar < n) put(out, bar, suffix);
      if (start > 0) suffix += get(source, bar - period);
    }

    let prefix: f64 = 0;
    const end = min(start + period, n);
    for (let bar = start; bar < end; bar++) {
      prefix += get(source, bar);
      put(out, bar, (get(out, bar) + prefix) / count);
    }
  }
}

/**
 * Standard deviation of the last `period` values, and how far the newest of them lies from their mean.
 *
 * Squares are summed about a value inside the window (the first of the block), never about zero: at a price of
 * 100 000 a plain sum of squares loses ten digits. The relative error stays near period * 2^-53, and a
 * constant window gives exactly 0.
 * Source: T. Chan, G. Golub, R. LeVeque, The American Statistician 37 (1983), shifted data.
 *
 * @param divisor  period for the population, period - 1 for a sample
 * @param distance f64[n], newest value - mean; may not overlap the others
 * @param out      f64[n], standard deviation, >= 0
 */
export function spread(source: usize, n: i32, period: i32, divisor: i32, distance: usize, out: usize): void {
  const perValue = 1.0 / <f64>period, perFreedom = 1.0 / <f64>divisor;
  for (let start = 0; start < n; start += period) {
    const origin = get(source, start);

    let sum: f64 = 0, squares: f64 = 0;
    for (let bar = start + period - 1; bar >= start; bar--) {
      if (bar < n) {
        put(out, bar, sum);
        put(distance, bar, squares);
      }
      const shifted = start > 0 ? get(source, bar - period) - origin : 0;
      sum += shifted;
      squares += shifted * shifted;
    }

    sum = 0;
    squares = 0;
    const end = min(start + period, n);
    for (let bar = start; bar < end; bar++) {
      const shifted = get(source, bar) - origin;
      sum += shifted;
      squares += shifted * shifted;

      const total = get(out, bar) + sum, mean = total * perValue;
      const squaredDistances = get(distance, bar) + squares - total * mean;
      put(distance, bar, shifted - mean);
      put(out, bar, Math.sqrt(larger(squaredDistances, 0) * perFreedom));
    }
  }
}
