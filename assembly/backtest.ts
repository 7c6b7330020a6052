/**
 * The plain backtest: bar by bar, as the fill model is written. It defines what every faster kernel must reproduce.
 *
 * Per bar: A funding up to the open, B fills at the open of the signals of the bar before, C funding inside the bar,
 * D exits inside the bar, E equity at the close.
 */
import { Settings } from "./job";
import { metrics, TradeColumns, TradeSums } from "./metrics";
import { ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, markSignals, Program } from "./signals";

// Exit reasons, in the order of EXIT_REASONS in src/engine/execution.ts
const EXIT_SIGNAL: f64 = 0, STOP_LOSS: f64 = 1, TAKE_PROFIT: f64 = 2, TRAILING_STOP: f64 = 3, LIQUIDATION: f64 = 4, END_OF_DATA: f64 = 5;

/** Share of the initial capital below which an account is empty. */
const DUST: f64 = 1e-9;

/** Bytes in front of a thread's scratch columns: a Program, a TradeColumns and a TradeSums. */
const HEADER: usize = 192;

/** One call: 32-bit words, in the order of RUN in src/engine/layout.ts. Columns are f64[bars] of the data set. */
@unmanaged
class Run {
  settings: usize;
  openTime: usize;
  open: usize;
  high: usize;
  low: usize;
  close: usize;
  /** evaluation window [start, end) and the first bar whose signals count */
  start: i32;
  end: i32;
  firstSignal: i32;
  /** four times code and words: enterLong, exitLong, enterShort, exitShort */
  enterLong: usize;
  enterLongWords: i32;
  exitLong: usize;
  exitLongWords: i32;
  enterShort: usize;
  enterShortWords: i32;
  exitShort: usize;
  exitShortWords: i32;
  constants: usize;
  parameters: usize;
  parameterCount: i32;
  slots: usize;
  slotCount: i32;
  columns: usize;
  /** f64[samples] each */
  stopLoss: usize;
  takeProfit: usize;
  trailingStop: usize;
  leverage: usize;
  /** f64[samples × 26] */
  results: usize;
  /** f64[window] equity, or 0; f64[window × 18] trades, or 0: for one sample in full detail */
  equityOut: usize;
  tradesOut: usize;
  /** thread scratch: u8[bars] flags, program stack, f64[window] × 6 */
  flags: usize;
  stack: usize;
  stackDepth: i32;
  scratch: usize;
  /** a ready-made u8[bars] of signals that stands in for the programs, or 0 */
  givenFlags: usize;
}

/**
 * Backtest samples [from, to) of a run and write a row of metrics for each.
 *
 * @param run byte offset of a Run
 * @returns trades of the last sample
 *
 * O(bars) per sample, about 5 ns per bar and condition; no allocation.
 */
export function backtest(run: usize, from: i32, to: i32): i32 {
  const r = changetype<Run>(run);
  let trades = 0;
  for (let sample = from; sample < to; sample++) {
    signals(r, sample);
    trades = walk(r, sample);
  }
  return trades;
}

function signals(r: Run, sample: i32): void {
  const last = r.end - 1; // a signal on the last bar has no fill
  memory.fill(r.flags + <usize>r.start, 0, <usize>(r.end - r.start));
  if (r.givenFlags) {
    if (last > r.firstSignal) {
      memory.copy(r.flags + <usize>r.firstSignal, r.givenFlags + <usize>r.firstSignal, <usize>(last - r.firstSignal));
    }
    return;
  }
  const program = changetype<Program>(r.scratch);
  program.constants = r.constants;
  program.parameters = r.parameters + (<usize>(sample * r.parameterCount) << 3);
  program.slots = r.slots + (<usize>(sample * r.slotCount) << 2);
  program.columns = r.columns;
  program.stack = r.stack;
  program.stackDepth = r.stackDepth;
  mark(program, r.enterLong, r.enterLongWords, ENTER_LONG, r.flags, r.firstSignal, last);
  mark(program, r.exitLong, r.exitLongWords, EXIT_LONG, r.flags, r.firstSignal, last);
  mark(program, r.enterShort, r.enterShortWords, ENTER_SHORT, r.flags, r.firstSignal, last);
  mark(program, r.exitShort, r.exitShortWords, EXIT_SHORT, r.flags, r.firstSignal, last);
}

function mark(program: Program, code: usize, words: i32, flag: u8, flags: usize, from: i32, to: i32): void {
  if (words == 0) return;
  program.code = code;
  program.words = words;
  markSignals(program, flag, flags, from, to);
}

// The open position and the account, of the sample that this instance walks; every instance has its own.
let side: f64 = 0; // +1 long, −1 short, 0 flat
let entryBar: i32 = 0;
let price: f64 = 0; // entry price
let quantity: f64 = 0; // signed: side × base units
let margin: f64 = 0;
let entryFee: f64 = 0;
let funding: f64 = 0; // paid since entry
let capital: f64 = 0; // equity while flat; equity at entry while in position
let best: f64 = 0; // most favourable price of the bars before this one
let lowest: f64 = 0; // prices seen
let highest: f64 = 0;
let leverage: f64 = 1;
let tradeCount: i32 = 0;

/** @returns the number of trades */
function walk(r: Run, sample: i32): i32 {
  const s = changetype<Settings>(r.settings);
  const at = <usize>sample << 3;
  const stopLoss = load<f64>(r.stopLoss + at), takeProfit = load<f64>(r.takeProfit + at), trailing = load<f64>(r.trailingStop + at);
  const own = load<f64>(r.leverage + at);
  const window = r.end - r.start;
  const equity = r.equityOut ? r.equityOut : r.scratch + HEADER;

  side = 0;
  capital = s.initialCapital;
  leverage = own == own ? own : s.leverage;
  tradeCount = 0;
  for (let bar = r.start; bar < r.end; bar++) {
    const open = load<f64>(r.open + (<usize>bar << 3));
    const flags = bar > r.start ? load<u8>(r.flags + <usize>(bar - 1)) : 0;
    if (side != 0) {
      if (s.fundingRate != 0) payFunding(r, s, bar, closeTime(r, s, bar - 1), openTime(r, bar), true, open);
      fillExit(r, s, bar, open, flags);
    }
    if (side == 0 && flags != 0 && capital > 0) fillEntry(s, bar, open, flags, stopLoss);
    if (side != 0) {
      if (s.fundingRate != 0) payFunding(r, s, bar, openTime(r, bar), closeTime(r, s, bar), false, open);
      exitInside(r, s, bar, open, stopLoss, takeProfit, trailing);
    }
    if (side != 0) hold(r, bar, open);
    if (side != 0 && bar == r.end - 1) {
      exit(r, s, bar, load<f64>(r.close + (<usize>bar << 3)) * (1.0 - side * s.slippage), s.feeRate, END_OF_DATA, closeTime(r, s, bar));
    }
    store<f64>(equity + (<usize>(bar - r.start) << 3), side == 0 ? capital : marked(load<f64>(r.close + (<usize>bar << 3))));
  }

  const columns = tradeColumns(r, window);
  metrics(
    equity, r.openTime + (<usize>r.start << 3), window, s.timeframeMs, s.initialCapital,
    changetype<usize>(columns), tradeCount,
    load<f64>(r.open + (<usize>r.start << 3)), load<f64>(r.close + (<usize>(r.end - 1) << 3)), s.feeRate, s.slippage,
    r.scratch + HEADER + (<usize>window << 3), changetype<TradeSums>(r.scratch + 96), r.results + <usize>sample * 208,
  );
  return tradeCount;
}

/** A and C. Stamps are multiples of the interval: [from, to] before the open, (from, to) inside the bar. */
function payFunding(r: Run, s: Settings, bar: i32, from: f64, to: f64, closed: bool, open: f64): void {
  const interval = s.fundingIntervalMs;
  let stamp = closed ? Math.ceil(from / interval) * interval : (Math.floor(from / interval) + 1.0) * interval;
  const entered = openTime(r, entryBar);
  while (closed ? stamp <= to : stamp < to) {
    if (stamp > entered) funding += quantity * open * s.fundingRate;
    stamp += interval;
  }
}

/** B1. A carried position: liquidation at the open, its exit signal, or a valid entry of the other side. */
function fillExit(r: Run, s: Settings, bar: i32, open: f64, flags: u8): void {
  if (side * open <= side * liquidationPrice(s)) {
    exit(r, s, bar, NaN, 0, LIQUIDATION, openTime(r, bar));
    return;
  }
  const exits = side > 0 ? (flags & EXIT_LONG) != 0 || entersShort(flags) : (flags & EXIT_SHORT) != 0 || entersLong(flags);
  if (exits) exit(r, s, bar, open * (1.0 - side * s.slippage), s.feeRate, EXIT_SIGNAL, openTime(r, bar));
}

/** B2. */
function fillEntry(s: Settings, bar: i32, open: f64, flags: u8, stopLoss: f64): void {
  side = entersLong(flags) ? 1 : entersShort(flags) ? -1 : 0;
  if (side == 0) return;
  entryBar = bar;
  price = open * (1.0 + side * s.slippage);
  margin = s.positionFraction * capital / (1.0 + leverage * s.feeRate);
  if (s.riskPerTrade > 0 && stopLoss == stopLoss) margin = min(margin, s.riskPerTrade * capital / (stopLoss * leverage));
  const notional = leverage * margin;
  quantity = side * (notional / price);
  entryFee = s.feeRate * notional;
  funding = 0;
  best = price;
  lowest = highest = open;
}

/** D. The stop before the target, always: what came first inside the bar is not known. */
function exitInside(r: Run, s: Settings, bar: i32, open: f64, stopLoss: f64, takeProfit: f64, trailing: f64): void {
  const high = load<f64>(r.high + (<usize>bar << 3)), low = load<f64>(r.low + (<usize>bar << 3));
  const adverse = side > 0 ? low : high, favourable = side > 0 ? high : low;
  const liquidation = liquidationPrice(s);

  // The tighter of the two stops; a comparison with a stop that is not set is false.
  let stop = price * (1.0 - side * stopLoss), reason = STOP_LOSS;
  const trail = best * (1.0 - side * trailing);
  if (side * trail > side * stop || (stop != stop && trail == trail)) {
    stop = trail;
    reason = TRAILING_STOP;
  }

  if (side * stop > side * liquidation) {
    if (side * adverse <= side * stop) {
      see(open);
      if (side * open <= side * liquidation) exit(r, s, bar, NaN, 0, LIQUIDATION, closeTime(r, s, bar));
      else exit(r, s, bar, (side * open < side * stop ? open : stop) * (1.0 - side * s.slippage), s.feeRate, reason, closeTime(r, s, bar));
      return;
    }
  } else if (side * adverse <= side * liquidation) {
    see(open);
    exit(r, s, bar, NaN, 0, LIQUIDATION, closeTime(r, s, bar));
    return;
  }

  const target = price * (1.0 + side * takeProfit);
  if (side * favourable >= side * target) {
    see(open);
    exit(r, s, bar, side * open > side * target ? open : target, s.makerFeeRate, TAKE_PROFIT, closeTime(r, s, bar));
  }
}

/** The whole bar was held. */
function hold(r: Run, bar: i32, open: f64): void {
  const high = load<f64>(r.high + (<usize>bar << 3)), low = load<f64>(r.low + (<usize>bar << 3));
  see(open);
  see(high);
  see(low);
  if (side > 0 ? high > best : low < best) best = side > 0 ? high : low;
}

/**
 * Close the position. The margin is isolated: an exit that would lose more than it is a liquidation, which loses
 * just the margin; nothing can lose more than the account.
 */
function exit(r: Run, s: Settings, bar: i32, exitPrice: f64, feeRate: f64, reason: f64, time: f64): void {
  const atEnd = reason == END_OF_DATA; // the bar was held to its close: its prices have been seen
  let fee = feeRate * (side * quantity * exitPrice);
  let gross = quantity * (exitPrice - price);
  if (reason == LIQUIDATION || gross - fee < -margin) {
    reason = LIQUIDATION;
    exitPrice = price * (1.0 - side / leverage);
    gross = -margin;
    fee = 0;
  }
  if (!atEnd) see(exitPrice);
  const profit = max(gross - entryFee - fee - funding, -capital);
  const ratio = profit / capital;
  const columns = tradeColumns(r, r.end - r.start);
  const at = <usize>tradeCount << 3;
  store<f64>(columns.profitAbs + at, profit);
  store<f64>(columns.profitRatio + at, ratio);
  store<f64>(columns.durationMs + at, time - openTime(r, entryBar));
  store<f64>(columns.fees + at, entryFee + fee);
  if (r.tradesOut) record(r, bar, exitPrice, reason, time, entryFee + fee, profit, ratio);
  tradeCount++;
  capital += profit;
  // Margin and fee add up to the equity but for rounding: what a total loss leaves behind is dust, not money.
  if (capital <= DUST * s.initialCapital) capital = 0;
  side = 0;
}

/** The full record of a trade, in the order of TRADE_FIELDS in src/engine/layout.ts. */
function record(r: Run, bar: i32, exitPrice: f64, reason: f64, time: f64, fees: f64, profit: f64, ratio: f64): void {
  const out = r.tradesOut + <usize>tradeCount * 144;
  store<f64>(out, side, 0);
  store<f64>(out, <f64>entryBar, 8);
  store<f64>(out, <f64>bar, 16);
  store<f64>(out, reason, 24);
  store<f64>(out, openTime(r, entryBar), 32);
  store<f64>(out, time, 40);
  store<f64>(out, price, 48);
  store<f64>(out, exitPrice, 56);
  store<f64>(out, leverage, 64);
  store<f64>(out, side * quantity, 72);
  store<f64>(out, margin, 80);
  store<f64>(out, capital, 88);
  store<f64>(out, fees, 96);
  store<f64>(out, funding, 104);
  store<f64>(out, profit, 112);
  store<f64>(out, ratio, 120);
  store<f64>(out, max(0, side * (price - (side > 0 ? lowest : highest)) / price), 128);
  store<f64>(out, max(0, side * ((side > 0 ? highest : lowest) - price) / price), 136);
}

/** The trades' columns stand in the thread's scratch behind a header, the equity and the returns. */
// @ts-ignore: decorator
@inline
function tradeColumns(r: Run, window: i32): TradeColumns {
  const columns = changetype<TradeColumns>(r.scratch + 40);
  const base = r.scratch + HEADER, size = <usize>window << 3;
  columns.profitAbs = base + 2 * size;
  columns.profitRatio = base + 3 * size;
  columns.durationMs = base + 4 * size;
  columns.fees = base + 5 * size;
  return columns;
}

/** E, in position: what is left of the margin, and the cash beside it. */
// @ts-ignore: decorator
@inline
function marked(close: f64): f64 {
  return max(capital - margin - entryFee - funding + max(margin + quantity * (close - price), 0), 0);
}

/** Isolated linear contract; 0 (never reached) for a long without leverage. */
// @ts-ignore: decorator
@inline
function liquidationPrice(s: Settings): f64 {
  return side > 0
    ? price * (1.0 - 1.0 / leverage) / (1.0 - s.maintenanceMarginRate)
    : price * (1.0 + 1.0 / leverage) / (1.0 + s.maintenanceMarginRate);
}

// @ts-ignore: decorator
@inline
function see(seen: f64): void {
  lowest = min(lowest, seen);
  highest = max(highest, seen);
}

// @ts-ignore: decorator
@inline
function entersLong(flags: u8): bool {
  return (flags & (ENTER_LONG | EXIT_LONG | ENTER_SHORT)) == ENTER_LONG;
}

// @ts-ignore: decorator
@inline
function entersShort(flags: u8): bool {
  return (flags & (ENTER_SHORT | EXIT_SHORT | ENTER_LONG)) == ENTER_SHORT;
}

// @ts-ignore: decorator
@inline
function openTime(r: Run, bar: i32): f64 {
  return load<f64>(r.openTime + (<usize>bar << 3));
}

// @ts-ignore: decorator
@inline
function closeTime(r: Run, s: Settings, bar: i32): f64 {
  return openTime(r, bar) + s.timeframeMs;
}
