/**
 * Feeds: what the conditions of a strategy read, bound to the columns of a group of samples and to a tile.
 */
import { Feed, Job, Leaf } from "./job";
import { take } from "./scratch";
import { evaluate, Program } from "./signals";

/** Bars of one block of the program evaluator. */
export const BLOCK: i32 = 512;

let job: Job = changetype<Job>(0);
let program: Program = changetype<Program>(0);
/** usize[feedCount]: where the value of the tile's first bar stands */
let feedAt: usize = 0;
/** f64[tile + padding] for each feed that is a program */
let feedValues: usize = 0;
/** i32[feedCount] 0, 1, 2 …: a program over feeds names them directly */
let identity: usize = 0;

export function placeFeeds(its: Job): void {
  job = its;
  const places = <usize>(job.tile + 128), feeds = <usize>job.feedCount;
  program = changetype<Program>(take(offsetof<Program>()));
  program.constants = job.constants;
  program.stackDepth = job.blockDepth;
  program.stack = take(<usize>job.blockDepth * (BLOCK * 8 + 4));
  feedAt = take(feeds << 2);
  feedValues = take(0);
  for (let f = 0; f < job.feedCount; f++) if (feed(f).code != 0) take((places + BLOCK) << 3);
  identity = take(feeds << 2);
  for (let f = 0; f < job.feedCount; f++) store<i32>(identity + (<usize>f << 2), f);
}

// @ts-ignore: decorator
@inline
export function feed(f: i32): Feed {
  return changetype<Feed>(job.feeds + <usize>f * offsetof<Feed>());
}

// @ts-ignore: decorator
@inline
export function leaf(l: i32): Leaf {
  return changetype<Leaf>(job.leaves + <usize>l * offsetof<Leaf>());
}

/** The value of a scalar of a leaf for one sample. */
// @ts-ignore: decorator
@inline
export function scalarOf(reference: i32, sample: i32): f64 {
  return reference > 0
    ? load<f64>(job.parameters + (<usize>(sample * job.parameterCount + reference - 1) << 3))
    : load<f64>(job.constants + (<usize>(-reference - 1) << 3));
}

// @ts-ignore: decorator
@inline
export function sampleAt(position: i32): i32 {
  return load<i32>(job.order + (<usize>position << 2));
}

/**
 * A feed's value for the bar of a fill is the one at the close before it.
 *
 * @param base first bar of the tile; first, last: the words of it that are wanted; sample: one of the group
 */
export function bindFeeds(base: i32, first: i32, last: i32, sample: i32): void {
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
export function feedPointer(f: i32): usize {
  return load<usize>(feedAt + (<usize>f << 2));
}

/** The program of a leaf, over values that stand as `columns` says, for the parameters of one sample. */
export function programOf(condition: Leaf, columns: usize, sample: i32): Program {
  program.code = condition.code;
  program.words = condition.words;
  program.parameters = job.parameters + (<usize>(sample * job.parameterCount) << 3);
  program.slots = identity;
  program.columns = columns;
  return program;
}
