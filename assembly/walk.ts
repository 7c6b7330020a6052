/**
 * Walk: from entry to exit, in steps of trades instead of bars.
 *
 * Where a position ends does not depend on the account, so the walk needs no money: it asks the bitmaps for the next
 * entry and the next exit signal, and the zone maps for the first bar in between that touches a level.
 */
import { pair } from "./column";
import { AT_OPEN, INSIDE, Job, LIQUIDATED_AT_OPEN, LIQUIDATED_INSIDE, NONE, Sample, Settings, TARGET, Trade, TRADE_BYTES } from "./job";
import { base, rankOf } from "./candidates";
import { anyEntries, entries, exits, isDirect, longEntries, longExits, shortEntries, shortExits } from "./select";
import { growRuns, runLevels, runOf } from "./zones";

let high: usize = 0, low: usize = 0, zones: usize = 0;
/** of low and high over the tile, see zones.ts; the first block of the tile */
let runs: usize = 0, runBytes: usize = 0;
let firstBlock: i32 = 0;

// Of the position whose trailing stop is followed
let side: f64 = 0; // +1 long, −1 short
let stop: f64 = 0; // the level that does not move
let trailing: f64 = 0;
let best: f64 = 0; // most favourable price of the bars before the one that is looked at

/** A stop this much nearer than the liquidation, as a share of the price, is nearer whatever the rounding. */
const CLEARLY: f64 = 1e-9;

/** Bytes of scratch; see `laneBytes` in src/engine/fast-job.ts. @returns the end of what it has taken */
export function placeWalk(job: Job, scratch: usize): usize {
  high = job.high;
  low = job.low;
  zones = job.zones;
  runs = scratch;
  runBytes = <usize>((job.tile >> 6) + 1) << 4;
  return scratch + runBytes * <usize>runLevels(job.tile >> 6);
}

/** @param base a multiple of 64; to: the bar after the last one of the tile */
export function zoneTile(base: i32, to: i32): void {
  firstBlock = base >> 6;
  const count = (to - base + 63) >> 6;
  const sign = i64x2(i64.MIN_VALUE, 0);
  for (let block = 0; block < count; block++) {
    v128.store(runs + (<usize>block << 4), v128.xor(v128.load(zones + (<usize>(firstBlock + block) << 4)), sign));
  }
  growRuns(runs, count, runBytes);
}

/** What the walk knows about a sample before its first trade. */
export function prepareWalk(sample: Sample, settings: Settings, bothSides: bool): void {
  const isNearer = stopFirst(sample, settings, 1) && (!bothSides || stopFirst(sample, settings, -1));
  sample.isStopFirst = isNearer ? 1 : 0;
}

function stopFirst(sample: Sample, settings: Settings, s: f64): bool {
  return s * initialStop(sample, s, 1.0) - s * liquidationPrice(sample, settings, s, 1.0) > CLEARLY;
}

/**
 * Walk one sample through a tile.
 *
 * @param from, to the bars of the tile
 * @param log      Trade[]: what begins or ends here; the last one may still be open
 * @returns the end of the trades in the log
 *
 * About 20 ns a trade.
 */
export function walk(job: Job, sample: Sample, from: i32, to: i32, log: usize): usize {
  if (job.enterShortWords > 0) return isDirect ? walkBothDirect(job, sample, from, to, log) : walkBoth(job, sample, from, to, log);
  return isDirect ? walkLongDirect(job, sample, from, to, log) : walkLong(job, sample, from, to, log);
}

function walkLong(job: Job, sample: Sample, from: i32, to: i32, log: usize): usize { return walkAs(false, false, job, sample, from, to, log); }
function walkLongDirect(job: Job, sample: Sample, from: i32, to: i32, log: usize): usize { return walkAs(false, true, job, sample, from, to, log); }
function walkBoth(job: Job, sample: Sample, from: i32, to: i32, log: usize): usize { return walkAs(true, false, job, sample, from, to, log); }
function walkBothDirect(job: Job, sample: Sample, from: i32, to: i32, log: usize): usize { return walkAs(true, true, job, sample, from, to, log); }

/** @param both whether there are shorts; direct: whether a candidate is a place in the tile. Both are constants */
// @ts-ignore: decorator
@inline
function walkAs(both: bool, direct: bool, job: Job, sample: Sample, from: i32, to: i32, log: usize): usize {
  const settings = changetype<Settings>(job.settings), slippage = settings.slippage;
  const open = job.open, openings = both ? anyEntries : longEntries, first = base;
  const entryList = entries.list, exitList = exits.list, entryOpens = entries.opens, exitOpens = direct ? entryOpens : exits.opens;
  const stopLoss = sample.stopLoss, takeProfit = sample.takeProfit, isStopFirst = sample.isStopFirst != 0;
  const trails = sample.trailingStop == sample.trailingStop;
  let held = sample.side, entryBar = sample.entryBar, price = sample.price;
  let entry = 0, exit = 0, bar = from; // the next candidates, the next bar
  best = sample.best;
  while (true) {
    if (held == 0) {
      entry = next(openings, entry);
      bar = entryBar = barOf(direct, first, entryList, entry);
      if (entryBar >= to) break;
      held = both && !isSet(longEntries, entry) ? -1 : 1;
      price = load<f64>(entryOpens + (<usize>entry << 3)) * (1.0 + (both ? <f64>held : 1.0) * slippage);
      best = price;
      exit = otherOf(direct, entryList, entry, 1);
      entry++;
    }
    const s = both ? <f64>held : 1.0;

    // the signal that ends it: its own exit, or a valid entry of the other side
    exit = next(!both || held > 0 ? longExits : shortExits, exit);
    let signalBar = barOf(direct, first, exitList, exit);
    let reverses = false;
    if (both) {
      entry = next(held > 0 ? shortEntries : longEntries, entry);
      const opposite = barOf(direct, first, entryList, entry);
      reverses = opposite < signalBar;
      signalBar = min(opposite, signalBar);
    }

    const trade = changetype<Trade>(log);
    trade.entryBar = entryBar;
    trade.side = held;
    trade.entryPrice = price;
    const last = min(signalBar, to) - 1, target = price * (1.0 + s * takeProfit);
    let level = trails ? initialStop(sample, s, price) : price * (1.0 - s * stopLoss);
    if (!isStopFirst) level = nearest(level, liquidationPrice(sample, settings, s, price), s);
    const touched = trails ? followTouch(sample, s, price, level, target, bar, last)
      : bar > last ? -1
      : !both || held > 0 ? touch(level, target, bar, last) : touch(target, level, bar, last);
    if (touched >= 0) {
      const atOpen = settleTouch(sample, settings, trade, s, touched, load<f64>(open + (<usize>touched << 3)));
      const after = atOpen ? touched : touched + 1;
      trade.exitBar = touched;
      entry = direct ? after - first : rankOf(entries, after);
    } else if (signalBar < to) {
      const at = load<f64>(both && reverses ? entryOpens + (<usize>entry << 3) : exitOpens + (<usize>exit << 3));
      const isLiquidated = s * at <= s * level && s * at <= s * liquidationPrice(sample, settings, s, price);
      trade.exitBar = signalBar;
      trade.exitPrice = isLiquidated ? NaN : at * (1.0 - s * slippage);
      trade.how = isLiquidated ? LIQUIDATED_AT_OPEN : AT_OPEN;
      if (!reverses) entry = otherOf(direct, exitList, exit, 0);
    } else {
      log += TRADE_BYTES;
      trade.exitBar = NONE;
      if (trails) followAll(bar, last);
      if (to == job.end) {
        trade.exitBar = to - 1;
        trade.exitPrice = load<f64>(job.close + (<usize>(to - 1) << 3)) * (1.0 - s * slippage);
        trade.how = INSIDE;
        held = 0;
      }
      break;
    }
    held = 0;
    log += TRADE_BYTES;
  }
  sample.side = held;
  sample.entryBar = entryBar;
  sample.price = price;
  sample.best = best;
  return log;
}

/** The bar of a candidate. */
// @ts-ignore: decorator
@inline
function barOf(direct: bool, first: i32, list: usize, candidate: i32): i32 {
  return direct ? first + candidate : load<i32>(list + (<usize>candidate << 3));
}

/** The first candidate of the other list from a candidate's bar on, or from `later` bars after it. */
// @ts-ignore: decorator
@inline
function otherOf(direct: bool, list: usize, candidate: i32, later: i32): i32 {
  return direct ? candidate + later : load<i32>(list + (<usize>candidate << 3), 4);
}

/** The first set bit from a position on; a sentinel ends the search. Two words are looked at without a branch. */
// @ts-ignore: decorator
@inline
function next(bits: usize, position: i32): i32 {
  let at = bits + (<usize>(position >> 6) << 3);
  const word = load<u64>(at) & (<u64>-1 << <u64>(position & 63)), second = load<u64>(at, 8);
  if ((word | second) == 0) return nextWord(bits, at + 16);
  const isSecond = <u64>0 - <u64>(word == 0);
  return (position & ~63) + (<i32>isSecond & 64) + <i32>ctz(word | second & isSecond);
}

function nextWord(bits: usize, at: usize): i32 {
  while (load<u64>(at) == 0) at += 8;
  return (<i32>(at - bits) << 3) + <i32>ctz(load<u64>(at));
}

// @ts-ignore: decorator
@inline
function isSet(bits: usize, position: i32): bool {
  return (load<u64>(bits + (<usize>(position >> 6) << 3)) >> <u64>(position & 63) & 1) != 0;
}

/** Written as in the plain kernel. */
// @ts-ignore: decorator
@inline
function liquidationPrice(sample: Sample, settings: Settings, s: f64, price: f64): f64 {
  return price * (1.0 - s / sample.leverage) / (1.0 - s * settings.maintenanceMarginRate);
}

/** The fixed or the trailing stop as it stands at the entry, whichever is nearer; NaN where none is set. */
function initialStop(sample: Sample, s: f64, price: f64): f64 {
  const fixed = price * (1.0 - s * sample.stopLoss), trail = price * (1.0 - s * sample.trailingStop);
  return trail != trail ? fixed : nearest(fixed, trail, s);
}

/** A stop or the liquidation price, whichever is met first; a stop that is not set (NaN) never is. */
// @ts-ignore: decorator
@inline
function nearest(fixed: f64, liquidation: f64, s: f64): f64 {
  return s * fixed > s * liquidation ? fixed : liquidation;
}

/** @returns the first bar in [from, to] with low ≤ floor or high ≥ ceiling; −1 where there is none. NaN is never met */
// @ts-ignore: decorator
@inline
function touch(floor: f64, ceiling: f64, from: i32, to: i32): i32 {
  const first = from >> 6, around = runOf(runs, runBytes, first - firstBlock, (to >> 6) - first + 1);
  return v128.any_true(f64x2.ge(around, pair(-floor, ceiling))) ? search(floor, ceiling, from, to) : -1;
}

function search(floor: f64, ceiling: f64, from: i32, to: i32): i32 {
  const last = to >> 6;
  for (let block = from >> 6, zone = zones + (<usize>block << 4); block <= last; block++, zone += 16) {
    if (load<f64>(zone) <= floor || load<f64>(zone, 8) >= ceiling) {
      const bar = scan(floor, ceiling, max(from, block << 6), min(to, block << 6 | 63));
      if (bar >= 0) return bar;
    }
  }
  return -1;
}

function scan(floor: f64, ceiling: f64, from: i32, to: i32): i32 {
  const floors = f64x2.splat(floor), ceilings = f64x2.splat(ceiling);
  for (let bar = from; bar <= to; bar += 4) {
    const lows = low + (<usize>bar << 3), highs = high + (<usize>bar << 3);
    const first = v128.or(f64x2.le(v128.load(lows), floors), f64x2.ge(v128.load(highs), ceilings));
    const second = v128.or(f64x2.le(v128.load(lows, 16), floors), f64x2.ge(v128.load(highs, 16), ceilings));
    if (v128.any_true(v128.or(first, second))) {
      const hit = bar + <i32>ctz(i64x2.bitmask(first) | i64x2.bitmask(second) << 2);
      return hit <= to ? hit : -1;
    }
  }
  return -1;
}

/**
 * As `touch`, with a stop that follows the best price of the bars before; where a bar is returned, `best` is left as
 * of it, else it may stand where it was.
 *
 * @param level the tightest of fixed stop, trailing stop and liquidation price at the entry
 */
function followTouch(sample: Sample, s: f64, price: f64, level: f64, target: f64, from: i32, to: i32): i32 {
  if (from > to) return -1;
  side = s;
  stop = level;
  trailing = sample.trailingStop;
  const first = from >> 6, around = runOf(runs, runBytes, first - firstBlock, (to >> 6) - first + 1);
  const lowest = -f64x2.extract_lane(around, 0), highest = f64x2.extract_lane(around, 1);
  if (!mayTouch(lowest, highest, target)) return -1;
  while (from <= to) {
    const end = min(to, from | 63);
    const zone = zones + (<usize>(from >> 6) << 4);
    if (mayTouch(load<f64>(zone), load<f64>(zone, 8), target)) {
      const bar = followScan(target, from, end);
      if (bar >= 0) return bar;
    } else followAll(from, end);
    from = end + 1;
  }
  return -1;
}

/** Whether the stop or the target can be met between these prices: the best of them pulls the stop as far as it goes. */
// @ts-ignore: decorator
@inline
function mayTouch(lowest: f64, highest: f64, target: f64): bool {
  const worst = side > 0 ? lowest : highest, ideal = side > 0 ? highest : lowest;
  const reach = side * ideal > side * best ? ideal : best;
  return side * worst <= side * tightest(reach) || side * ideal >= side * target;
}

/** Let the best price of some bars count. */
function followAll(from: i32, to: i32): void {
  while (from <= to) {
    const end = min(to, from | 63);
    if ((from & 63) == 0 && end == (from | 63)) {
      const zone = zones + (<usize>(from >> 6) << 4);
      const ideal = side > 0 ? load<f64>(zone, 8) : load<f64>(zone);
      if (side * ideal > side * best) best = ideal;
    } else follow(from, end);
    from = end + 1;
  }
}

function followScan(target: f64, from: i32, to: i32): i32 {
  for (let bar = from; bar <= to; bar++) {
    const l = load<f64>(low + (<usize>bar << 3)), h = load<f64>(high + (<usize>bar << 3));
    const worst = side > 0 ? l : h, ideal = side > 0 ? h : l;
    if (side * worst <= side * tightest(best) || side * ideal >= side * target) return bar;
    if (side * ideal > side * best) best = ideal;
  }
  return -1;
}

function follow(from: i32, to: i32): void {
  for (let bar = from; bar <= to; bar++) {
    const ideal = load<f64>((side > 0 ? high : low) + (<usize>bar << 3));
    if (side * ideal > side * best) best = ideal;
  }
}

/** The level in force: it never retreats while `from` advances. */
// @ts-ignore: decorator
@inline
function tightest(from: f64): f64 {
  const trail = from * (1.0 - side * trailing);
  return side * trail > side * stop ? trail : stop;
}

/** How a touched position ends, as in D of the plain kernel. @returns whether at the open */
function settleTouch(sample: Sample, settings: Settings, trade: Trade, s: f64, bar: i32, open: f64): bool {
  const price = trade.entryPrice, liquidation = liquidationPrice(sample, settings, s, price);
  const isBeyond = s * open <= s * liquidation;
  if (isBeyond && bar > trade.entryBar) {
    trade.exitPrice = NaN;
    trade.how = LIQUIDATED_AT_OPEN;
    return true;
  }
  const h = load<f64>(high + (<usize>bar << 3)), l = load<f64>(low + (<usize>bar << 3));
  const adverse = s > 0 ? l : h;
  let nearer = price * (1.0 - s * sample.stopLoss);
  const trail = best * (1.0 - s * sample.trailingStop);
  if (s * trail > s * nearer || (nearer != nearer && trail == trail)) nearer = trail;
  const isStop = s * nearer > s * liquidation;
  if (s * adverse <= s * (isStop ? nearer : liquidation)) {
    if (isStop && !isBeyond) {
      trade.exitPrice = (s * open < s * nearer ? open : nearer) * (1.0 - s * settings.slippage);
      trade.how = INSIDE;
    } else {
      trade.exitPrice = NaN;
      trade.how = LIQUIDATED_INSIDE;
    }
  } else {
    const target = price * (1.0 + s * sample.takeProfit);
    trade.exitPrice = s * open > s * target ? open : target;
    trade.how = TARGET;
  }
  return false;
}
