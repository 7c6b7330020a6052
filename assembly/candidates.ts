/**
 * Candidates: the bars of a tile that some sample of a group may act on, and the values that their conditions read,
 * gathered into short columns.
 */
import { criticalScalars, EQUAL, FILTER_BYTES, NOT_EQUAL, round } from "./bitmap";
import { BLOCK, feed, feedPointer, leaf } from "./feeds";
import { Job, Leaf, NONE, SCALED, Space } from "./job";
import { take } from "./scratch";

export const ENTRIES: i32 = 1, EXITS: i32 = 2;
/** Feed.use has the same bits for f64 values, and two bits further for f32 copies. */
const ROUNDED: i32 = 2;

let job: Job = changetype<Job>(0);
/** bytes of a bitmap of the tile */
let bitmapBytes: usize = 0;
/** first bar of the tile, down to a multiple of 64 */
export let base: i32 = 0;

export function placeSpace(its: Job, use: i32): Space {
  job = its;
  const places = <usize>(job.tile + 128), feeds = <usize>job.feedCount, leaves = <usize>job.leafCount;
  bitmapBytes = ((places >> 6) + 2) << 3;
  const space = changetype<Space>(take(offsetof<Space>()));
  space.use = use;
  space.mask = take(bitmapBytes);
  space.before = take((places >> 6) * 4 + 16);
  space.list = take((places + 64) << 3);
  space.openRoom = take((places + 64) << 3);
  space.room = take(feeds << 2);
  space.gathered = take(feeds << 2);
  space.rounded = take(feeds << 2);
  space.filters = take(feeds << 2);
  space.fixedRoom = take(leaves * bitmapBytes);
  space.critical = take(leaves << 2);
  space.isCritical = take(leaves);
  for (let l = 0; l < job.leafCount; l++) {
    if (leaf(l).kind == SCALED && !leaf(l).fixed) store<usize>(space.critical + (<usize>l << 2), take(places * 12 + 1024 + FILTER_BYTES));
  }
  for (let f = 0; f < job.feedCount; f++) {
    const wanted = feed(f).use;
    if (wanted & (use | use << ROUNDED)) store<usize>(space.room + (<usize>f << 2), take((places + BLOCK) << 3));
    if (wanted & (use << ROUNDED)) {
      store<usize>(space.rounded + (<usize>f << 2), take((places + 64) << 2));
      store<usize>(space.filters + (<usize>f << 2), take(FILTER_BYTES));
    }
  }
  return space;
}

export function setBase(tileBase: i32): void {
  base = tileBase;
}

/**
 * Count the candidates of a space, whose mask is there.
 *
 * @param from, to the bars of the tile at which an order can fill
 */
export function countCandidates(space: Space, from: i32, to: i32): void {
  const words = (job.tile >> 6) + 2;
  let count = 0;
  for (let w = 0; w < words; w++) {
    store<i32>(space.before + (<usize>w << 2), count);
    count += <i32>popcnt(load<u64>(space.mask + (<usize>w << 3)));
  }
  if (from < to && count > (to - from) >> 2) return fillSpace(space, from, to);
  space.isFull = 0;
  setCount(space, count);
}

/** Every bar from `from` on is a candidate, and a candidate is its place in the tile. */
export function fillSpace(space: Space, from: i32, to: i32): void {
  space.isFull = 1;
  space.from = from - base;
  space.opens = job.open + (<usize>base << 3);
  setCount(space, to - base);
}

function setCount(space: Space, count: i32): void {
  space.count = count;
  space.words = (count >> 6) + 1;
}

/** Write the list of a space; `other` is where a walk goes on, from `later` bars after a candidate on. */
export function listCandidates(space: Space, other: Space, later: i32): void {
  const count = space.count;
  let at = space.list;
  if (space.isFull) {
    for (let place = 0; place < count; place++) at = list(at, base + place, other, later);
  } else {
    for (let word = 0, last = job.tile >> 6; word <= last; word++) {
      for (let bits = load<u64>(space.mask + (<usize>word << 3)); bits != 0; bits &= bits - 1) {
        at = list(at, base + (word << 6) + <i32>ctz(bits), other, later);
      }
    }
    space.opens = space.openRoom;
    gatherValues(job.open, space.list, count, space.opens);
  }
  for (let i = 0; i < 64; i++, at += 8) {
    store<i32>(at, NONE);
    store<i32>(at, other.count, 4);
  }
}

// @ts-ignore: decorator
@inline
function list(at: usize, bar: i32, other: Space, later: i32): usize {
  store<i32>(at, bar);
  store<i32>(at, rankOf(other, bar + later), 4);
  return at + 8;
}

/** How many candidates stand before a bar of the tile, or before the one behind it. */
export function rankOf(space: Space, bar: i32): i32 {
  const place = bar - base;
  if (space.isFull) return place;
  const word = <usize>(place >> 6);
  const bits = load<u64>(space.mask + (word << 3)) & ~(<u64>-1 << <u64>(place & 63));
  return load<i32>(space.before + (word << 2)) + <i32>popcnt(bits);
}

/**
 * Gather what the leaves of some `use` read.
 *
 * @param rounds    whether so many samples read it that f32 copies and critical scalars pay
 * @param leafBits  bitmaps of the leaves over the whole tile, of which those of fixed leaves are gathered
 */
export function gather(space: Space, use: i32, rounds: bool, leafBits: usize): void {
  const count = space.count;
  space.isRounded = rounds ? 1 : 0;
  space.fixedBits = space.isFull ? leafBits : space.fixedRoom;
  for (let f = 0; f < job.feedCount; f++) {
    const wanted = feed(f).use, at = <usize>f << 2;
    if ((wanted & (space.use | space.use << ROUNDED)) == 0) continue;
    const values = space.isFull ? feedPointer(f) : load<usize>(space.room + at);
    store<usize>(space.gathered + at, values);
    if (!space.isFull) gatherValues(feedPointer(f) - (<usize>base << 3), space.list, count, values);
    if (space.isRounded && wanted & (space.use << ROUNDED)) round(values, count, load<usize>(space.rounded + at), load<usize>(space.filters + at));
  }
  for (let l = 0; l < job.leafCount; l++) {
    const condition = leaf(l);
    if ((condition.use & use) == 0) continue;
    if (condition.fixed) {
      if (!space.isFull) gatherBits(leafBits + <usize>l * bitmapBytes, space, space.fixedRoom + <usize>l * bitmapBytes);
    } else if (condition.kind == SCALED) {
      store<u8>(space.isCritical + l, space.isRounded && findCritical(space, condition, load<usize>(space.critical + (<usize>l << 2))) ? 1 : 0);
    }
  }
}

function gatherValues(source: usize, list: usize, count: i32, out: usize): void {
  for (let c = 0; c < count; c++) {
    store<f64>(out + (<usize>c << 3), load<f64>(source + (<usize>load<i32>(list + (<usize>c << 3)) << 3)));
  }
}

/** Copies stand behind the exact values, their filter behind them: see `decide`. */
function findCritical(space: Space, condition: Leaf, out: usize): bool {
  if (condition.operation == EQUAL || condition.operation == NOT_EQUAL) return false;
  const x = load<usize>(space.gathered + (<usize>condition.a << 2)), y = load<usize>(space.gathered + (<usize>condition.b << 2));
  if (!criticalScalars(condition.operation, x, y, space.count, out)) return false;
  const copies = out + criticalBytes();
  round(out, space.count, copies, copies + (<usize>(job.tile + 192) << 2));
  return true;
}

/** Of exact critical scalars; their f32 copies stand behind them, and the filter of those behind the copies. */
// @ts-ignore: decorator
@inline
export function criticalBytes(): usize {
  return <usize>(job.tile + 128) << 3;
}

function gatherBits(source: usize, space: Space, out: usize): void {
  const count = space.count;
  memory.fill(out, 0, <usize>space.words << 3);
  for (let c = 0; c < count; c++) {
    const place = load<i32>(space.list + (<usize>c << 3)) - base;
    const bit = load<u64>(source + (<usize>(place >> 6) << 3)) >> <u64>(place & 63) & 1;
    const at = out + (<usize>(c >> 6) << 3);
    store<u64>(at, load<u64>(at) | bit << <u64>(c & 63));
  }
}
