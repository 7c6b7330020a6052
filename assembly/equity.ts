/**
 * Equity: its peaks, falls and day ends, from stretches of bars in one position or in none.
 *
 * Inside a trade the equity follows the close, and never turns against it, rounding included: each operation of
 * `marked` is monotone. So the lowest and the highest close of a trade give the lowest and the highest equity to the
 * bit, and two look-ups replace a bar-by-bar pass. The deepest fall from one peak is that to the lowest value behind it,
 * for the same reason. Only a trade that reaches a new peak is looked at in its order.
 */
import { larger } from "./column";
import { Job, Sample, Settings, Trade } from "./job";
import { closePairs, growRuns, runLevels, runOf } from "./zones";

let job: Job = changetype<Job>(0);
let closes: usize = 0;
let openTime: usize = 0;
let timeframe: f64 = 0;
let prefix: usize = 0, suffix: usize = 0;
/** f64x2[⌈log₂ blocks⌉][blocks]: of 2ᵏ blocks from one on */
let runs: usize = 0, runBytes: usize = 0;
/** the sign bit of a lower lane: from memory it takes one instruction, as a constant five */
let lowSign: usize = 0;
/** f64x2 tables are indexed from this bar */
let base: i32 = 0;

// The position that is marked: cash beside it, margin, signed quantity, entry price
let cash: f64 = 0;
let margin: f64 = 0;
let quantity: f64 = 0;
let price: f64 = 0;

/** Bytes of scratch; see `laneBytes` in src/engine/fast-job.ts. @returns the end of what it has taken */
export function placeEquity(its: Job, scratch: usize): usize {
  job = its;
  closes = job.close;
  openTime = job.openTime;
  timeframe = changetype<Settings>(job.settings).timeframeMs;
  const bars = <usize>(job.tile + 64);
  prefix = scratch;
  suffix = prefix + (bars << 4);
  runs = suffix + (bars << 4);
  runBytes = (bars >> 6) << 4;
  lowSign = runs + runBytes * <usize>runLevels(job.tile >> 6);
  v128.store(lowSign, i64x2(i64.MIN_VALUE, 0));
  return lowSign + 64;
}

/** @param tileBase a multiple of 64; to: the bar after the last one of the tile */
export function pairTile(tileBase: i32, to: i32): void {
  base = tileBase;
  closePairs(closes + (<usize>base << 3), to - base, prefix, suffix, runs);
  growRuns(runs, (to - base + 63) >> 6, runBytes);
}

/** The position whose bars are marked from here on. */
export function hold(trade: Trade, beside: f64): void {
  margin = trade.margin;
  quantity = trade.quantity;
  price = trade.entryPrice;
  cash = beside;
}

/** What stands beside the margin changes while it is held. */
export function setCash(beside: f64): void {
  cash = beside;
}

/** What is left of the margin, and the cash beside it. */
// @ts-ignore: decorator
@inline
export function marked(value: f64): f64 {
  return max(cash + max(margin + quantity * (value - price), 0), 0);
}

// @ts-ignore: decorator
@inline
export function closeAt(bar: i32): f64 {
  return load<f64>(closes + (<usize>bar << 3));
}

// @ts-ignore: decorator
@inline
export function closeTime(bar: i32): f64 {
  return load<f64>(openTime + (<usize>bar << 3)) + timeframe;
}

// @ts-ignore: decorator
@inline
export function dayEnd(day: i32): i32 {
  return load<i32>(job.dayEnds + (<usize>day << 2));
}

/** Flat bars from `measured` to `to`: the equity stands still. */
export function rest(sample: Sample, capital: f64, to: i32, daily: usize): void {
  while (dayEnd(sample.day) <= to) store<f64>(daily + (<usize>(sample.day++) << 3), capital);
  if (capital >= sample.peak) {
    endFall(sample, sample.measured);
    rise(sample, capital);
    sample.peakFrom = sample.peakBar = to;
  } else fall(sample, capital);
  sample.measured = to + 1;
}

/** A value below the peak. */
// @ts-ignore: decorator
@inline
function fall(sample: Sample, value: f64): void {
  if (value < sample.lowest) sample.lowest = value;
}

/** The fall from the last peak is over, and a new one stands. */
function rise(sample: Sample, peak: f64): void {
  sample.deepest = deepestFall(sample);
  sample.peak = sample.lowest = peak;
}

export function deepestFall(sample: Sample): f64 {
  return larger(sample.deepest, 1.0 - sample.lowest / sample.peak);
}

/** The equity reaches a peak at `bar`: the time below the last one ends with the close before it. */
export function endFall(sample: Sample, bar: i32): void {
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
export function mark(sample: Sample, from: i32, to: i32, daily: usize): void {
  while (dayEnd(sample.day) <= to) {
    store<f64>(daily + (<usize>sample.day << 3), marked(closeAt(dayEnd(sample.day))));
    sample.day++;
  }
  const ends = markedEnds(range(from, to));
  if (v128.any_true(f64x2.ge(ends, f64x2.splat(sample.peak)))) climb(sample, from, to);
  else fall(sample, lower(ends));
}

/** Equity of the held position at the lowest and at the highest close. */
// @ts-ignore: decorator
@inline
function markedEnds(extremes: v128): v128 {
  return ends(extremes, cash, margin, quantity, price);
}

/** Equity of a position at the lowest and at the highest close; see `marked`. @param extremes as `range` gives them */
// @ts-ignore: decorator
@inline
export function ends(extremes: v128, cash: f64, margin: f64, quantity: f64, price: f64): v128 {
  const zero = f64x2.splat(0), closes = v128.xor(extremes, v128.load(lowSign));
  const left = f64x2.add(f64x2.splat(margin), f64x2.mul(f64x2.splat(quantity), f64x2.sub(closes, f64x2.splat(price))));
  return f64x2.pmax(zero, f64x2.add(f64x2.splat(cash), f64x2.pmax(zero, left)));
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
export function range(from: i32, to: i32): v128 {
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
    if (ideal < sample.peak) fall(sample, worst);
    else if (1.0 - worst / ideal > deepestFall(sample) || closeTime(end) - peakTime(sample.peakFrom) > sample.longest) {
      climbBars(sample, from, end);
    } else {
      rise(sample, ideal);
      sample.peakFrom = from;
      sample.peakBar = end;
      sample.peakCash = cash;
      sample.peakMargin = margin;
      sample.peakQuantity = quantity;
      sample.peakPrice = price;
    }
    from = end + 1;
  }
}

function climbBars(sample: Sample, from: i32, to: i32): void {
  for (let bar = from; bar <= to; bar++) {
    const value = marked(closeAt(bar));
    if (value >= sample.peak) {
      endFall(sample, bar);
      rise(sample, value);
      sample.peakFrom = sample.peakBar = bar;
    } else fall(sample, value);
  }
}
