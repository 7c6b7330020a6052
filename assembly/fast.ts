/**
 * The fast backtest: select → walk → measure, in tiles of time.
 *
 * All samples of a call go through one tile of bars before the next tile is touched, so that prices, zone maps and
 * candidates stay in the cache. Samples that read the same columns share their candidates. Every figure has the bits
 * of the plain backtest in backtest.ts.
 */
import { laneOf, LANES, placeAccount, settle } from "./account";
import { Job, Sample, Settings, TRADE_BYTES } from "./job";
import { pairTile } from "./equity";
import { finish } from "./figures";
import { measure, openAccount, placeMeasure } from "./measure";
import { poolUsed, setPool } from "./ratios";
import { sampleAt } from "./feeds";
import { bindBounds } from "./loosen";
import { entries, placeSelect, prepareTile, select } from "./select";
import { placeWalk, prepareWalk, walk, zoneTile } from "./walk";

/** What the host may set in control[2] to see how it copes. */
const TRAP: i32 = 1, ENDLESS: i32 = 2, OUT_OF_BOUNDS: i32 = 3, OVERFLOW: i32 = 4;

/**
 * Backtest the samples at positions [from, to) of job.order and write a row of figures for each.
 *
 * @param job byte offset of a Job
 * @returns how many were done: all of them, 0 where the host said stop, or −n where the scratch has no room for the
 *          trades of so many at once, and n would do
 *
 * O(candidates + trades) per sample, about 0.1 ns per bar and sample where trades are rare; no allocation.
 */
export function fastBacktest(offset: usize, from: i32, to: i32): i32 {
  const job = changetype<Job>(offset);
  const count = to - from, leaves = <usize>job.leafCount, days = <usize>job.dayCount;
  let free = placeAccount(job, placeWalk(job, placeMeasure(job, placeSelect(job, job.scratch))));
  const log = free;
  free += 4 * <usize>(job.tile + 2) * TRADE_BYTES;
  four = free;
  lanes = four + 64;
  free += 128;
  const groups = free; // i32[groups + 1]: where each begins
  free += <usize>(count + 64) << 2;
  const groupCount = findGroups(job, from, to, groups);
  const bounds = (free + 63) & ~<usize>63;
  for (let g = 0; g < groupCount; g++) bindBounds(job, load<i32>(groups + (<usize>g << 2)), load<i32>(groups + (<usize>g << 2), 4), bounds + <usize>g * (leaves << 4));
  const samples = bounds + <usize>groupCount * (leaves << 4);
  const daily = samples + <usize>count * offsetof<Sample>();
  const pool = (daily + <usize>count * (days << 3) + 63) & ~<usize>63;
  const poolEnd = job.scratch + job.scratchBytes;
  if (pool > poolEnd) unreachable();
  setPool(pool, poolEnd);
  for (let i = 0; i < count; i++) {
    const sample = sampleOf(samples, i);
    openAccount(sample, sampleAt(from + i));
    prepareWalk(sample, changetype<Settings>(job.settings), job.enterShortWords > 0);
  }
  misbehave(load<i32>(job.control, 8));
  while (load<i32>(job.control, 8) == ENDLESS) {}

  const first = job.start / job.tile, last = (job.end - 1) / job.tile;
  for (let tile = first; tile <= last; tile++) {
    const tileFrom = max(job.start, tile * job.tile), tileTo = min(job.end, (tile + 1) * job.tile);
    const base = tileFrom & ~63;
    pairTile(base, tileTo);
    zoneTile(base, tileTo);
    let hasRoom = true;
    waiting = 0;
    for (let g = 0; g < groupCount && hasRoom; g++) {
      const begin = load<i32>(groups + (<usize>g << 2)), end = load<i32>(groups + (<usize>g << 2), 4);
      prepareTile(base, max(tileFrom, job.firstSignal + 1), tileTo, sampleAt(begin), end - begin, bounds + <usize>g * (leaves << 4));
      hasRoom = hasRoom && walkGroup(job, samples, begin - from, end - from, tileFrom, tileTo, log, daily);
    }
    if (!hasRoom || !settleWaiting(job, samples, tileFrom, tileTo, log, daily)) return -fitting(count, tile - first, last + 1 - first);
    if (atomic.load<i32>(job.control) != 0) return 0;
    atomic.add<i32>(job.control, count, 4);
    if (count > 1 && tile - first < (last - first) >> 2) {
      const used = poolUsed(pool) / <usize>count * <usize>(last + 1 - first) / <usize>(tile + 1 - first); // of one sample, all tiles
      if (used * <usize>count > poolEnd - pool) return -max(1, <i32>((poolEnd - pool) / used * 7 / 8));
    }
  }
  for (let i = 0; i < count; i++) {
    const sample = sampleOf(samples, i), own = daily + <usize>i * (days << 3);
    const isFinite = finish(job, sample, own, groups); // leaves the returns where the equity was
    if (!job.returns) continue;
    const returns = job.returns + <usize>sample.index * (days << 3);
    if (isFinite) memory.copy(returns, own, days << 3);
    else memory.fill(returns, 0, days << 3);
  }
  return count;
}

/** The samples of a group through a tile; they are settled four at a time: see account.ts. @returns whether the trades had room */
function walkGroup(job: Job, samples: usize, from: i32, to: i32, tileFrom: i32, tileTo: i32, log: usize, daily: usize): bool {
  const logBytes = <usize>(job.tile + 2) * TRADE_BYTES;
  for (let next = from; next < to; next++) {
    const sample = sampleOf(samples, next);
    const idle = sample.side == 0 && entries.count == 0;
    if (idle || !(sample.capital > 0)) continue;
    select(sample.index);
    const at = four + (<usize>waiting << 3);
    store<i32>(at, next);
    store<usize>(at, walk(job, sample, tileFrom, tileTo, log + <usize>waiting * logBytes), 4);
    if (++waiting == LANES && !settleWaiting(job, samples, tileFrom, tileTo, log, daily)) return false;
  }
  return true;
}

/** Settle and measure the samples that have been walked. */
function settleWaiting(job: Job, samples: usize, tileFrom: i32, tileTo: i32, log: usize, daily: usize): bool {
  const count = waiting, logBytes = <usize>(job.tile + 2) * TRADE_BYTES;
  waiting = 0;
  if (count > 0 && changetype<Settings>(job.settings).fundingRate == 0) {
    for (let i = 0; i < count; i++) {
      const lane = laneOf(lanes, i);
      lane.sample = memberOf(samples, i);
      lane.at = log + <usize>i * logBytes;
      lane.end = endOf(i);
    }
    settle(lanes, count);
  }
  for (let i = 0; i < count; i++) {
    const own = log + <usize>i * logBytes, days = daily + <usize>load<i32>(four + (<usize>i << 3)) * (<usize>job.dayCount << 3);
    if (!measure(memberOf(samples, i), tileFrom, tileTo, own, endOf(i), days)) return false;
  }
  return true;
}

/** How many samples have been walked and not yet been settled. */
let waiting: i32 = 0;
/** Pairs of i32: samples that are worked on together, and the end of their logs. */
let four: usize = 0;
/** Lane[LANES]: the same, as they are settled */
let lanes: usize = 0;

// @ts-ignore: decorator
@inline
function memberOf(samples: usize, i: usize): Sample {
  return sampleOf(samples, load<i32>(four + (i << 3)));
}

// @ts-ignore: decorator
@inline
function endOf(i: usize): usize {
  return load<usize>(four + (i << 3), 4);
}

// @ts-ignore: decorator
@inline
function sampleOf(samples: usize, i: i32): Sample {
  return changetype<Sample>(samples + <usize>i * offsetof<Sample>());
}

/** Neighbours in job.order with the same slots. @returns how many groups; groups[g + 1] is where group g ends */
function findGroups(job: Job, from: i32, to: i32, groups: usize): i32 {
  let count = 0;
  const width = <usize>job.slotCount << 2;
  for (let at = from; at < to; at++) {
    if (at > from && memory.compare(job.slots + <usize>sampleAt(at) * width, job.slots + <usize>sampleAt(at - 1) * width, width) == 0) continue;
    store<i32>(groups + (<usize>count << 2), at);
    count++;
  }
  store<i32>(groups + (<usize>count << 2), to);
  return count;
}

/** The trades of so many samples should fit: all came as far as `tile` of `tiles`. */
function fitting(count: i32, tile: i32, tiles: i32): i32 {
  return max(1, min(count / 2, count * (tile + 1) / tiles * 3 / 4));
}

function misbehave(fault: i32): void {
  if (fault == TRAP) unreachable();
  if (fault == OUT_OF_BOUNDS) store<i32>(<usize>0xfffffffc, fault);
  if (fault == OVERFLOW) descend(fault);
}

function descend(depth: i32): i32 {
  return depth < 0 ? 0 : descend(depth + 1) + 1;
}
