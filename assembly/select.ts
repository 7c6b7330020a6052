/**
 * Select: where the signals of a sample are true.
 *
 * For all samples that read the same columns the loosest rule that any of them has is worked out once a tile. Only the
 * bars that it leaves, the candidates, are looked at again: their values are gathered into short columns, and each
 * condition of each sample is one SIMD pass over them.
 */
import { AND, compare, compareRounded, criticalScalars, EQUAL, fill, FILTER_BYTES, GREATER, GREATER_EQUAL, holds, join, LESS, LESS_EQUAL, NOT_EQUAL, OR, round, SET, WITH_COLUMN, WITH_SCALAR, WITH_SCALED } from "./bitmap";
import { Feed, Job, Leaf, NONE, PAIR, PROGRAM, SCALAR, SCALED, Space, THRESHOLD } from "./job";
import { evaluate, Program } from "./signals";

/** Bars of one block of the program evaluator. */
const BLOCK: i32 = 512;

/** From so many samples on it pays to find the critical scalars of a condition. */
const WORTHWHILE: i32 = 8;

const ENTRIES: i32 = 1, EXITS: i32 = 2;
/** Feed.use has the same bits for f64 values, and two bits further for f32 copies. */
const ROUNDED: i32 = 2;

// What one thread works in; set up by `placeSelect`.
let job: Job = changetype<Job>(0);
export let entries: Space = changetype<Space>(0);
export let exits: Space = changetype<Space>(0);
let program: Program = changetype<Program>(0);
/** usize[feedCount]: where the value of the tile's first bar stands */
let feedAt: usize = 0;
/** f64[tile + padding] for each feed that is a program */
let feedValues: usize = 0;
/** i32[feedCount] 0, 1, 2 …: a program over feeds names them directly */
let identity: usize = 0;
/** bitmap of each leaf over the whole tile, as loose as any sample has it */
let leafBits: usize = 0;
/** bytes of a bitmap of the tile */
let bitmapBytes: usize = 0;
/** four stacks of bitmaps, one a signal; two more for the exits looked at among the entries */
let stacks: usize = 0;
let stackBytes: usize = 0;
/** whether some bar is a candidate of both, so that an exit may forbid an entry */
let overlaps: bool = false;
/** first bar of the tile, down to a multiple of 64 */
let base: i32 = 0;

// Where the signals of the sample stand: bitmaps over `entries` and `exits`, closed by a sentinel
export let longEntries: usize = 0;
export let shortEntries: usize = 0;
export let anyEntries: usize = 0;
export let longExits: usize = 0;
export let shortExits: usize = 0;

let free: usize = 0;

function take(bytes: usize): usize {
  const at = free;
  free += (bytes + 63) & ~<usize>63;
  return at;
}

/** Bytes of scratch; see `laneBytes` in src/engine/fast-job.ts. @returns the end of what it has taken */
export function placeSelect(its: Job, scratch: usize): usize {
  job = its;
  free = scratch;
  const places = <usize>(job.tile + 128), feeds = <usize>job.feedCount, leaves = <usize>job.leafCount;
  bitmapBytes = ((places >> 6) + 2) << 3;
  stackBytes = bitmapBytes * <usize>(job.bitmapDepth + 1);
  entries = changetype<Space>(take(offsetof<Space>()));
  exits = changetype<Space>(take(offsetof<Space>()));
  placeSpace(entries, ENTRIES, places, feeds, leaves);
  placeSpace(exits, EXITS, places, feeds, leaves);
  program = changetype<Program>(take(offsetof<Program>()));
  program.constants = job.constants;
  program.columns = job.columns;
  program.stackDepth = job.blockDepth;
  program.stack = take(<usize>job.blockDepth * (BLOCK * 8 + 4));
  feedAt = take(feeds << 2);
  feedValues = take(0);
  for (let f = 0; f < job.feedCount; f++) if (feed(f).code != 0) take((places + BLOCK) << 3);
  identity = take(feeds << 2);
  for (let f = 0; f < job.feedCount; f++) store<i32>(identity + (<usize>f << 2), f);
  leafBits = take(leaves * bitmapBytes);
  stacks = take(6 * stackBytes);
  longEntries = stacks;
  anyEntries = take(bitmapBytes);
  longExits = stacks + stackBytes;
  shortEntries = stacks + 2 * stackBytes;
  shortExits = stacks + 3 * stackBytes;
  return free;
}

function placeSpace(space: Space, use: i32, places: usize, feeds: usize, leaves: usize): void {
  space.use = use;
  space.mask = take(bitmapBytes);
  space.before = take((places >> 6) * 4 + 16);
  space.bars = take((places + 64) << 2);
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
}

// @ts-ignore: decorator
@inline
function feed(f: i32): Feed {
  return changetype<Feed>(job.feeds + <usize>f * offsetof<Feed>());
}

// @ts-ignore: decorator
@inline
function leaf(l: i32): Leaf {
  return changetype<Leaf>(job.leaves + <usize>l * offsetof<Leaf>());
}

/** The value of a scalar of a leaf for one sample. */
// @ts-ignore: decorator
@inline
function scalarOf(reference: i32, sample: i32): f64 {
  return reference > 0
    ? load<f64>(job.parameters + (<usize>(sample * job.parameterCount + reference - 1) << 3))
    : load<f64>(job.constants + (<usize>(-reference - 1) << 3));
}

/**
 * The range of each leaf's scalar over a group of samples, f64[2] each; both NaN where no sample can meet the leaf.
 * For a leaf without a column: 1 where some sample meets it.
 *
 * @param from, to positions in job.order
 */
export function bindBounds(from: i32, to: i32, bounds: usize): void {
  for (let l = 0; l < job.leafCount; l++, bounds += 16) {
    const condition = leaf(l);
    let low = NaN, high = NaN;
    if (condition.kind == SCALAR) {
      for (let at = from; at < to; at++) {
        const sample = sampleAt(at);
        if (holds(condition.operation, scalarOf(condition.scalar, sample), scalarOf(condition.other, sample))) low = high = 1;
      }
    } else if (condition.scalar != 0) {
      for (let at = from; at < to; at++) {
        const value = scalarOf(condition.scalar, sampleAt(at));
        if (value != value) continue;
        if (!(value >= low)) low = value;
        if (!(value <= high)) high = value;
      }
    }
    store<f64>(bounds, low);
    store<f64>(bounds, high, 8);
  }
}

// @ts-ignore: decorator
@inline
export function sampleAt(position: i32): i32 {
  return load<i32>(job.order + (<usize>position << 2));
}

/**
 * Find and gather the candidates of a tile for a group of samples.
 *
 * @param tileBase first bar of the tile, down to a multiple of 64
 * @param from, to the bars of the tile at which an order can fill
 * @param sample   one of the group, for its columns; samples: how many there are
 * @param bounds   as `bindBounds` leaves them
 */
export function prepareTile(tileBase: i32, from: i32, to: i32, sample: i32, samples: i32, bounds: usize): void {
  base = tileBase;
  const first = (from - base) >> 6, last = from < to ? (to - base + 63) >> 6 : first;
  if (from < to) {
    bindFeeds(first, last, sample);
    for (let l = 0; l < job.leafCount; l++) loosen(leaf(l), leafBits + <usize>l * bitmapBytes, bounds + (<usize>l << 4), first, last);
  }
  maskSpace(entries, job.enterLong, job.enterLongWords, job.enterShort, job.enterShortWords, from, to, first, last);
  maskSpace(exits, job.exitLong, job.exitLongWords, job.exitShort, job.exitShortWords, from, to, first, last);
  listCandidates(entries, from, to);
  listCandidates(exits, from, to);
  overlaps = false;
  const words = (job.tile >> 6) + 1;
  for (let w = 0; w < words; w++) {
    if (load<u64>(entries.mask + (<usize>w << 3)) & load<u64>(exits.mask + (<usize>w << 3))) overlaps = true;
  }
  gather(entries, overlaps ? ENTRIES | EXITS : ENTRIES, samples);
  gather(exits, EXITS, samples);
}

/** A feed's value for the bar of a fill is the one at the close before it. */
function bindFeeds(first: i32, last: i32, sample: i32): void {
  const slots = job.slots + (<usize>(sample * job.slotCount) << 2);
  let values = feedValues;
  for (let f = 0; f < job.feedCount; f++) {
    const source = feed(f);
    let at: usize;
    if (source.code == 0) {
      const column = <usize>load<i32>(slots + (<usize>source.slot << 2));
      at = <usize>load<i32>(job.columns + (column << 2)) + (<usize>(base - 1 - source.offset) << 3);
    } else {
      at = values;
      values += <usize>(job.tile + 128 + BLOCK) << 3;
      program.code = source.code;
      program.words = source.words;
      program.slots = slots;
      program.columns = job.columns;
      for (let place = first << 6; place < last << 6; place += BLOCK) {
        memory.copy(at + (<usize>place << 3), evaluate(program, base - 1 + place), BLOCK << 3);
      }
    }
    store<usize>(feedAt + (<usize>f << 2), at);
  }
}

// @ts-ignore: decorator
@inline
function feedPointer(f: i32): usize {
  return load<usize>(feedAt + (<usize>f << 2));
}

/** Bits of a leaf over words [first, last) of the tile: true wherever it is true for some sample of the group. */
function loosen(condition: Leaf, out: usize, bounds: usize, first: i32, last: i32): void {
  const words = last - first, skipped = <usize>first << 9;
  out += <usize>first << 3;
  const low = load<f64>(bounds), high = load<f64>(bounds, 8);
  const kind = condition.kind, operation = condition.operation;
  if (kind == SCALAR) return fill(low == 1, words, out, SET);
  if (kind == PROGRAM) return fill(true, words, out, SET);
  const a = feedPointer(condition.a) + skipped;
  if (kind == PAIR) return compare(WITH_COLUMN, operation, a, feedPointer(condition.b) + skipped, 0, words, out, SET);

  const right = kind == SCALED ? WITH_SCALED : WITH_SCALAR;
  const b = kind == SCALED ? feedPointer(condition.b) + skipped : 0;
  if (low == high || low != low) return compare(right, operation, a, b, low, words, out, SET);
  if (operation == NOT_EQUAL) return fill(true, words, out, SET);
  if (operation == EQUAL) {
    // between the ends, whichever of the two products is the larger one
    compare(right, GREATER_EQUAL, a, b, low, words, out, SET);
    compare(right, LESS_EQUAL, a, b, high, words, out, AND);
    if (kind != SCALED) return;
    const turned = stacks; // not in use yet
    compare(right, GREATER_EQUAL, a, b, high, words, turned, SET);
    compare(right, LESS_EQUAL, a, b, low, words, turned, AND);
    return join(turned, words, out, OR);
  }
  const less = operation == LESS || operation == LESS_EQUAL;
  compare(right, operation, a, b, less ? high : low, words, out, SET);
  if (kind == SCALED) compare(right, operation, a, b, less ? low : high, words, out, OR); // where b is negative
}

/** The bars of the tile that one of two signals may be about. */
function maskSpace(space: Space, long: usize, longWords: i32, short: usize, shortWords: i32, from: i32, to: i32, first: i32, last: i32): void {
  memory.fill(space.mask, 0, bitmapBytes);
  if (from >= to) return;
  const words = last - first, skipped = <usize>first << 3, out = space.mask + skipped;
  if (longWords > 0) {
    looseSignal(long, longWords, words, skipped);
    join(stacks, words, out, SET);
  }
  if (shortWords > 0) {
    looseSignal(short, shortWords, words, skipped);
    join(stacks, words, out, OR);
  }
  // only bars in [from, to)
  const head = from - base - (first << 6), tail = (last << 6) - (to - base);
  store<u64>(out, load<u64>(out) & (<u64>-1 << <u64>head));
  const end = out + (<usize>(words - 1) << 3);
  store<u64>(end, load<u64>(end) & (<u64>-1 >> <u64>tail));
}

/** Run a signal over the loosened leaves; the result stands at `stacks`. */
function looseSignal(code: usize, length: i32, words: i32, skipped: usize): void {
  let top = stacks;
  for (let i = 0; i < length; i++) {
    const instruction = load<i32>(code + (<usize>i << 2));
    if (instruction < 0) {
      top -= bitmapBytes;
      join(top, words, top - bitmapBytes, -instruction);
    } else {
      const mode = instruction & 3;
      const source = leafBits + <usize>(instruction >> 2) * bitmapBytes + skipped;
      if (mode == SET) {
        join(source, words, top, SET);
        top += bitmapBytes;
      } else join(source, words, top - bitmapBytes, mode);
    }
  }
}

function listCandidates(space: Space, from: i32, to: i32): void {
  const words = (job.tile >> 6) + 2;
  let count = 0;
  for (let w = 0; w < words; w++) {
    store<i32>(space.before + (<usize>w << 2), count);
    count += <i32>popcnt(load<u64>(space.mask + (<usize>w << 3)));
  }
  space.isFull = from < to && count > (to - from) >> 2 ? 1 : 0;
  space.from = from - base;
  space.count = space.isFull ? to - base : count;
  space.words = (space.count >> 6) + 1;
  if (space.isFull) {
    for (let place = 0; place < space.count; place++) store<i32>(space.bars + (<usize>place << 2), base + place);
  } else listBars(space.mask, words, space.bars);
  for (let i = 0; i < 64; i++) store<i32>(space.bars + (<usize>(space.count + i) << 2), NONE);
}

function listBars(mask: usize, words: i32, bars: usize): void {
  for (let w = 0; w < words; w++) {
    for (let bits = load<u64>(mask + (<usize>w << 3)); bits != 0; bits &= bits - 1) {
      store<i32>(bars, base + (w << 6) + <i32>ctz(bits));
      bars += 4;
    }
  }
}

/** How many candidates stand before a bar of the tile, or before the one behind it. */
export function rankOf(space: Space, bar: i32): i32 {
  const place = bar - base;
  if (space.isFull) return place;
  const word = <usize>(place >> 6);
  const bits = load<u64>(space.mask + (word << 3)) & ~(<u64>-1 << <u64>(place & 63));
  return load<i32>(space.before + (word << 2)) + <i32>popcnt(bits);
}

function gather(space: Space, use: i32, samples: i32): void {
  const count = space.count;
  space.isRounded = samples >= WORTHWHILE ? 1 : 0;
  space.fixedBits = space.isFull ? leafBits : space.fixedRoom;
  for (let f = 0; f < job.feedCount; f++) {
    const wanted = feed(f).use, at = <usize>f << 2;
    if ((wanted & (space.use | space.use << ROUNDED)) == 0) continue;
    const values = space.isFull ? feedPointer(f) : load<usize>(space.room + at);
    store<usize>(space.gathered + at, values);
    if (!space.isFull) gatherValues(feedPointer(f) - (<usize>base << 3), space.bars, count, values);
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

function gatherValues(source: usize, bars: usize, count: i32, out: usize): void {
  for (let c = 0; c < count; c++) {
    store<f64>(out + (<usize>c << 3), load<f64>(source + (<usize>load<i32>(bars + (<usize>c << 2)) << 3)));
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

// @ts-ignore: decorator
@inline
function criticalBytes(): usize {
  return <usize>(job.tile + 128) << 3;
}

function gatherBits(source: usize, space: Space, out: usize): void {
  const count = space.count;
  memory.fill(out, 0, <usize>space.words << 3);
  for (let c = 0; c < count; c++) {
    const place = load<i32>(space.bars + (<usize>c << 2)) - base;
    const bit = load<u64>(source + (<usize>(place >> 6) << 3)) >> <u64>(place & 63) & 1;
    const at = out + (<usize>(c >> 6) << 3);
    store<u64>(at, load<u64>(at) | bit << <u64>(c & 63));
  }
}

/** The signals of one sample, as bitmaps over the candidates. */
export function select(sample: i32): void {
  const hasLong = job.enterLongWords > 0, hasShort = job.enterShortWords > 0;
  const words = entries.words;
  signal(entries, job.enterLong, job.enterLongWords, sample, longEntries);
  signal(entries, job.enterShort, job.enterShortWords, sample, shortEntries);
  if (overlaps && hasLong && job.exitLongWords > 0) {
    const forbidding = stacks + 4 * stackBytes;
    signal(entries, job.exitLong, job.exitLongWords, sample, forbidding);
    forbid(forbidding, longEntries, shortEntries, words, hasShort);
  } else if (hasLong && hasShort) forbid(0, longEntries, shortEntries, words, true);
  if (overlaps && hasShort && job.exitShortWords > 0) {
    const forbidding = stacks + 5 * stackBytes;
    signal(entries, job.exitShort, job.exitShortWords, sample, forbidding);
    forbid(forbidding, shortEntries, longEntries, words, false);
  }
  close(longEntries, entries);
  if (hasShort) {
    close(shortEntries, entries);
    for (let w = 0; w < words; w++) {
      const at = <usize>w << 3;
      store<u64>(anyEntries + at, load<u64>(longEntries + at) | load<u64>(shortEntries + at));
    }
  }
  signal(exits, job.exitLong, job.exitLongWords, sample, longExits);
  close(longExits, exits);
  if (hasShort) {
    signal(exits, job.exitShort, job.exitShortWords, sample, shortExits);
    close(shortExits, exits);
  }
}

/** Take from one side's entries those that its own exit forbids, and from both those that contradict each other. */
function forbid(exit: usize, own: usize, opposite: usize, words: i32, contradict: bool): void {
  for (let w = 0; w < words; w++) {
    const at = <usize>w << 3;
    let mine = load<u64>(own + at);
    if (contradict) {
      const both = mine & load<u64>(opposite + at);
      mine &= ~both;
      store<u64>(opposite + at, load<u64>(opposite + at) & ~both);
    }
    if (exit) mine &= ~load<u64>(exit + at);
    store<u64>(own + at, mine);
  }
}

/** Clear what stands before the first candidate and behind the last one, and set the sentinel. */
function close(bits: usize, space: Space): void {
  if (space.isFull) {
    const first = bits + (<usize>(space.from >> 6) << 3);
    for (let word = bits; word < first; word += 8) store<u64>(word, 0);
    store<u64>(first, load<u64>(first) & (<u64>-1 << <u64>(space.from & 63)));
  }
  const at = bits + (<usize>(space.count >> 6) << 3);
  const sentinel = <u64>1 << <u64>(space.count & 63);
  store<u64>(at, load<u64>(at) & (sentinel - 1) | sentinel);
}

/** Run one signal; its bitmap stands at `out`, without end. No program never fires. */
function signal(space: Space, code: usize, length: i32, sample: i32, out: usize): void {
  const words = space.words;
  if (length == 0) return fill(false, words, out, SET);
  let top = out;
  for (let i = 0; i < length; i++) {
    const instruction = load<i32>(code + (<usize>i << 2));
    if (instruction < 0) {
      top -= bitmapBytes;
      join(top, words, top - bitmapBytes, -instruction);
    } else {
      const mode = instruction & 3;
      if (mode == SET) {
        decide(space, instruction >> 2, sample, words, top, SET);
        top += bitmapBytes;
      } else decide(space, instruction >> 2, sample, words, top - bitmapBytes, mode);
    }
  }
}

/** One comparison of one sample over the candidates. */
function decide(space: Space, index: i32, sample: i32, words: i32, out: usize, mode: i32): void {
  const condition = leaf(index);
  if (condition.fixed) return join(space.fixedBits + <usize>index * bitmapBytes, words, out, mode);
  switch (condition.kind) {
    case THRESHOLD:
      if (!space.isRounded) {
        return compare(
          WITH_SCALAR, condition.operation, load<usize>(space.gathered + (<usize>condition.a << 2)), 0, scalarOf(condition.scalar, sample),
          words, out, mode,
        );
      }
      return compareRounded(
        condition.operation, load<usize>(space.gathered + (<usize>condition.a << 2)), load<usize>(space.rounded + (<usize>condition.a << 2)),
        load<usize>(space.filters + (<usize>condition.a << 2)), scalarOf(condition.scalar, sample), words, out, mode,
      );
    case SCALED:
      if (load<u8>(space.isCritical + index)) {
        const values = load<usize>(space.critical + (<usize>index << 2)), copies = values + criticalBytes();
        const turned = condition.operation == LESS || condition.operation == LESS_EQUAL ? LESS_EQUAL : GREATER_EQUAL;
        return compareRounded(turned, values, copies, copies + (<usize>(job.tile + 192) << 2), scalarOf(condition.scalar, sample), words, out, mode);
      }
      return compare(
        WITH_SCALED, condition.operation, load<usize>(space.gathered + (<usize>condition.a << 2)),
        load<usize>(space.gathered + (<usize>condition.b << 2)), scalarOf(condition.scalar, sample), words, out, mode,
      );
    case PROGRAM:
      return runProgram(space, condition, sample, words, out, mode);
    default:
      fill(holds(condition.operation, scalarOf(condition.scalar, sample), scalarOf(condition.other, sample)), words, out, mode);
  }
}

/** The fallback: the postfix program of the comparison, over gathered values in blocks. */
function runProgram(space: Space, condition: Leaf, sample: i32, words: i32, out: usize, mode: i32): void {
  program.code = condition.code;
  program.words = condition.words;
  program.parameters = job.parameters + (<usize>(sample * job.parameterCount) << 3);
  program.slots = identity;
  program.columns = space.gathered;
  for (let place = 0; place < words << 6; place += BLOCK) {
    const truth = evaluate(program, place);
    const count = min(BLOCK >> 6, words - (place >> 6));
    compareTruth(truth, count, out + (<usize>(place >> 6) << 3), mode);
  }
}

function compareTruth(truth: usize, words: i32, out: usize, mode: i32): void {
  compare(WITH_SCALAR, NOT_EQUAL, truth, 0, 0, words, out, mode);
}
