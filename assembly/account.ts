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

/** Settle the trades of four samples, or fewer: those beyond `samples` are left out. Without funding. */
export function settle(samples: i32, first: Sample, a: usize, aEnd: usize, second: Sample, b: usize, bEnd: usize, third: Sample, c: usize, cEnd: usize, fourth: Sample, d: usize, dEnd: usize): void {
  a = begin(first, a, aEnd);
  if (samples > 1) b = begin(second, b, bEnd);
  if (samples > 2) c = begin(third, c, cEnd);
  if (samples > 3) {
    d = begin(fourth, d, dEnd);
    let inA = first.capital, inB = second.capital, inC = third.capital, inD = fourth.capital;
    const rounds = min(min(aEnd - a, bEnd - b), min(cEnd - c, dEnd - d));
    for (const end = a + rounds; a < end; a += TRADE_BYTES, b += TRADE_BYTES, c += TRADE_BYTES, d += TRADE_BYTES) {
      inA = pass(changetype<Trade>(a), first, inA);
      inB = pass(changetype<Trade>(b), second, inB);
      inC = pass(changetype<Trade>(c), third, inC);
      inD = pass(changetype<Trade>(d), fourth, inD);
    }
    first.capital = inA;
    second.capital = inB;
    third.capital = inC;
    fourth.capital = inD;
    rest(fourth, d, dEnd);
  }
  rest(first, a, aEnd);
  if (samples > 1) rest(second, b, bEnd);
  if (samples > 2) rest(third, c, cEnd);
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

function rest(sample: Sample, log: usize, end: usize): void {
  let capital = sample.capital;
  for (; log < end; log += TRADE_BYTES) capital = pass(changetype<Trade>(log), sample, capital);
  sample.capital = capital;
}

/** A whole trade; one that stays open leaves the capital as it is. */
// @ts-ignore: decorator
@inline
function pass(trade: Trade, sample: Sample, capital: f64): f64 {
  open(trade, sample, capital);
  return trade.exitBar == NONE ? capital : close(trade, capital, 0);
}
