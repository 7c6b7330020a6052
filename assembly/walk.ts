/**
 * Walk: from entry to exit, in steps of trades instead of bars.
 *
 * Where a position ends does not depend on the account, so the walk needs no money: it asks the bitmaps for the next
 * entry and the next exit signal, and the zone maps for the first bar in between that touches a level.
 */
import { pair } from "./column";
import { AT_OPEN, INSIDE, Job, LIQUIDATED_AT_OPEN, LIQUIDATED_INSIDE, NONE, Sample, Settings, TARGET, Trade, TRADE_BYTES } from "./job";
import { anyEntries, entries, exits, longEntries, longExits, rankOf, shortEntries, shortExits } from "./select";
import { growRuns, runLevels, runOf } from "./zones";

let high: usize = 0, low: usize = 0, zones: usize = 0;
/** of low and high over the tile, see zones.ts; the first block of the tile */
let runs: usize = 0, runBytes: usize = 0;
let firstBlock: i32 = 0;

// Of the position whose trailing stop is followed
let side: f64 = 0;
let stop: f64 = 0; // fixed stop, NaN = none
let trailing: f64 = 0;
let liquidation: f64 = 0;
let best: f64 = 0; // most favourable price of the bars before the one that is looked at

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

/**
 * Walk one sample through a tile.
 *
 * @param from, to the bars of the tile
 * @param log      Trade[]: what begins or ends here; the last one may still be open
 * @returns trades in the log
 *
 * About 30 ns a trade.
 */
export function walk(job: Job, sample: Sample, from: i32, to: i32, log: usize): i32 {
  const settings = changetype<Settings>(job.settings);
  const open = job.open, bothSides = job.enterShortWords > 0;
  const openings = bothSides ? anyEntries : longEntries;
  let held = sample.side, entryBar = sample.entryBar;
  let entry = 0, exit = 0; // the next candidates
  let count = 0;
  if (held != 0) {
    const trade = changetype<Trade>(log);
    trade.entryBar = entryBar;
    trade.side = held;
    trade.entryPrice = sample.price;
    best = sample.best;
    side = <f64>held;
  }
  while (true) {
    const trade = changetype<Trade>(log + <usize>count * TRADE_BYTES);
    let bar = max(entryBar, from);
    if (held == 0) {
      entry = next(openings, entry);
      entryBar = bar = load<i32>(entries.bars + (<usize>entry << 2));
      if (entryBar == NONE) break;
      held = bothSides && !isSet(longEntries, entry) ? -1 : 1;
      enter(sample, settings, <f64>held, load<f64>(open + (<usize>entryBar << 3)));
      trade.entryBar = entryBar;
      trade.side = held;
      trade.entryPrice = sample.price;
      exit = rankOf(exits, entryBar + 1);
      entry++;
    }

    // the signal that ends it: its own exit, or a valid entry of the other side
    exit = next(held > 0 ? longExits : shortExits, exit);
    let signalBar = load<i32>(exits.bars + (<usize>exit << 2));
    let reverses = false;
    if (bothSides) {
      entry = next(held > 0 ? shortEntries : longEntries, entry);
      const opposite = load<i32>(entries.bars + (<usize>entry << 2));
      if (opposite < signalBar) {
        signalBar = opposite;
        reverses = true;
      }
    }

    const last = min(signalBar, to) - 1;
    const touched = sample.trailingStop == sample.trailingStop
      ? followTouch(sample, bar, last)
      : held > 0 ? touch(nearest(sample), sample.target, bar, last) : touch(sample.target, nearest(sample), bar, last);
    if (touched >= 0) {
      const atOpen = settle(sample, settings, trade, touched, load<f64>(open + (<usize>touched << 3)));
      trade.exitBar = touched;
      entry = rankOf(entries, atOpen ? touched : touched + 1);
    } else if (signalBar < to) {
      const price = load<f64>(open + (<usize>signalBar << 3)), s = <f64>held;
      const isLiquidated = s * price <= s * sample.liquidation;
      trade.exitBar = signalBar;
      trade.exitPrice = isLiquidated ? NaN : price * (1.0 - s * settings.slippage);
      trade.how = isLiquidated ? LIQUIDATED_AT_OPEN : AT_OPEN;
      if (!reverses) entry = rankOf(entries, signalBar);
    } else {
      count++;
      if (to == job.end) {
        trade.exitBar = to - 1;
        trade.exitPrice = load<f64>(job.close + (<usize>(to - 1) << 3)) * (1.0 - <f64>held * settings.slippage);
        trade.how = INSIDE;
        held = 0;
      } else trade.exitBar = NONE;
      break;
    }
    held = 0;
    count++;
  }
  sample.side = held;
  sample.entryBar = entryBar;
  sample.best = best;
  return count;
}

/** The first set bit from a position on; a sentinel ends the search. */
// @ts-ignore: decorator
@inline
function next(bits: usize, position: i32): i32 {
  let at = bits + (<usize>(position >> 6) << 3);
  let word = load<u64>(at) & (<u64>-1 << <u64>(position & 63));
  while (word == 0) {
    at += 8;
    word = load<u64>(at);
  }
  return (<i32>(at - bits) << 3) + <i32>ctz(word);
}

// @ts-ignore: decorator
@inline
function isSet(bits: usize, position: i32): bool {
  return (load<u64>(bits + (<usize>(position >> 6) << 3)) >> <u64>(position & 63) & 1) != 0;
}

/** Entry price and levels, each written as in the plain kernel. */
// @ts-ignore: decorator
@inline
function enter(sample: Sample, settings: Settings, s: f64, open: f64): void {
  const price = open * (1.0 + s * settings.slippage);
  sample.price = price;
  sample.stop = price * (1.0 - s * sample.stopLoss);
  sample.target = price * (1.0 + s * sample.takeProfit);
  sample.liquidation = price * (1.0 - s / sample.leverage) / (1.0 - s * settings.maintenanceMarginRate);
  best = price;
  side = s;
}

/** The fixed stop or the liquidation price, whichever is met first; a stop that is not set (NaN) never is. */
// @ts-ignore: decorator
@inline
function nearest(sample: Sample): f64 {
  return side * sample.stop > side * sample.liquidation ? sample.stop : sample.liquidation;
}

/** @returns the first bar in [from, to] with low ≤ floor or high ≥ ceiling; −1 where there is none. NaN is never met */
// @ts-ignore: decorator
@inline
function touch(floor: f64, ceiling: f64, from: i32, to: i32): i32 {
  if (from > to) return -1;
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

/** As `touch`, with a stop that follows the best price of the bars before; `best` is left as of the bar returned. */
function followTouch(sample: Sample, from: i32, to: i32): i32 {
  stop = sample.stop;
  trailing = sample.trailingStop;
  liquidation = sample.liquidation;
  const target = sample.target;
  while (from <= to) {
    const end = min(to, from | 63);
    const zone = zones + (<usize>(from >> 6) << 4);
    const lowest = load<f64>(zone), highest = load<f64>(zone, 8);
    const worst = side > 0 ? lowest : highest, ideal = side > 0 ? highest : lowest;
    const reach = side * ideal > side * best ? ideal : best; // as far as this block may pull the stop
    if (side * worst <= side * tightest(reach) || side * ideal >= side * target) {
      const bar = followScan(target, from, end);
      if (bar >= 0) return bar;
    } else if ((from & 63) == 0 && end == (from | 63)) best = reach;
    else follow(from, end);
    from = end + 1;
  }
  return -1;
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

/** The level in force: liquidation, fixed or trailing stop. It never retreats while `from` advances. */
// @ts-ignore: decorator
@inline
function tightest(from: f64): f64 {
  const trail = from * (1.0 - side * trailing);
  const nearer = side * trail > side * stop || stop != stop ? trail : stop;
  return side * nearer > side * liquidation ? nearer : liquidation;
}

/** How a touched position ends, as in D of the plain kernel. @returns whether at the open */
function settle(sample: Sample, settings: Settings, trade: Trade, bar: i32, open: f64): bool {
  const isBeyond = side * open <= side * sample.liquidation;
  if (isBeyond && bar > trade.entryBar) {
    trade.exitPrice = NaN;
    trade.how = LIQUIDATED_AT_OPEN;
    return true;
  }
  const h = load<f64>(high + (<usize>bar << 3)), l = load<f64>(low + (<usize>bar << 3));
  const adverse = side > 0 ? l : h;
  let nearer = sample.stop;
  const trail = best * (1.0 - side * sample.trailingStop);
  if (side * trail > side * nearer || (nearer != nearer && trail == trail)) nearer = trail;
  const isStop = side * nearer > side * sample.liquidation;
  if (side * adverse <= side * (isStop ? nearer : sample.liquidation)) {
    if (isStop && !isBeyond) {
      trade.exitPrice = (side * open < side * nearer ? open : nearer) * (1.0 - side * settings.slippage);
      trade.how = INSIDE;
    } else {
      trade.exitPrice = NaN;
      trade.how = LIQUIDATED_INSIDE;
    }
  } else {
    trade.exitPrice = side * open > side * sample.target ? open : sample.target;
    trade.how = TARGET;
  }
  return false;
}
