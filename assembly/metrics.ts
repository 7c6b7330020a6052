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
 * @param sums      scratch for a TradeSums
 * @param out       f64[26]
 *
 * O(n), three passes over the equity's days and two over the trades; no allocation.
 */
export function metrics(
  equity: usize, openTime: usize, n: i32, timeframe: f64, capital: f64,
  trades: usize, count: i32,
  firstOpen: f64, lastClose: f64, feeRate: f64, slippage: f64,
  returns: usize, sums: TradeSums, out: usize,
): void {
  const span = at(openTime, n - 1) + timeframe - at(openTime, 0);
  const final = at(equity, n - 1);

  store<f64>(out, final / capital - 1.0, 0); // roi
  const cagr = span < SHORTEST_CAGR ? NaN : final <= 0 ? -1.0 : Math.pow(final / capital, YEAR / span) - 1.0;
  store<f64>(out, cagr, 8);

  returnFigures(returns, periodReturns(equity, openTime, n, timeframe, capital, returns), timeframe, out);
  drawdown(equity, openTime, n, timeframe, capital, out);
  const fall = load<f64>(out, 48);
  store<f64>(out, fall == 0 || cagr != cagr ? NaN : cagr / fall, 32); // calmarRatio

  sumTrades(changetype<TradeColumns>(trades), count, sums);
  tradeFigures(sums, span, out);
  store<f64>(out, (1.0 - feeRate) / (1.0 + feeRate) * (lastClose * (1.0 - slippage)) / (firstOpen * (1.0 + slippage)) - 1.0, 192);
  store<f64>(out, final, 200);
  undefineOverflow(out);
}

/** A row whose equity or sums have grown beyond all numbers keeps its number of trades; no other figure is defined. @returns whether it is such a row */
export function undefineOverflow(out: usize): bool {
  let isBeyond = !isFinite(load<f64>(out, 200));
  for (let figure: usize = 0; figure < 208; figure += 8) if (Math.abs(load<f64>(out + figure)) == Infinity) isBeyond = true;
  if (!isBeyond) return false;
  for (let figure: usize = 0; figure < 208; figure += 8) if (figure != 64) store<f64>(out + figure, NaN);
  return true;
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
export function returnFigures(returns: usize, count: i32, timeframe: f64, out: usize): void {
  store<f64>(out, NaN, 16);
  store<f64>(out, NaN, 24);
  store<f64>(out, NaN, 40);
  if (count < FEWEST_RETURNS) return;

  const average = sum(returns, count) / <f64>count;
  const deviation = Math.sqrt(squaredDistances(returns, count, average) / <f64>(count - 1));
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

/** What is summed over the trades, in their order. */
@unmanaged
export class TradeSums {
  count: i32;
  wins: i32;
  losses: i32;
  grossProfit: f64;
  grossLoss: f64;
  sumAbs: f64;
  sumRatio: f64;
  duration: f64;
  fees: f64;
  bestRatio: f64;
  worstRatio: f64;
  /** of the distances of the profit ratios from their mean */
  squares: f64;
}

/** @param sums where the result is put */
function sumTrades(trades: TradeColumns, count: i32, sums: TradeSums): void {
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
  sums.count = count;
  sums.wins = wins;
  sums.losses = losses;
  sums.grossProfit = grossProfit;
  sums.grossLoss = grossLoss;
  sums.sumAbs = sumAbs;
  sums.sumRatio = sum(trades.profitRatio, count);
  sums.duration = duration;
  sums.fees = fees;
  sums.bestRatio = best;
  sums.worstRatio = worst;
  sums.squares = count < 2 ? 0 : squaredDistances(trades.profitRatio, count, sums.sumRatio / <f64>count);
}

/** tradeCount … feesPaid. */
export function tradeFigures(sums: TradeSums, span: f64, out: usize): void {
  const n = <f64>sums.count;
  const averageWin = sums.grossProfit / <f64>sums.wins, averageLoss = sums.grossLoss / <f64>sums.losses;
  const average = sums.sumRatio / n;
  const deviation = sums.count < 2 ? 0.0 : Math.sqrt(sums.squares / <f64>(sums.count - 1));

  store<f64>(out, n, 64);
  put(out, <f64>sums.wins / n, 72);
  store<f64>(out, sums.grossProfit, 80);
  store<f64>(out, sums.grossLoss, 88);
  put(out, sums.losses == 0 ? NaN : sums.grossProfit / sums.grossLoss, 96);
  put(out, average, 104);
  put(out, sums.sumAbs / n, 112);
  put(out, averageWin, 120);
  put(out, averageLoss, 128);
  put(out, averageWin / averageLoss, 136);
  store<f64>(out, deviation > ZERO ? Math.sqrt(n) * average / deviation : NaN, 144);
  store<f64>(out, sums.bestRatio, 152);
  store<f64>(out, sums.worstRatio, 160);
  store<f64>(out, sums.duration / span, 168);
  put(out, sums.duration / n, 176);
  store<f64>(out, sums.fees, 184);
}

function sum(values: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += at(values, i);
  return sum;
}

function squaredDistances(values: usize, count: i32, average: f64): f64 {
  let squares: f64 = 0;
  for (let i = 0; i < count; i++) {
    const d = at(values, i) - average;
    squares += d * d;
  }
  return squares;
}

/** NaN in one bit pattern, whatever operation it came from. */
// @ts-ignore: decorator
@inline
function put(out: usize, value: f64, offset: usize): void {
  store<f64>(out + offset, value == value ? value : NaN);
}

// @ts-ignore: decorator
@inline
function at(values: usize, index: i32): f64 {
  return load<f64>(values + (<usize>index << 3));
}
