/**
 * The figures of a backtest from its equity curve and its trades: definitions of the project, in one place.
 * Order of the results: METRIC_NAMES in src/backtest/metrics.ts. NaN = not defined for this sample.
 */

const DAY: f64 = 86400000.0;
const YEAR: f64 = 31536000000.0; // 365 days: crypto trades every day
const SHORTEST_CAGR: f64 = 2592000000.0; // 30 days: a year is not told from less
const FEWEST_RETURNS: i32 = 10;
const ZERO: f64 = 1e-12; // a deviation up to here is none

/** The trades as columns; each f64[count]. */
@unmanaged
export class TradeColumns {
  profitAbs: usize;
  profitRatio: usize;
  durationMs: usize;
  fees: usize;
}

/**
 * @param equity    f64[n], marked at each close, after the forced exit at the end
 * @param openTime  f64[n], ms
 * @param n         bars of the evaluation, ≥ 1
 * @param timeframe ms of a bar
 * @param capital   equity before the first bar
 * @param trades    in the order of their exits
 * @param firstOpen, lastClose, feeRate, slippage for buy and hold
 * @param returns   scratch f64[n]
 * @param out       f64[26]
 *
 * O(n), three passes over the equity's days and two over the trades; no allocation.
 */
export function metrics(
  equity: usize, openTime: usize, n: i32, timeframe: f64, capital: f64,
  trades: usize, count: i32,
  firstOpen: f64, lastClose: f64, feeRate: f64, slippage: f64,
  returns: usize, out: usize,
): void {
  const span = at(openTime, n - 1) + timeframe - at(openTime, 0);
  const final = at(equity, n - 1);

  store<f64>(out, final / capital - 1.0, 0); // roi
  const cagr = span < SHORTEST_CAGR ? NaN : final <= 0 ? -1.0 : Math.pow(final / capital, YEAR / span) - 1.0;
  store<f64>(out, cagr, 8);

  returnFigures(returns, periodReturns(equity, openTime, n, timeframe, capital, returns), timeframe, out);
  drawdown(equity, openTime, n, timeframe, capital, out);
  const fall = load<f64>(out, 48);
  store<f64>(out, fall == 0 ? NaN : cagr / fall, 32); // calmarRatio: NaN stays NaN

  tradeFigures(changetype<TradeColumns>(trades), count, span, out);
  store<f64>(out, (1.0 - feeRate) / (1.0 + feeRate) * (lastClose * (1.0 - slippage)) / (firstOpen * (1.0 + slippage)) - 1.0, 192);
  store<f64>(out, final, 200);
}

/**
 * Returns between UTC days (bars, where they are a day or longer), the first from the initial capital.
 * What comes after ruin is no return. @returns how many
 */
function periodReturns(equity: usize, openTime: usize, n: i32, timeframe: f64, capital: f64, returns: usize): i32 {
  const daily = timeframe < DAY;
  let previous = capital;
  let count = 0;
  for (let bar = 0; bar < n; bar++) {
    if (daily && bar < n - 1 && Math.floor(at(openTime, bar + 1) / DAY) == Math.floor(at(openTime, bar) / DAY)) continue;
    if (previous <= 0) break;
    const value = at(equity, bar);
    store<f64>(returns + (<usize>count << 3), value / previous - 1.0);
    previous = value;
    count++;
  }
  return count;
}

/** sharpeRatio, sortinoRatio, volatility. */
function returnFigures(returns: usize, count: i32, timeframe: f64, out: usize): void {
  store<f64>(out, NaN, 16);
  store<f64>(out, NaN, 24);
  store<f64>(out, NaN, 40);
  if (count < FEWEST_RETURNS) return;

  const average = mean(returns, count);
  const deviation = standardDeviation(returns, count, average);
  const annual = Math.sqrt(timeframe < DAY ? 365.0 : YEAR / timeframe);
  store<f64>(out, deviation * annual, 40);
  if (deviation > ZERO) store<f64>(out, average / deviation * annual, 16);

  let squares: f64 = 0;
  for (let i = 0; i < count; i++) {
    const r = at(returns, i);
    if (r < 0) squares += r * r;
  }
  const downside = Math.sqrt(squares / <f64>count);
  if (downside > ZERO) store<f64>(out, average / downside * annual, 24);
}

/** maxDrawdown, maxDrawdownDurationMs: the fall from a peak, and the longest time under one, at closes. */
function drawdown(equity: usize, openTime: usize, n: i32, timeframe: f64, capital: f64, out: usize): void {
  let peak = capital, peakTime = at(openTime, 0);
  let deepest: f64 = 0, longest: f64 = 0;
  for (let bar = 0; bar < n; bar++) {
    const value = at(equity, bar), closeTime = at(openTime, bar) + timeframe;
    if (value >= peak) {
      peak = value;
      peakTime = closeTime;
    } else {
      const fall = 1.0 - value / peak;
      if (fall > deepest) deepest = fall;
      if (closeTime - peakTime > longest) longest = closeTime - peakTime;
    }
  }
  store<f64>(out, deepest, 48);
  store<f64>(out, longest, 56);
}

/** tradeCount … feesPaid. */
function tradeFigures(trades: TradeColumns, count: i32, span: f64, out: usize): void {
  let wins = 0, losses = 0;
  let grossProfit: f64 = 0, grossLoss: f64 = 0, sumAbs: f64 = 0, duration: f64 = 0, fees: f64 = 0;
  let best: f64 = NaN, worst: f64 = NaN;
  for (let i = 0; i < count; i++) {
    const profit = at(trades.profitAbs, i), ratio = at(trades.profitRatio, i);
    if (profit > 0) { wins++; grossProfit += profit; }
    if (profit < 0) { losses++; grossLoss -= profit; }
    sumAbs += profit;
    duration += at(trades.durationMs, i);
    fees += at(trades.fees, i);
    if (!(ratio <= best)) best = ratio;
    if (!(ratio >= worst)) worst = ratio;
  }
  const n = <f64>count;
  const averageWin = grossProfit / <f64>wins, averageLoss = grossLoss / <f64>losses; // 0/0 is NaN: not defined
  const average = mean(trades.profitRatio, count);
  const deviation = count < 2 ? 0.0 : standardDeviation(trades.profitRatio, count, average);

  store<f64>(out, n, 64);
  store<f64>(out, <f64>wins / n, 72);
  store<f64>(out, grossProfit, 80);
  store<f64>(out, grossLoss, 88);
  store<f64>(out, losses == 0 ? NaN : grossProfit / grossLoss, 96);
  store<f64>(out, average, 104);
  store<f64>(out, sumAbs / n, 112);
  store<f64>(out, averageWin, 120);
  store<f64>(out, averageLoss, 128);
  store<f64>(out, averageWin / averageLoss, 136);
  store<f64>(out, deviation > ZERO ? Math.sqrt(n) * average / deviation : NaN, 144);
  store<f64>(out, best, 152);
  store<f64>(out, worst, 160);
  store<f64>(out, duration / span, 168);
  store<f64>(out, duration / n, 176);
  store<f64>(out, fees, 184);
}

function mean(values: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += at(values, i);
  return sum / <f64>count;
}

/** Of a sample (n − 1), two passes. */
function standardDeviation(values: usize, count: i32, average: f64): f64 {
  let squares: f64 = 0;
  for (let i = 0; i < count; i++) {
    const d = at(values, i) - average;
    squares += d * d;
  }
  return Math.sqrt(squares / <f64>(count - 1));
}

// @ts-ignore: decorator
@inline
function at(values: usize, index: i32): f64 {
  return load<f64>(values + (<usize>index << 3));
}
