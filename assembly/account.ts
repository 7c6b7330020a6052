/**
 * Account: the money of a sample, from trade to trade. Each formula is written as in the plain kernel.
 *
 * From the capital before a trade to the capital after it lead four multiplications, two divisions and a few sums, one
 * waiting for the other: some 60 cycles in which the processor has nothing else to do. So four samples are settled
 * side by side.
 */
import { INSIDE, AT_OPEN, Job, LIQUIDATED_AT_OPEN, NONE, Sample, Settings, TARGET, Trade, TRADE_BYTES } from "./job";

/** Share of the initial capital below which an account is empty. */
const DUST: f64 = 1e-9;

let share: f64 = 0, feeRate: f64 = 0, risk: f64 = 0, dust: f64 = 0;
/** f64[5]: the fee rate of an exit, by how it came */
let feeRates: usize = 0;

/** @returns the end of the scratch it has taken */
export function placeAccount(job: Job, scratch: usize): usize {
  const settings = changetype<Settings>(job.settings);
  share = settings.positionFraction;
  feeRate = settings.feeRate;
  risk = settings.riskPerTrade;
  dust = DUST * settings.initialCapital;
  feeRates = scratch;
  memory.fill(feeRates, 0, 64);
  store<f64>(feeRates, settings.feeRate, AT_OPEN << 3);
  store<f64>(feeRates, settings.feeRate, INSIDE << 3);
  store<f64>(feeRates, settings.makerFeeRate, TARGET << 3);
  return feeRates + 64;
}

/** Margin and entry fee together are the asked share of the equity. */
// @ts-ignore: decorator
@inline
export function open(trade: Trade, sample: Sample, capital: f64): void {
  const leverage = sample.leverage;
  let margin = share * capital / (1.0 + leverage * feeRate);
  if (risk > 0 && sample.stopLoss == sample.stopLoss) margin = min(margin, risk * capital / (sample.stopLoss * leverage));
  const notional = leverage * margin;
  trade.capital = capital;
  trade.margin = margin;
  trade.quantity = <f64>trade.side * (notional / trade.entryPrice);
  trade.entryFee = feeRate * notional;
}

/** The margin is isolated: what would lose more is a liquidation. @returns the capital after the trade */
// @ts-ignore: decorator
@inline
export function close(trade: Trade, capital: f64, funding: f64): f64 {
  const margin = trade.margin, quantity = trade.quantity;
  let fee = load<f64>(feeRates + (<usize>trade.how << 3)) * (<f64>trade.side * quantity * trade.exitPrice);
  let gross = quantity * (trade.exitPrice - trade.entryPrice);
  if (trade.how >= LIQUIDATED_AT_OPEN || gross - fee < -margin) {
    gross = -margin;
    fee = 0;
  }
  let profit = gross - trade.entryFee - fee - funding;
  if (profit < -capital) profit = -capital; // nothing can lose more than the account
  trade.fees = trade.entryFee + fee;
  trade.profit = profit;
  const after = capital + profit;
  return after <= dust ? 0 : after;
}

/** A sample whose trades are settled: from `at` to `end`. */
@unmanaged
export class Lane {
  sample: Sample;
  at: usize;
  end: usize;
}

export const LANES: i32 = 4;

// @ts-ignore: decorator
@inline
export function laneOf(lanes: usize, at: i32): Lane {
  return changetype<Lane>(lanes + <usize>at * offsetof<Lane>());
}

/**
 * Settle the trades of four samples, or fewer, side by side; when the shortest log is through the others go on by
 * themselves. Without funding.
 *
 * @param lanes Lane[count]; they change their order, and `at` moves on
 */
export function settle(lanes: usize, count: i32): void {
  for (let at = 0; at < count; at++) {
    const own = laneOf(lanes, at);
    own.at = begin(own.sample, own.at, own.end);
    for (let i = at; i > 0 && left(laneOf(lanes, i - 1)) < left(laneOf(lanes, i)); i--) swap(laneOf(lanes, i - 1), laneOf(lanes, i));
  }
  if (count > 3) together(4, lanes);
  if (count > 2) together(3, lanes);
  if (count > 1) together(2, lanes);
  together(1, lanes);
}

/** The first lanes, until the last of them is through. @param count a constant */
// @ts-ignore: decorator
@inline
function together(count: i32, lanes: usize): void {
  const first = laneOf(lanes, 0), second = laneOf(lanes, 1), third = laneOf(lanes, 2), fourth = laneOf(lanes, 3);
  const rounds = left(laneOf(lanes, count - 1));
  let a = first.at, b: usize = 0, c: usize = 0, d: usize = 0;
  let inA = first.sample.capital, inB: f64 = 0, inC: f64 = 0, inD: f64 = 0;
  if (count > 1) { b = second.at; inB = second.sample.capital; }
  if (count > 2) { c = third.at; inC = third.sample.capital; }
  if (count > 3) { d = fourth.at; inD = fourth.sample.capital; }
  for (const end = a + rounds; a < end; a += TRADE_BYTES) {
    inA = pass(changetype<Trade>(a), first.sample, inA);
    if (count > 1) { inB = pass(changetype<Trade>(b), second.sample, inB); b += TRADE_BYTES; }
    if (count > 2) { inC = pass(changetype<Trade>(c), third.sample, inC); c += TRADE_BYTES; }
    if (count > 3) { inD = pass(changetype<Trade>(d), fourth.sample, inD); d += TRADE_BYTES; }
  }
  first.at = a;
  first.sample.capital = inA;
  if (count > 1) { second.at = b; second.sample.capital = inB; }
  if (count > 2) { third.at = c; third.sample.capital = inC; }
  if (count > 3) { fourth.at = d; fourth.sample.capital = inD; }
}

// @ts-ignore: decorator
@inline
function left(lane: Lane): usize {
  return lane.end - lane.at;
}

function swap(a: Lane, b: Lane): void {
  const sample = a.sample, at = a.at, end = a.end;
  a.sample = b.sample;
  a.at = b.at;
  a.end = b.end;
  b.sample = sample;
  b.at = at;
  b.end = end;
}

/** A position that is open from the tile before has its money already. @returns where the others begin */
function begin(sample: Sample, log: usize, end: usize): usize {
  if (!sample.isOpen || log == end) return log;
  const trade = changetype<Trade>(log);
  carry(trade, sample);
  if (trade.exitBar != NONE) sample.capital = close(trade, sample.capital, 0);
  return log + TRADE_BYTES;
}

/** Over the end of a tile: what `carry` brings back. */
export function keepOpen(sample: Sample, trade: Trade): void {
  sample.isOpen = 1;
  sample.margin = trade.margin;
  sample.quantity = trade.quantity;
  sample.entryFee = trade.entryFee;
}

export function carry(trade: Trade, sample: Sample): void {
  trade.capital = sample.capital;
  trade.margin = sample.margin;
  trade.quantity = sample.quantity;
  trade.entryFee = sample.entryFee;
}

/** A whole trade; one that stays open leaves the capital as it is. */
// @ts-ignore: decorator
@inline
function pass(trade: Trade, sample: Sample, capital: f64): f64 {
  open(trade, sample, capital);
  return trade.exitBar == NONE ? capital : close(trade, capital, 0);
}
