/**
 * Measure: the account and its figures from the trades of a tile.
 *
 * Inside a trade the equity follows the close, and never turns against it, rounding included: each operation of
 * `marked` is monotone. So the lowest and the highest close of a trade give the lowest and the highest equity to the
 * bit, and two look-ups replace a bar-by-bar pass. Only a trade that reaches a new peak is looked at in its order.
 */
import { closePairs, growRuns, runLevels, runOf } from "./zones";
import { carry, close, open } from "./account";
import { pair } from "./column";
import { AT_OPEN, INSIDE, Job, LIQUIDATED_AT_OPEN, LIQUIDATED_INSIDE, NONE, Sample, Settings, Stamp, TARGET, Trade, TRADE_BYTES } from "./job";
import { tradeFigures, returnFigures, TradeSums } from "./metrics";

const DAY: f64 = 86400000.0;
const YEAR: f64 = 31536000000.0;
const SHORTEST_CAGR: f64 = 2592000000.0;

/** Profit ratios stand in blocks of 63, each behind the address of the next block. */
const RATIOS: i32 = 63;
const RATIO_BYTES: usize = 512;

let job: Job = changetype<Job>(0);
let settings: Settings = changetype<Settings>(0);
let closes: usize = 0;
let openTime: usize = 0;
let timeframe: f64 = 0;
let prefix: usize = 0, suffix: usize = 0;
/** f64x2[⌈log₂ blocks⌉][blocks]: of 2ᵏ blocks from one on */
let runs: usize = 0, runBytes: usize = 0;
/** f64[5]: time of an exit behind the open of its bar, by how it came */
let delays: usize = 0;
/** f64x2 tables are indexed from this bar */
let base: i32 = 0;
/** of the next ratio block, and behind the last one */
let poolNext: usize = 0, poolEnd: usize = 0;

// The position that is marked: cash beside it, margin, signed quantity, entry price
let cash: f64 = 0;
let margin: f64 = 0;
let quantity: f64 = 0;
let price: f64 = 0;

/** Bytes of scratch; see `laneBytes` in src/engine/fast-job.ts. @returns the end of what it has taken */
export function placeMeasure(its: Job, scratch: usize): usize {
  job = its;
  settings = changetype<Settings>(job.settings);
  closes = job.close;
  openTime = job.openTime;
  timeframe = settings.timeframeMs;
  const bars = <usize>(job.tile + 64);
  prefix = scratch;
  suffix = prefix + (bars << 4);
  runs = suffix + (bars << 4);
  runBytes = (bars >> 6) << 4;
  delays = runs + runBytes * <usize>runLevels(job.tile >> 6);
  memory.fill(delays, 0, 64);
  store<f64>(delays, timeframe, INSIDE << 3);
  store<f64>(delays, timeframe, TARGET << 3);
  store<f64>(delays, timeframe, LIQUIDATED_INSIDE << 3);
  return delays + 64;
}

export function setPool(from: usize, to: usize): void {
  poolNext = from;
  poolEnd = to;
}

/** Bytes of ratio blocks taken so far. */
export function poolUsed(from: usize): usize {
  return poolNext - from;
}

/** @param tileBase a multiple of 64; to: the bar after the last one of the tile */
export function pairTile(tileBase: i32, to: i32): void {
  base = tileBase;
  closePairs(closes + (<usize>base << 3), to - base, prefix, suffix, runs);
  growRuns(runs, (to - base + 63) >> 6, runBytes);
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
  sample.capital = sample.peak = sample.floor = settings.initialCapital;
  sample.peakFrom = sample.peakBar = job.start - 1;
  sample.bestRatio = NaN;
  sample.worstRatio = NaN;
}

/**
 * Measure what a sample did in a tile: its trades have been settled, unless funding is due on the way.
 *
 * @param daily f64[dayCount] of this sample: equity at the end of each day
 * @returns false where there is no room for another block of ratios
 *
 * About 15 ns a trade.
 */
export function measure(sample: Sample, to: i32, log: usize, end: usize, daily: usize): bool {
  const hasFunding = settings.fundingRate != 0;
  for (; log < end; log += TRADE_BYTES) {
    const trade = changetype<Trade>(log);
    const entryBar = trade.entryBar, exitBar = trade.exitBar;
    if (hasFunding) {
      if (sample.isOpen) carry(trade, sample);
      else open(trade, sample, sample.capital);
    }
    const capital = trade.capital, entryFee = trade.entryFee;
    if (!sample.isOpen) {
      if (capital <= 0) return true; // ruined: what the walk found behind it never happens
      if (entryBar > sample.measured) rest(sample, capital, entryBar - 1, daily);
      if (hasFunding) {
        sample.funding = 0;
        skipStamps(sample, entryBar);
      }
    }
    margin = trade.margin;
    quantity = trade.quantity;
    price = trade.entryPrice;
    cash = capital - margin - entryFee - sample.funding;

    const marks = min(exitBar, to) - 1;
    if (hasFunding) markAndPay(sample, capital - margin - entryFee, entryBar, marks, daily);
    else if (sample.measured <= marks) mark(sample, sample.measured, marks, daily);
    sample.measured = marks + 1;
    if (exitBar == NONE) {
      sample.isOpen = 1;
      sample.margin = margin;
      sample.quantity = quantity;
      sample.entryFee = entryFee;
      return true;
    }
    sample.isOpen = 0;
    if (hasFunding) {
      payOnExit(sample, trade);
      sample.capital = close(trade, capital, sample.funding);
    }

    const profit = trade.profit, ratio = profit / capital;
    const time = load<f64>(openTime + (<usize>exitBar << 3)) + load<f64>(delays + (<usize>trade.how << 3));
    sample.duration += time - load<f64>(openTime + (<usize>entryBar << 3));
    sample.fees += entryFee + trade.fee;
    sample.sumAbs += profit;
    sample.sumRatio += ratio;
    addProfit(sample, profit);
    if (!(ratio <= sample.bestRatio)) sample.bestRatio = ratio;
    if (!(ratio >= sample.worstRatio)) sample.worstRatio = ratio;
    if (!keep(sample, ratio)) return false;
  }
  return true;
}

/** Wins and losses, and what they sum up to; the side that the profit is not on gets a zero, which changes no bit. */
// @ts-ignore: decorator
@inline
function addProfit(sample: Sample, profit: f64): void {
  sample.wins += <i32>(profit > 0);
  sample.losses += <i32>(profit < 0);
  const sums = changetype<usize>(sample) + offsetof<Sample>("grossProfit");
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.pmax(f64x2.splat(0), pair(profit, -profit))));
}

/** Put a ratio away for the deviation, which needs the mean first. */
// @ts-ignore: decorator
@inline
function keep(sample: Sample, ratio: f64): bool {
  if (sample.ratioBlock == 0 || sample.ratioCount == RATIOS) {
    if (poolNext + RATIO_BYTES > poolEnd) return false;
    if (sample.ratioBlock) store<usize>(sample.ratioBlock, poolNext);
    else sample.ratios = poolNext;
    sample.ratioBlock = poolNext;
    sample.ratioCount = 0;
    poolNext += RATIO_BYTES;
  }
  sample.tradeCount++;
  store<f64>(sample.ratioBlock + (<usize>(++sample.ratioCount) << 3), ratio);
  return true;
}

/** What is left of the margin, and the cash beside it. */
// @ts-ignore: decorator
@inline
function marked(value: f64): f64 {
  return max(cash + max(margin + quantity * (value - price), 0), 0);
}

// @ts-ignore: decorator
@inline
function closeAt(bar: i32): f64 {
  return load<f64>(closes + (<usize>bar << 3));
}

// @ts-ignore: decorator
@inline
function closeTime(bar: i32): f64 {
  return load<f64>(openTime + (<usize>bar << 3)) + timeframe;
}

// @ts-ignore: decorator
@inline
function dayEnd(day: i32): i32 {
  return load<i32>(job.dayEnds + (<usize>day << 2));
}

/** Flat bars from `measured` to `to`: the equity stands still. */
function rest(sample: Sample, capital: f64, to: i32, daily: usize): void {
  while (dayEnd(sample.day) <= to) store<f64>(daily + (<usize>(sample.day++) << 3), capital);
  if (capital >= sample.peak) {
    endFall(sample, sample.measured);
    sample.peak = capital;
    sample.peakFrom = sample.peakBar = to;
    lowerFloor(sample);
  } else if (capital < sample.floor) fall(sample, capital);
  sample.measured = to + 1;
}

/** A value below the peak that may be the deepest fall. */
function fall(sample: Sample, value: f64): void {
  const depth = 1.0 - value / sample.peak;
  if (depth > sample.deepest) {
    sample.deepest = depth;
    lowerFloor(sample);
  }
}

/**
 * No value at or above the floor can deepen the fall: it spares a division a trade. Rounding takes at most
 * 3 × 2⁻⁵³ from the product, and 2⁻⁵³ from the quotient in `fall`; the margin is 10 × 2⁻⁵³.
 */
// @ts-ignore: decorator
@inline
function lowerFloor(sample: Sample): void {
  sample.floor = sample.peak * (1.0 - sample.deepest) * (1.0 + 1e-15);
}

/** The equity reaches a peak at `bar`: the time below the last one ends with the close before it. */
function endFall(sample: Sample, bar: i32): void {
  if (bar - 1 <= sample.peakFrom) return;
  const until = closeTime(bar - 1);
  if (until - peakTime(sample.peakFrom) <= sample.longest) return;
  findPeak(sample);
  if (bar - 1 <= sample.peakBar) return;
  const time = until - peakTime(sample.peakBar);
  if (time > sample.longest) sample.longest = time;
}

// @ts-ignore: decorator
@inline
function peakTime(bar: i32): f64 {
  return bar < job.start ? load<f64>(openTime + (<usize>job.start << 3)) : closeTime(bar);
}

/** The last bar at the peak, from the position that was open then. */
function findPeak(sample: Sample): void {
  if (sample.peakFrom == sample.peakBar) return;
  let bar = sample.peakBar;
  while (max(sample.peakCash + max(sample.peakMargin + sample.peakQuantity * (closeAt(bar) - sample.peakPrice), 0), 0) < sample.peak) bar--;
  sample.peakFrom = sample.peakBar = bar;
}

/** Bars from, …, to in one position, at the same cash. */
// @ts-ignore: decorator
@inline
function mark(sample: Sample, from: i32, to: i32, daily: usize): void {
  while (dayEnd(sample.day) <= to) {
    store<f64>(daily + (<usize>sample.day << 3), marked(closeAt(dayEnd(sample.day))));
    sample.day++;
  }
  const ends = markedEnds(range(from, to));
  if (v128.any_true(f64x2.ge(ends, f64x2.splat(sample.peak)))) climb(sample, from, to);
  else if (v128.any_true(f64x2.lt(ends, f64x2.splat(sample.floor)))) fall(sample, lower(ends));
}

/** Equity at the lowest and at the highest close; see `marked`. */
// @ts-ignore: decorator
@inline
function markedEnds(extremes: v128): v128 {
  const zero = f64x2.splat(0), closes = v128.xor(extremes, lowSign());
  const left = f64x2.add(f64x2.splat(margin), f64x2.mul(f64x2.splat(quantity), f64x2.sub(closes, f64x2.splat(price))));
  return f64x2.pmax(zero, f64x2.add(f64x2.splat(cash), f64x2.pmax(zero, left)));
}

// @ts-ignore: decorator
@inline
function lowSign(): v128 {
  return i64x2(i64.MIN_VALUE, 0);
}

// @ts-ignore: decorator
@inline
function lower(ends: v128): f64 {
  return min(f64x2.extract_lane(ends, 0), f64x2.extract_lane(ends, 1));
}

// @ts-ignore: decorator
@inline
function upper(ends: v128): f64 {
  return max(f64x2.extract_lane(ends, 0), f64x2.extract_lane(ends, 1));
}

/**
 * (−lowest, highest) close of the bars from, …, to: a suffix, a prefix, and between them two overlapping runs of 2ᵏ
 * blocks, so that no loop depends on the length of the trade.
 */
// @ts-ignore: decorator
@inline
function range(from: i32, to: i32): v128 {
  const first = from >> 6, last = to >> 6;
  if (first == last) return blockRange(from, to);
  const ends = f64x2.pmax(v128.load(suffix + (<usize>(from - base) << 4)), v128.load(prefix + (<usize>(to - base) << 4)));
  const between = last - first - 1;
  return between == 0 ? ends : f64x2.pmax(ends, runOf(runs, runBytes, first + 1 - (base >> 6), between));
}

function blockRange(from: i32, to: i32): v128 {
  if ((to & 63) == 63) return v128.load(suffix + (<usize>(from - base) << 4));
  return (from & 63) == 0 ? v128.load(prefix + (<usize>(to - base) << 4)) : closeRange(from, to);
}

function closeRange(from: i32, to: i32): v128 {
  let at = closes + (<usize>from << 3);
  const last = closes + (<usize>to << 3);
  let lowest = v128.load_splat<f64>(last), highest = lowest;
  for (; at < last; at += 16) {
    const two = v128.load(at);
    lowest = f64x2.pmin(lowest, two);
    highest = f64x2.pmax(highest, two);
  }
  const low = min(f64x2.extract_lane(lowest, 0), f64x2.extract_lane(lowest, 1));
  const high = max(f64x2.extract_lane(highest, 0), f64x2.extract_lane(highest, 1));
  return f64x2.replace_lane(f64x2.splat(high), 0, -low);
}

/** A stretch that reaches a new peak: in its order, block by block where nothing can deepen or last longer. */
function climb(sample: Sample, from: i32, to: i32): void {
  while (from <= to) {
    const end = min(to, from | 63);
    const ends = markedEnds(range(from, end));
    const worst = lower(ends), ideal = upper(ends);
    if (ideal < sample.peak) {
      if (worst < sample.floor) fall(sample, worst);
    } else if (1.0 - worst / ideal > sample.deepest || closeTime(end) - peakTime(sample.peakFrom) > sample.longest) {
      climbBars(sample, from, end);
    } else {
      sample.peak = ideal;
      sample.peakFrom = from;
      sample.peakBar = end;
      sample.peakCash = cash;
      sample.peakMargin = margin;
      sample.peakQuantity = quantity;
      sample.peakPrice = price;
      lowerFloor(sample);
    }
    from = end + 1;
  }
}

function climbBars(sample: Sample, from: i32, to: i32): void {
  for (let bar = from; bar <= to; bar++) {
    const value = marked(closeAt(bar));
    if (value >= sample.peak) {
      endFall(sample, bar);
      sample.peak = value;
      sample.peakFrom = sample.peakBar = bar;
      lowerFloor(sample);
    } else if (value < sample.floor) fall(sample, value);
  }
}

// @ts-ignore: decorator
@inline
function stampAt(index: i32): Stamp {
  return changetype<Stamp>(job.stamps + <usize>index * offsetof<Stamp>());
}

function skipStamps(sample: Sample, bar: i32): void {
  while (stampAt(sample.stamp).bar < bar) sample.stamp++;
}

function pay(sample: Sample, times: i32, bar: i32): void {
  const open = load<f64>(job.open + (<usize>bar << 3));
  for (let i = 0; i < times; i++) sample.funding += quantity * open * settings.fundingRate;
}

/** Mark up to `to`, in stretches between funding stamps; a payment changes the cash of the bars from it on. */
function markAndPay(sample: Sample, unpaid: f64, entryBar: i32, to: i32, daily: usize): void {
  while (true) {
    const stamp = stampAt(sample.stamp);
    const last = min(stamp.bar - 1, to);
    if (sample.measured <= last) {
      cash = unpaid - sample.funding;
      mark(sample, sample.measured, last, daily);
      sample.measured = last + 1;
    }
    if (stamp.bar > to) return;
    if (stamp.bar > entryBar) pay(sample, stamp.atOpen, stamp.bar);
    pay(sample, stamp.inside, stamp.bar);
    sample.stamp++;
  }
}

/** What is still due on the bar of the exit; an exit at the open pays the stamp of that open. */
function payOnExit(sample: Sample, trade: Trade): void {
  const stamp = stampAt(sample.stamp), bar = trade.exitBar;
  if (stamp.bar != bar) return;
  if (bar > trade.entryBar) pay(sample, stamp.atOpen, bar);
  if (trade.how != AT_OPEN && trade.how != LIQUIDATED_AT_OPEN) pay(sample, stamp.inside, bar);
}

/** The row of figures, when all tiles are measured. */
export function finish(sample: Sample, daily: usize): void {
  const start = job.start, last = job.end - 1, initial = settings.initialCapital;
  if (sample.measured <= last) rest(sample, sample.capital, last, daily);
  endFall(sample, last + 1);

  const out = job.results + <usize>sample.index * 208;
  const span = closeTime(last) - load<f64>(openTime + (<usize>start << 3));
  const final = sample.capital;
  const cagr = span < SHORTEST_CAGR ? NaN : final <= 0 ? -1.0 : Math.pow(final / initial, YEAR / span) - 1.0;
  store<f64>(out, final / initial - 1.0, 0);
  store<f64>(out, cagr, 8);
  returnFigures(daily, returnsOf(daily, initial), timeframe, out);
  store<f64>(out, sample.deepest, 48);
  store<f64>(out, sample.longest, 56);
  store<f64>(out, sample.deepest == 0 || cagr != cagr ? NaN : cagr / sample.deepest, 32);
  tradeFigures(sumsOf(sample), span, out);
  const firstOpen = load<f64>(job.open + (<usize>start << 3)), fee = settings.feeRate, slippage = settings.slippage;
  store<f64>(out, (1.0 - fee) / (1.0 + fee) * (closeAt(last) * (1.0 - slippage)) / (firstOpen * (1.0 + slippage)) - 1.0, 192);
  store<f64>(out, final, 200);
}

/** Equity at day ends becomes returns, in place; none come after ruin. @returns how many */
function returnsOf(daily: usize, initial: f64): i32 {
  let previous = initial;
  const days = job.dayCount;
  for (let day = 0; day < days; day++) {
    if (previous <= 0) return day;
    const at = daily + (<usize>day << 3), value = load<f64>(at);
    store<f64>(at, value / previous - 1.0);
    previous = value;
  }
  return days;
}

/** Squared distances of the ratios from their mean, in the order of the trades. */
function squares(sample: Sample, average: f64): f64 {
  let sum: f64 = 0, left = sample.tradeCount;
  for (let block = sample.ratios; left > 0; block = load<usize>(block)) {
    const count = min(left, RATIOS);
    for (let i = 1; i <= count; i++) {
      const d = load<f64>(block + (<usize>i << 3)) - average;
      sum += d * d;
    }
    left -= count;
  }
  return sum;
}

function sumsOf(sample: Sample): TradeSums {
  const sums = changetype<TradeSums>(prefix); // free once all tiles are measured
  const count = sample.tradeCount;
  sums.count = count;
  sums.wins = sample.wins;
  sums.losses = sample.losses;
  sums.grossProfit = sample.grossProfit;
  sums.grossLoss = sample.grossLoss;
  sums.sumAbs = sample.sumAbs;
  sums.sumRatio = sample.sumRatio;
  sums.duration = sample.duration;
  sums.fees = sample.fees;
  sums.bestRatio = sample.bestRatio;
  sums.worstRatio = sample.worstRatio;
  sums.squares = count < 2 ? 0 : squares(sample, sample.sumRatio / <f64>count);
  return sums;
}
