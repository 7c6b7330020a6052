/**
 * Measure: the figures of a sample from the trades of a tile.
 *
 * One pass over the trades follows the equity, another one adds up what they brought. Both have hardly a branch that
 * cannot be foreseen: a new peak is rare, and what lies below it needs the lowest value only.
 */
import { keepOpen } from "./account";
import { pair, smaller } from "./column";
import { closeAt, dayEnd, ends, hold, mark, marked, placeEquity, range, rest } from "./equity";
import { fund, placeFunding } from "./funding";
import { INSIDE, Job, LIQUIDATED_INSIDE, NONE, Sample, Settings, TARGET, Trade, TRADE_BYTES } from "./job";
import { closeRatios, openRatios } from "./ratios";

let job: Job = changetype<Job>(0);
let settings: Settings = changetype<Settings>(0);
let openTime: usize = 0;
let hasFunding: bool = false;
/** f64[5]: time of an exit behind the open of its bar, by how it came */
let delays: usize = 0;

/** Bytes of scratch; see `laneBytes` in src/engine/fast-job.ts. @returns the end of what it has taken */
export function placeMeasure(its: Job, scratch: usize): usize {
  job = its;
  settings = changetype<Settings>(job.settings);
  openTime = job.openTime;
  hasFunding = settings.fundingRate != 0;
  placeFunding(job);
  delays = placeEquity(job, scratch);
  memory.fill(delays, 0, 64);
  store<f64>(delays, settings.timeframeMs, INSIDE << 3);
  store<f64>(delays, settings.timeframeMs, TARGET << 3);
  store<f64>(delays, settings.timeframeMs, LIQUIDATED_INSIDE << 3);
  return delays + 64;
}

export function openAccount(sample: Sample, index: i32): void {
  memory.fill(changetype<usize>(sample), 0, offsetof<Sample>());
  const at = <usize>index << 3;
  const own = load<f64>(job.leverage + at);
  sample.index = index;
  sample.stopLoss = load<f64>(job.stopLoss + at);
  sample.takeProfit = load<f64>(job.takeProfit + at);
  sample.trailingStop = load<f64>(job.trailingStop + at);
  sample.leverage = own == own ? own : settings.leverage;
  sample.measured = job.start;
  sample.capital = sample.peak = sample.lowest = settings.initialCapital;
  sample.peakFrom = sample.peakBar = job.start - 1;
  sample.bestRatio = sample.minusWorst = -Infinity;
}

/**
 * Measure what a sample did in a tile: its trades have been settled, unless funding is due on the way.
 *
 * @param from, to the bars of the tile
 * @param daily    f64[dayCount] of this sample: equity at the end of each day
 * @returns false where there is no room for the ratios of so many trades
 *
 * About 12 ns a trade.
 */
export function measure(sample: Sample, from: i32, to: i32, log: usize, end: usize, daily: usize): bool {
  if (log == end) return true;
  if (hasFunding) end = fund(sample, to, log, end, daily);
  else end = markAll(sample, from, to, log, end, daily);
  return sum(sample, log, end);
}

/**
 * The extremes of a trade's closes are looked up before anything else of it is read: the look-up may be a call, over
 * which every value at hand would have to be saved.
 *
 * @returns the end of the trades that are closed: one may still be open, and behind ruin nothing happens
 */
function markAll(sample: Sample, from: i32, to: i32, log: usize, end: usize, daily: usize): usize {
  let nextDay = dayEnd(sample.day), measured = sample.measured, peak = f64x2.splat(sample.peak), lowest = f64x2.splat(sample.lowest);
  for (; log < end; log += TRADE_BYTES) {
    const trade = changetype<Trade>(log);
    const first = max(trade.entryBar, from), marks = min(trade.exitBar, to) - 1;
    const closes = first <= marks ? range(first, marks) : f64x2.splat(0);
    const capital = trade.capital, isFlat = trade.entryBar > measured; // for a while before the trade
    if (!(capital > 0)) break;
    let low = lowest, high = f64x2.splat(0);
    if (isFlat) {
      high = f64x2.splat(capital);
      low = f64x2.pmin(low, high);
    }
    if (first <= marks) {
      const held = ends(closes, capital - trade.margin - trade.entryFee, trade.margin, trade.quantity, trade.entryPrice);
      low = f64x2.pmin(low, held);
      high = f64x2.pmax(high, held);
    }
    if (v128.any_true(f64x2.ge(high, peak))) {
      sample.measured = measured;
      sample.lowest = smallest(lowest);
      hold(trade, capital - trade.margin - trade.entryFee);
      trace(sample, trade, marks, daily);
      peak = f64x2.splat(sample.peak);
      lowest = f64x2.splat(sample.lowest);
      nextDay = dayEnd(sample.day);
    } else {
      lowest = low;
      if (nextDay <= marks) {
        hold(trade, capital - trade.margin - trade.entryFee);
        nextDay = endDays(sample, trade, marks, daily);
      }
    }
    measured = marks + 1;
    if (trade.exitBar == NONE) {
      keepOpen(sample, trade);
      break;
    }
    sample.isOpen = 0;
  }
  sample.measured = measured;
  sample.lowest = smallest(lowest);
  return log;
}

// @ts-ignore: decorator
@inline
function smallest(two: v128): f64 {
  return smaller(f64x2.extract_lane(two, 0), f64x2.extract_lane(two, 1));
}

/** The days that end before a trade, or in it. @returns the end of the next one */
function endDays(sample: Sample, trade: Trade, to: i32, daily: usize): i32 {
  let end = dayEnd(sample.day);
  while (end <= to) {
    store<f64>(daily + (<usize>sample.day << 3), end < trade.entryBar ? trade.capital : marked(closeAt(end)));
    end = dayEnd(++sample.day);
  }
  return end;
}

/** The bars before a trade, where nothing was held, and those in it. */
function trace(sample: Sample, trade: Trade, marks: i32, daily: usize): void {
  if (trade.entryBar > sample.measured) rest(sample, trade.capital, trade.entryBar - 1, daily);
  if (sample.measured <= marks) mark(sample, sample.measured, marks, daily);
}

/**
 * What closed trades add up to, two sums at a time. A side that a profit is not on gets a zero, which changes no bit.
 */
function sum(sample: Sample, log: usize, end: usize): bool {
  let ratios = openRatios(sample, <i32>((end - log) / TRADE_BYTES));
  if (ratios == 0) return false;
  const at = changetype<usize>(sample), zero = f64x2.splat(0), opens = openTime;
  let gross = v128.load(at, offsetof<Sample>("grossProfit")), sums = v128.load(at, offsetof<Sample>("sumAbs"));
  let spent = v128.load(at, offsetof<Sample>("duration")), extremes = v128.load(at, offsetof<Sample>("bestRatio"));
  let counts = i64x2.splat(0); // trades that won and that lost
  for (; log < end; log += TRADE_BYTES, ratios += 8) {
    const trade = changetype<Trade>(log);
    const profit = trade.profit, ratio = profit / trade.capital;
    const time = load<f64>(opens + (<usize>trade.exitBar << 3)) + load<f64>(delays + (<usize>trade.how << 3));
    const sides = pair(profit, -profit);
    counts = i64x2.sub(counts, f64x2.gt(sides, zero));
    gross = f64x2.add(gross, f64x2.pmax(zero, sides));
    sums = f64x2.add(sums, pair(profit, ratio));
    spent = f64x2.add(spent, pair(time - load<f64>(opens + (<usize>trade.entryBar << 3)), trade.fees));
    extremes = f64x2.pmax(extremes, pair(ratio, -ratio));
    store<f64>(ratios, ratio);
  }
  v128.store(at, gross, offsetof<Sample>("grossProfit"));
  v128.store(at, sums, offsetof<Sample>("sumAbs"));
  v128.store(at, spent, offsetof<Sample>("duration"));
  v128.store(at, extremes, offsetof<Sample>("bestRatio"));
  sample.wins += <i32>i64x2.extract_lane(counts, 0);
  sample.losses += <i32>i64x2.extract_lane(counts, 1);
  closeRatios(sample, ratios);
  return true;
}
