import { get, larger, orUndefined, pair, put, skip, smaller } from "./column";
import { highest, lowest, spread, windowMean } from "./windows";

export { highest, lowest };

/**
 * Technical indicators, one value per bar.
 *
 * Columns are f64[n] at byte offsets, oldest bar first; n bars, finite prices > 0 and volumes >= 0; outputs may not
 * overlap inputs. The host (src/engine/indicators.ts) has checked the arguments and that n is larger than the warm-up
 * ("first" below: index of the first defined value); it fills out[0 .. first - 1] with NaN afterwards, so a kernel may
 * leave anything there. An output given as 0 is not wanted. `scratch` is f64[2 n].
 *
 * Everything is O(n) and allocates nothing. Seeds follow TA-Lib with unstable period 0; RSI, ADX and SMA keep its order
 * of operations too, and so its bits. Sums are compared with exactly 0: a coin may cost 1e-9.
 */

/** A standard deviation at or below this is rounding noise of a constant series, and counts as 0. */
const NO_SPREAD: f64 = 1e-12;
const DAY_MS: f64 = 86_400_000;

// Averages

/**
 * Simple moving average. first: period - 1.
 *
 * A running sum, as in TA-Lib: add the newest, divide, subtract the oldest. It starts afresh from 0 when all of the
 * window is 0, lest a market without volume average to a leftover, perhaps negative, 1e-13.
 */
export function sma(source: usize, n: i32, period: i32, out: usize): void {
  const count = <f64>period;
  let sum: f64 = 0, zeros = 0;
  for (let bar = 0; bar < n; bar++) {
    const value = get(source, bar);
    sum += value;
    zeros = value == 0 ? zeros + 1 : 0;
    if (zeros >= period) sum = 0;
    if (bar < period - 1) continue;

    put(out, bar, sum / count);
    sum -= get(source, bar - period + 1);
  }
}

/**
 * Exponential moving average, weight 2 / (period + 1), seeded with the mean of the first `period` values. first:
 * period - 1.
 */
export function ema(source: usize, n: i32, period: i32, out: usize): void {
  const weight = 2.0 / <f64>(period + 1);
  let average = meanUntil(source, period - 1, period);
  put(out, period - 1, average);
  for (let bar = period; bar < n; bar++) {
    average += weight * (get(source, bar) - average);
    put(out, bar, average);
  }
}

/**
 * Moving average convergence/divergence: EMA(fast) - EMA(slow), its EMA(signal), and the difference of the two.
 *
 * Both averages are seeded so that they begin at the same bar (TA-Lib "classic"), the signal with the mean of the first
 * `signal` differences. A fast period above the slow one turns the sign; TA-Lib would swap the two.
 * Source: G. Appel; seeds as in TA-Lib ta_MACD.c. first: max(fast, slow) + signal - 2, for all three.
 */
export function macd(
  source: usize, n: i32, fast: i32, slow: i32, signal: i32, line: usize, signalLine: usize, histogram: usize,
): void {
  const start = max(fast, slow) - 1, first = start + signal - 1;
  const fastWeight = 2.0 / <f64>(fast + 1), slowWeight = 2.0 / <f64>(slow + 1), signalWeight = 2.0 / <f64>(signal + 1);
  let fastAverage = meanUntil(source, start, fast), slowAverage = meanUntil(source, start, slow);
  let difference = fastAverage - slowAverage, seed = difference, average: f64 = 0;

  for (let bar = start; bar < n; bar++) {
    if (bar > start) {
      const value = get(source, bar);
      fastAverage += fastWeight * (value - fastAverage);
      slowAverage += slowWeight * (value - slowAverage);
      difference = fastAverage - slowAverage;
      if (bar <= first) seed += difference;
    }
    average = bar > first ? average + signalWeight * (difference - average) : seed / <f64>signal;

    if (line) put(line, bar, difference);
    if (signalLine) put(signalLine, bar, average);
    if (histogram) put(histogram, bar, difference - average);
  }
}

/** Mean of the `period` values that end at bar `last`, added from the oldest on. */
function meanUntil(source: usize, last: i32, period: i32): f64 {
  let sum: f64 = 0;
  for (let bar = last - period + 1; bar <= last; bar++) sum += get(source, bar);
  return sum / <f64>period;
}

// Momentum

/**
 * Relative Strength Index with Wilder smoothing, 0..100. first: period.
 *
 * RSI = 100 G / (G + L), G and L the smoothed average gain and loss: plain means of the first `period` changes,
 * then avg = (avg (period - 1) + change) / period. A flat market is neutral: 50 (TA-Lib says 0, which would fire a signal).
 * Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978).
 */
export function rsi(source: usize, n: i32, period: i32, out: usize): void {
  const count = f64x2.splat(<f64>period), kept = f64x2.splat(<f64>(period - 1));
  let averages = f64x2.splat(0); // gain, loss
  for (let bar = 1; bar <= period; bar++) averages = f64x2.add(averages, gainAndLoss(source, bar));
  averages = f64x2.div(averages, count);
  put(out, period, strength(averages));

  for (let bar = period + 1; bar < n; bar++) {
    averages = f64x2.div(f64x2.add(f64x2.mul(averages, kept), gainAndLoss(source, bar)), count);
    put(out, bar, strength(averages));
  }
}

// @ts-ignore: decorator
@inline
function gainAndLoss(source: usize, bar: i32): v128 {
  const change = get(source, bar) - get(source, bar - 1);
  return f64x2.pmax(pair(change, -change), f64x2.splat(0));
}

// @ts-ignore: decorator
@inline
function strength(averages: v128): f64 {
  return share(f64x2.extract_lane(averages, 0), f64x2.extract_lane(averages, 1));
}

/** Per cent of the whole that is the first part; 50 of nothing. */
// @ts-ignore: decorator
@inline
function share(part: f64, rest: f64): f64 {
  const whole = part + rest;
  return whole == 0 ? 50 : 100 * (part / whole);
}

/** Rate of change in per cent against `period` bars ago; NaN where that value was 0. first: period. */
export function roc(source: usize, n: i32, period: i32, out: usize): void {
  for (let bar = period; bar < n; bar++) {
    put(out, bar, orUndefined(100 * (get(source, bar) / get(source, bar - period) - 1)));
  }
}

/**
 * Stochastic %K: where the close stands between the lowest low (0) and the highest high (100) of `period` bars, averaged
 * over `smoothing` bars. A range of nothing is neutral: 50 (TA-Lib says 0). first: period + smoothing - 2.
 * Source: G. Lane; the "slow" form of TA-Lib ta_STOCH.c.
 */
export function stochasticK(
  high: usize, low: usize, close: usize, n: i32, period: i32, smoothing: i32, scratch: usize, out: usize,
): void {
  highest(high, n, period, scratch);
  lowest(low, n, period, out);
  for (let bar = period - 1; bar < n; bar++) {
    const bottom = get(out, bar), range = get(scratch, bar) - bottom;
    put(scratch, bar, range == 0 ? 50 : 100 * (get(close, bar) - bottom) / range);
  }
  const ready = period - 1;
  windowMean(skip(scratch, ready), n - ready, smoothing, skip(out, ready));
}

/** Stochastic %D: the mean of %K over `signal` bars. first: period + smoothing + signal - 3. */
export function stochasticD(
  high: usize, low: usize, close: usize, n: i32, period: i32, smoothing: i32, signal: i32, scratch: usize, out: usize,
): void {
  const k = skip(scratch, n), ready = period + smoothing - 2;
  stochasticK(high, low, close, n, period, smoothing, scratch, k);
  windowMean(skip(k, ready), n - ready, signal, skip(out, ready));
}

// Trend

/**
 * Average Directional Index and the two directional indicators it is made of, 0..100 each.
 * first: period for the indicators, 2 period - 1 for the index.
 *
 * The moves +DM and -DM and the true range are smoothed by S = S - S / period + new; DI = 100 S(DM) / S(TR), both 0 where
 * nothing moved; DX = 100 |+DI - -DI| / (+DI + -DI); ADX is the mean of the first `period` DX, then Wilder's average of
 * them. Where both indicators are 0 there is no DX: the index stays, and its seed counts 0.
 * Source: Wilder (1978); the first sums hold period - 1 bars as in TA-Lib ta_ADX.c.
 */
export function directional(
  high: usize, low: usize, close: usize, n: i32, period: i32, plusDi: usize, minusDi: usize, adx: usize,
): void {
  const count = <f64>period, counts = f64x2.splat(count), hundred = f64x2.splat(100);
  let moves = f64x2.splat(0), range: f64 = 0; // smoothed +DM, -DM and true range
  for (let bar = 1; bar < period; bar++) {
    moves = f64x2.add(moves, directionalMoves(high, low, bar));
    range += trueRangeAt(high, low, close, bar);
  }

  let index: f64 = 0, seed: f64 = 0;
  for (let bar = period; bar < n; bar++) {
    moves = f64x2.add(f64x2.sub(moves, f64x2.div(moves, counts)), directionalMoves(high, low, bar));
    range = range - range / count + trueRangeAt(high, low, close, bar);
    const indicators = range == 0 ? f64x2.splat(0) : f64x2.mul(hundred, f64x2.div(moves, f64x2.splat(range)));
    const plus = f64x2.extract_lane(indicators, 0), minus = f64x2.extract_lane(indicators, 1);
    if (plusDi) put(plusDi, bar, plus);
    if (minusDi) put(minusDi, bar, minus);
    if (!adx) continue;

    const sum = minus + plus, dx = 100 * (abs(minus - plus) / sum);
    if (bar < 2 * period) {
      if (sum != 0) seed += dx;
      index = seed / count;
    } else if (sum != 0) {
      index = (index * (count - 1) + dx) / count;
    }
    put(adx, bar, index);
  }
}

/** +DM and -DM of one bar: the larger of the two outward moves, if it is one; the other is 0. */
// @ts-ignore: decorator
@inline
function directionalMoves(high: usize, low: usize, bar: i32): v128 {
  const up = get(high, bar) - get(high, bar - 1), down = get(low, bar - 1) - get(low, bar);
  const moves = pair(up, down);
  const wins = v128.and(f64x2.gt(moves, pair(down, up)), f64x2.gt(moves, f64x2.splat(0)));
  return v128.and(moves, wins);
}

/**
 * Supertrend: a trailing line `multiplier` ATRs from the middle of the bar, under the price while the trend is up.
 *
 * The lower band only rises, the upper only falls, until the previous close lies beyond it. The trend begins
 * downwards, turns up when a close exceeds the upper band and down when it falls below the lower one.
 * Source: O. Seban; as ta.supertrend of TradingView, but with the ATR of this file and +1 for up. first: period.
 *
 * @param line      quote currency: the lower band in an up trend, else the upper
 * @param direction +1 up, -1 down
 */
export function supertrend(
  high: usize, low: usize, close: usize, n: i32, period: i32, multiplier: f64, scratch: usize, line: usize, direction: usize,
): void {
  atr(high, low, close, n, period, scratch);
  let lower: f64 = -Infinity, upper: f64 = Infinity, up = false;
  for (let bar = period; bar < n; bar++) {
    const middle = (get(high, bar) + get(low, bar)) / 2, reach = multiplier * get(scratch, bar);
    const previous = get(close, bar - 1), current = get(close, bar);
    if (previous < lower) lower = -Infinity;
    if (previous > upper) upper = Infinity;
    lower = larger(lower, middle - reach);
    upper = smaller(upper, middle + reach);
    if (bar > period) up = up ? current >= lower : current > upper;

    if (line) put(line, bar, up ? lower : upper);
    if (direction) put(direction, bar, up ? 1 : -1);
  }
}

// Volatility

/** True range: the bar's range, stretched to the previous close. first: 1. */
export function trueRange(high: usize, low: usize, close: usize, n: i32, out: usize): void {
  for (let bar = 1; bar < n; bar++) put(out, bar, trueRangeAt(high, low, close, bar));
}

// @ts-ignore: decorator
@inline
function trueRangeAt(high: usize, low: usize, close: usize, bar: i32): f64 {
  // (top, -bottom) by one instruction; equals max(h - l, |h - c|, |l - c|) in every bit, since rounding is monotone
  const previous = get(close, bar - 1);
  const reach = f64x2.pmax(pair(get(high, bar), -get(low, bar)), pair(previous, -previous));
  return f64x2.extract_lane(reach, 0) + f64x2.extract_lane(reach, 1);
}

/**
 * Average true range: the mean of the first `period` true ranges, then Wilder's average. first: period. Source:
 * Wilder (1978).
 */
export function atr(high: usize, low: usize, close: usize, n: i32, period: i32, out: usize): void {
  const count = <f64>period;
  let sum: f64 = 0;
  for (let bar = 1; bar <= period; bar++) sum += trueRangeAt(high, low, close, bar);
  let average = sum / count;
  put(out, period, average);
  for (let bar = period + 1; bar < n; bar++) {
    average = (average * (count - 1) + trueRangeAt(high, low, close, bar)) / count;
    put(out, bar, average);
  }
}

/** Population standard deviation of the last `period` values. first: period - 1. */
export function standardDeviation(source: usize, n: i32, period: i32, scratch: usize, out: usize): void {
  spread(source, n, period, period, scratch, out);
}

/**
 * A Bollinger band: SMA + deviations * population standard deviation; a negative number gives the lower band.
 * Source: J. Bollinger, Bollinger on Bollinger Bands (2001). first: period - 1.
 */
export function bollingerBand(source: usize, n: i32, period: i32, deviations: f64, scratch: usize, out: usize): void {
  spread(source, n, period, period, scratch, out);
  sma(source, n, period, scratch);
  for (let bar = period - 1; bar < n; bar++) put(out, bar, get(scratch, bar) + deviations * get(out, bar));
}

/**
 * Bollinger bandwidth: (upper - lower) / middle, a fraction; 0 where the bands meet, NaN about a middle of 0. first:
 * period - 1.
 */
export function bollingerWidth(source: usize, n: i32, period: i32, deviations: f64, scratch: usize, out: usize): void {
  spread(source, n, period, period, scratch, out);
  sma(source, n, period, scratch);
  for (let bar = period - 1; bar < n; bar++) {
    const middle = get(scratch, bar), reach = deviations * get(out, bar);
    const width = middle + reach - (middle - reach);
    put(out, bar, width == 0 ? 0 : orUndefined(width / middle));
  }
}

/**
 * How many population standard deviations the newest value lies from the mean; 0 where nothing varies. first: period
 * - 1.
 */
export function zscore(source: usize, n: i32, period: i32, scratch: usize, out: usize): void {
  spread(source, n, period, period, scratch, out);
  for (let bar = period - 1; bar < n; bar++) {
    const deviation = get(out, bar);
    put(out, bar, deviation <= NO_SPREAD ? 0 : get(scratch, bar) / deviation);
  }
}

/**
 * Realised volatility: sample standard deviation of the last `period` log returns, annualised, a fraction.
 * NaN while a value <= 0 is in the window. first: period. Needs period >= 2.
 */
export function realisedVolatility(
  source: usize, n: i32, period: i32, barsPerYear: f64, scratch: usize, out: usize,
): void {
  const returns = scratch, distance = skip(scratch, n), year = Math.sqrt(barsPerYear);
  for (let bar = 1; bar < n; bar++) {
    const previous = get(source, bar - 1), current = get(source, bar);
    put(returns, bar, previous > 0 && current > 0 ? Math.log(current / previous) : NaN);
  }
  spread(skip(returns, 1), n - 1, period, period - 1, distance, skip(out, 1));
  for (let bar = period; bar < n; bar++) put(out, bar, orUndefined(get(out, bar) * year));
}

/** Middle of the Donchian channel: half way between the highest high and the lowest low. first: period - 1. */
export function donchianMiddle(high: usize, low: usize, n: i32, period: i32, scratch: usize, out: usize): void {
  highest(high, n, period, scratch);
  lowest(low, n, period, out);
  for (let bar = period - 1; bar < n; bar++) put(out, bar, (get(scratch, bar) + get(out, bar)) / 2);
}

// Volume

/**
 * On-balance volume: volume added up by the sign of the close's change, beginning with the first bar's. Source: J.
 * Granville (1963). first: 0.
 */
export function obv(close: usize, volume: usize, n: i32, out: usize): void {
  let total = get(volume, 0), previous = get(close, 0);
  put(out, 0, total);
  for (let bar = 1; bar < n; bar++) {
    const current = get(close, bar);
    const sign = <i32>(current > previous) - <i32>(current < previous);
    total += <f64>sign * get(volume, bar);
    previous = current;
    put(out, bar, total);
  }
}

/**
 * Money Flow Index: per cent of the last `period` bars' typical price * volume that flowed in bars of a rising typical
 * price, of all in rising or falling ones. No flow is neutral: 50 (TA-Lib says 0). first: period.
 * Source: G. Quong, A. Soudack (1989).
 */
export function mfi(
  high: usize, low: usize, close: usize, volume: usize, n: i32, period: i32, scratch: usize, out: usize,
): void {
  const rising = scratch, falling = skip(scratch, n);
  let previous = typicalPrice(high, low, close, 0);
  for (let bar = 1; bar < n; bar++) {
    const price = typicalPrice(high, low, close, bar), change = price - previous;
    const moved = f64x2.gt(pair(change, -change), f64x2.splat(0));
    const flows = v128.and(f64x2.splat(price * get(volume, bar)), moved);
    put(rising, bar, f64x2.extract_lane(flows, 0));
    put(falling, bar, f64x2.extract_lane(flows, 1));
    previous = price;
  }
  windowMean(skip(rising, 1), n - 1, period, skip(out, 1));
  windowMean(skip(falling, 1), n - 1, period, skip(rising, 1));
  for (let bar = period; bar < n; bar++) put(out, bar, share(get(out, bar), get(rising, bar)));
}

/** Volume-weighted average of the typical price since 00:00 UTC; the typical price before any volume. first: 0. */
export function vwap(openTime: usize, high: usize, low: usize, close: usize, volume: usize, n: i32, out: usize): void {
  let tomorrow: f64 = -Infinity, value: f64 = 0, traded: f64 = 0;
  for (let bar = 0; bar < n; bar++) {
    const price = typicalPrice(high, low, close, bar), amount = get(volume, bar), time = get(openTime, bar);
    if (time >= tomorrow) {
      tomorrow = (Math.floor(time / DAY_MS) + 1) * DAY_MS;
      value = 0;
      traded = 0;
    }
    value += price * amount;
    traded += amount;
    put(out, bar, traded == 0 ? price : value / traded);
  }
}

/**
 * Volume-weighted average of the typical price over `period` bars; the typical price where nothing was traded. first:
 * period - 1.
 */
export function rollingVwap(
  high: usize, low: usize, close: usize, volume: usize, n: i32, period: i32, scratch: usize, out: usize,
): void {
  for (let bar = 0; bar < n; bar++) put(scratch, bar, typicalPrice(high, low, close, bar) * get(volume, bar));
  windowMean(scratch, n, period, out);
  windowMean(volume, n, period, scratch);
  for (let bar = period - 1; bar < n; bar++) {
    const traded = get(scratch, bar);
    put(out, bar, traded == 0 ? typicalPrice(high, low, close, bar) : get(out, bar) / traded);
  }
}

// @ts-ignore: decorator
@inline
function typicalPrice(high: usize, low: usize, close: usize, bar: i32): f64 {
  return (get(high, bar) + get(low, bar) + get(close, bar)) / 3;
}

/**
 * Volume of the bar over the mean volume of the last `period` bars, itself included; 1 where nothing was traded.
 * first: period - 1.
 */
export function volumeRatio(volume: usize, n: i32, period: i32, out: usize): void {
  windowMean(volume, n, period, out);
  for (let bar = period - 1; bar < n; bar++) {
    const usual = get(out, bar);
    put(out, bar, usual == 0 ? 1 : get(volume, bar) / usual);
  }
}

// For the host

/** Marks `n` values as undefined. */
export function undefine(out: usize, n: i32): void {
  for (let bar = 0; bar < n; bar++) put(out, bar, NaN);
}

/**
 * @returns the first bar from `bar` on whose value is finite, if `finite` is 1, or is not, if 0; n where there is
 * none
 */
export function nextBar(source: usize, n: i32, bar: i32, finite: i32): i32 {
  while (bar < n && <i32>isFinite(get(source, bar)) != finite) bar++;
  return bar;
}
