/**
 * Loosening: the rule that lets through every bar which any sample of a group may act on.
 */
import { AND, compare, EQUAL, fill, GREATER_EQUAL, holds, join, LESS, LESS_EQUAL, NOT_EQUAL, OR, SET, WITH_COLUMN, WITH_SCALAR, WITH_SCALED } from "./bitmap";
import { feedPointer, leaf, sampleAt, scalarOf } from "./feeds";
import { Job, Leaf, PAIR, PROGRAM, SCALAR, SCALED } from "./job";

/**
 * The range of each leaf's scalar over a group of samples, f64[2] each; both NaN where no sample can meet the leaf.
 * For a leaf without a column: 1 where some sample meets it.
 *
 * @param from, to positions in job.order
 */
export function bindBounds(job: Job, from: i32, to: i32, bounds: usize): void {
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

/**
 * Bits of a leaf over words [first, last) of the tile: true wherever it is true for some sample of the group.
 *
 * @param scratch for a bitmap
 */
export function loosen(condition: Leaf, out: usize, bounds: usize, first: i32, last: i32, scratch: usize): void {
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
    const turned = scratch;
    compare(right, GREATER_EQUAL, a, b, high, words, turned, SET);
    compare(right, LESS_EQUAL, a, b, low, words, turned, AND);
    return join(turned, words, out, OR);
  }
  const less = operation == LESS || operation == LESS_EQUAL;
  compare(right, operation, a, b, less ? high : low, words, out, SET);
  if (kind == SCALED) compare(right, operation, a, b, less ? low : high, words, out, OR); // where b is negative
}
