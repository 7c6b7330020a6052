/**
 * Select: where the signals of a sample are true.
 *
 * For all samples that read the same columns the loosest rule that any of them has is worked out once a tile. Only the
 * bars that it leaves, the candidates, are looked at again: their values are gathered into short columns, and each
 * condition of each sample is one SIMD pass over them. Where few samples share their columns, or most bars are
 * candidates, none of this pays, and the conditions run over the columns themselves.
 */
import { compare, compareRounded, fill, holds, join, LESS, LESS_EQUAL, GREATER_EQUAL, NOT_EQUAL, OR, SET, WITH_SCALAR, WITH_SCALED } from "./bitmap";
import { countCandidates, criticalBytes, ENTRIES, EXITS, fillSpace, gather, listCandidates, placeSpace, setBase } from "./candidates";
import { bindFeeds, BLOCK, leaf, placeFeeds, programOf, scalarOf } from "./feeds";
import { Job, Leaf, PROGRAM, SCALED, Space, THRESHOLD } from "./job";
import { loosen } from "./loosen";
import { openScratch, take } from "./scratch";
import { evaluate } from "./signals";

/** From so many samples on candidates pay. */
const WORTHWHILE: i32 = 6;

// What one thread works in; set up by `placeSelect`.
let job: Job = changetype<Job>(0);
export let entries: Space = changetype<Space>(0);
export let exits: Space = changetype<Space>(0);
/** whether the conditions run over the columns: then `entries` stands for both spaces, and a candidate is a place */
export let isDirect: bool = false;
/** bitmap of each leaf over the whole tile, as loose as any sample has it */
let leafBits: usize = 0;
/** bytes of a bitmap of the tile */
let bitmapBytes: usize = 0;
/** four stacks of bitmaps, one a signal; two more for the exits looked at among the entries */
let stacks: usize = 0;
let stackBytes: usize = 0;
/** whether some bar is a candidate of both, so that an exit may forbid an entry */
let overlaps: bool = false;

// Where the signals of the sample stand: bitmaps over `entries` and `exits`, closed by a sentinel
export let longEntries: usize = 0;
export let shortEntries: usize = 0;
export let anyEntries: usize = 0;
export let longExits: usize = 0;
export let shortExits: usize = 0;

/** Bytes of scratch; see `laneBytes` in src/engine/fast-job.ts. @returns the end of what it has taken */
export function placeSelect(its: Job, scratch: usize): usize {
  job = its;
  openScratch(scratch);
  bitmapBytes = (<usize>((job.tile + 128) >> 6) + 2) << 3;
  stackBytes = bitmapBytes * <usize>(job.bitmapDepth + 1);
  placeFeeds(job);
  entries = placeSpace(job, ENTRIES);
  exits = placeSpace(job, EXITS);
  leafBits = take(<usize>job.leafCount * bitmapBytes);
  stacks = take(6 * stackBytes);
  longEntries = stacks;
  anyEntries = take(bitmapBytes);
  longExits = stacks + stackBytes;
  shortEntries = stacks + 2 * stackBytes;
  shortExits = stacks + 3 * stackBytes;
  return take(0);
}

/**
 * Make a tile ready for a group of samples.
 *
 * @param base     first bar of the tile, down to a multiple of 64
 * @param from, to the bars of the tile at which an order can fill
 * @param sample   one of the group, for its columns; samples: how many there are
 * @param bounds   as `bindBounds` leaves them
 */
export function prepareTile(base: i32, from: i32, to: i32, sample: i32, samples: i32, bounds: usize): void {
  setBase(base);
  const first = (from - base) >> 6, last = from < to ? (to - base + 63) >> 6 : first;
  isDirect = from < to && samples < WORTHWHILE;
  if (from < to) {
    bindFeeds(base, first, last, sample);
    for (let l = 0; l < job.leafCount; l++) {
      if (!isDirect || leaf(l).fixed) loosen(leaf(l), leafBits + <usize>l * bitmapBytes, bounds + (<usize>l << 4), first, last, stacks);
    }
  }
  if (!isDirect) {
    maskSpace(entries, job.enterLong, job.enterLongWords, job.enterShort, job.enterShortWords, base, from, to, first, last);
    maskSpace(exits, job.exitLong, job.exitLongWords, job.exitShort, job.exitShortWords, base, from, to, first, last);
    countCandidates(entries, from, to);
    countCandidates(exits, from, to);
    isDirect = entries.isFull != 0 && exits.isFull != 0;
  }
  if (isDirect) {
    fillSpace(entries, from, to);
    gather(entries, ENTRIES | EXITS, samples >= WORTHWHILE, leafBits);
    return;
  }
  listCandidates(entries, exits, 1);
  listCandidates(exits, entries, 0);
  overlaps = false;
  const words = (job.tile >> 6) + 1;
  for (let w = 0; w < words; w++) {
    if (load<u64>(entries.mask + (<usize>w << 3)) & load<u64>(exits.mask + (<usize>w << 3))) overlaps = true;
  }
  gather(entries, overlaps ? ENTRIES | EXITS : ENTRIES, true, leafBits);
  gather(exits, EXITS, true, leafBits);
}

/** The bars of the tile that one of two signals may be about. */
function maskSpace(space: Space, long: usize, longWords: i32, short: usize, shortWords: i32, base: i32, from: i32, to: i32, first: i32, last: i32): void {
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

/** The signals of one sample, as bitmaps over the candidates. */
export function select(sample: i32): void {
  const hasShort = job.enterShortWords > 0;
  signal(entries, job.enterLong, job.enterLongWords, sample, longEntries);
  if (hasShort) signal(entries, job.enterShort, job.enterShortWords, sample, shortEntries);
  const ends = isDirect ? entries : exits;
  signal(ends, job.exitLong, job.exitLongWords, sample, longExits);
  if (hasShort) signal(ends, job.exitShort, job.exitShortWords, sample, shortExits);
  forbidEntries(sample, hasShort);

  close(longEntries, entries);
  close(longExits, ends);
  if (!hasShort) return;
  close(shortEntries, entries);
  close(shortExits, ends);
  for (let w = 0; w < entries.words; w++) {
    const at = <usize>w << 3;
    store<u64>(anyEntries + at, load<u64>(longEntries + at) | load<u64>(shortEntries + at));
  }
}

/** An exit signal forbids the entry of its side, and entries of both sides forbid each other. */
function forbidEntries(sample: i32, hasShort: bool): void {
  const hasLong = job.enterLongWords > 0, words = entries.words;
  if (hasLong && hasShort) contradict(words);
  if (!isDirect && !overlaps) return;
  if (hasLong && job.exitLongWords > 0) forbid(exitsOf(longExits, job.exitLong, job.exitLongWords, sample, 4), longEntries, words);
  if (hasShort && job.exitShortWords > 0) forbid(exitsOf(shortExits, job.exitShort, job.exitShortWords, sample, 5), shortEntries, words);
}

/** The exits of a side among the entries. */
function exitsOf(known: usize, code: usize, length: i32, sample: i32, stack: usize): usize {
  if (isDirect) return known;
  const own = stacks + stack * stackBytes;
  signal(entries, code, length, sample, own);
  return own;
}

function contradict(words: i32): void {
  for (let w = 0; w < words; w++) {
    const at = <usize>w << 3, long = load<u64>(longEntries + at), short = load<u64>(shortEntries + at);
    store<u64>(longEntries + at, long & ~short);
    store<u64>(shortEntries + at, short & ~long);
  }
}

function forbid(exit: usize, own: usize, words: i32): void {
  for (let w = 0; w < words; w++) {
    const at = <usize>w << 3;
    store<u64>(own + at, load<u64>(own + at) & ~load<u64>(exit + at));
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
  const program = programOf(condition, space.gathered, sample);
  for (let place = 0; place < words << 6; place += BLOCK) {
    const truth = evaluate(program, place);
    compare(WITH_SCALAR, NOT_EQUAL, truth, 0, 0, min(BLOCK >> 6, words - (place >> 6)), out + (<usize>(place >> 6) << 3), mode);
  }
}
