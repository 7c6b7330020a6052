/** One round of gradient boosting with a squared loss; the rounds, and when to stop, are the host's. */
import { countOf, Growth, valueOf } from "./histogram";
import { growTree, leafOf, nodeAt } from "./grow";
import { randomBits, seedRandom } from "./random";

/** Sums of fixed-point values stay below 2^42 in absolute value: 44 bits with their sign, and one to spare. */
const SUM_BITS: i32 = 42;

/** The host writes it: src/models/boosting-task.ts. */
@unmanaged
class Boosting {
  growth: usize;
  /** rows to learn from, at most 2^20 − 1; the rows behind them, up to `rows`, are for validation */
  trainRows: i32;
  rows: i32;
  /** f64[rows] */
  target: usize;
  /** f32[rows], the prediction so far; begins at the base score */
  prediction: usize;
  /** rows and features that a tree is given, ≥ 1 each */
  sampleRows: i32;
  sampleColumns: i32;
  seed: i32;
  /** u8[rows × width], the codes of all slots; their number and i32[slots] bins */
  table: usize;
  tableWidth: i32;
  slotCount: i32;
  slotBins: usize;
  /** i32[rows], rows that the tree does not learn from */
  leftOut: usize;
  /** u8[16] for each 16 features of a tree and each 16 slots */
  shuffles: usize;
  learningRate: f64;
  lambda: f64;
  /** a split must gain this much, in units of the target squared */
  gamma: f64;
  /** out: sum of squared errors of the validation rows after the round */
  validationError: f64;
}

/**
 * Grow the next tree on the residuals and add it to the predictions.
 *
 * What a round draws depends on the seed and its number alone. Predictions are summed in f32 in the order of the
 * trees, as XGBoost does, so that those of the training rows are to the bit what the finished model says.
 *
 * @returns nodes of the tree, to be fetched with `emitTree`
 */
export function boostRound(boosting: usize, round: i32): i32 {
  const b = changetype<Boosting>(boosting), g = changetype<Growth>(b.growth);
  seedRandom(b.seed, round);
  const scale = packResiduals(b, g);
  const leftOut = drawRows(b, g);
  drawColumns(b, g);
  g.minGain = b.gamma * scale * scale;
  growTree(g, b.sampleRows);
  setLeaves(b, g, scale);
  for (let at = 0; at < leftOut; at++) {
    const row = load<i32>(b.leftOut + (<usize>at << 2));
    add(b.prediction, row, <f32>leafOf(g, row).value);
  }
  b.validationError = squaredError(b);
  return g.nodeCount;
}

/** 1.5 · 2^52: a number below 2^51 that is added to it loses its fraction, rounded as `nearest` does. */
const ROUND: f64 = 6755399441055744.0;

/**
 * Write the residuals in fixed point.
 *
 * @returns units per unit of the target, a power of two
 */
function packResiduals(b: Boosting, g: Growth): f64 {
  const target = b.target, prediction = b.prediction, packed = g.packed, even = b.trainRows & ~1;
  let sums = f64x2.splat(0), others = sums;
  let row = 0;
  for (; row + 4 <= even; row += 4) {
    sums = f64x2.add(sums, f64x2.abs(residuals(target, prediction, row)));
    others = f64x2.add(others, f64x2.abs(residuals(target, prediction, row + 2)));
  }
  sums = f64x2.add(sums, others);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; row < b.trainRows; row++) sum += abs(residual(target, prediction, row));
  const scale = powerOfTwoBelow(sum), scales = f64x2.splat(scale), round = f64x2.splat(ROUND), one = i64x2.splat(1);
  for (row = 0; row < even; row += 2) {
    const rounded = f64x2.add(f64x2.mul(residuals(target, prediction, row), scales), round);
    v128.store(packed + (<usize>row << 3), i64x2.add(i64x2.shl(i64x2.sub(rounded, round), 20), one));
  }
  if (row < b.trainRows) {
    store<i64>(packed + (<usize>row << 3), (<i64>nearest(residual(target, prediction, row) * scale) << 20) + 1);
  }
  return scale;
}

// @ts-ignore: decorator
@inline
function residuals(target: usize, prediction: usize, row: i32): v128 {
  const both = f64x2.promote_low_f32x4(v128.load64_zero(prediction + (<usize>row << 2)));
  return f64x2.sub(both, v128.load(target + (<usize>row << 3)));
}

/** The largest power of two that brings a sum below 2^SUM_BITS. */
export function powerOfTwoBelow(sum: f64): f64 {
  const exponent = <i32>(reinterpret<u64>(sum) >>> 52) - 1023; // sum < 2^(exponent + 1)
  const power = min(max(SUM_BITS - 1 - exponent, -1000), 1000);
  return reinterpret<f64>(<u64>(power + 1023) << 52);
}

// @ts-ignore: decorator
@inline
function residual(target: usize, prediction: usize, row: i32): f64 {
  return <f64>load<f32>(prediction + (<usize>row << 2)) - load<f64>(target + (<usize>row << 3));
}

/**
 * Draw the rows of the tree without replacement, in order (selection sampling, Knuth 1969, algorithm S).
 *
 * @returns how many rows are left out, those for validation included
 */
function drawRows(b: Boosting, g: Growth): i32 {
  if (b.sampleRows == b.trainRows) return takeAllRows(b, g);
  let chosen = 0, leftOut = 0;
  for (let row = 0; row < b.rows; row++) {
    const rest = b.trainRows - row, missing = b.sampleRows - chosen;
    const isIn = missing == rest ? rest > 0 : missing > 0 && <i32>(<u64>randomBits() * <u64>rest >>> 32) < missing;
    if (isIn) store<i32>(g.rows + (<usize>(chosen++) << 2), row);
    else store<i32>(b.leftOut + (<usize>(leftOut++) << 2), row);
  }
  return leftOut;
}

function takeAllRows(b: Boosting, g: Growth): i32 {
  const train = b.trainRows, leftOut = b.rows - train;
  for (let row = 0; row < train; row++) store<i32>(g.rows + (<usize>row << 2), row);
  for (let at = 0; at < leftOut; at++) store<i32>(b.leftOut + (<usize>at << 2), train + at);
  return leftOut;
}

/** Draw the features of the tree and bring their codes side by side. */
function drawColumns(b: Boosting, g: Growth): void {
  const all = b.slotCount, wanted = b.sampleColumns;
  if (wanted == all) return; // the host has set up all of them
  for (let slot = 0, chosen = 0; chosen < wanted; slot++) {
    if (<i32>(<u64>randomBits() * <u64>(all - slot) >>> 32) >= wanted - chosen) continue;
    const bins = load<i32>(b.slotBins + (<usize>slot << 2)), pair = g.bins + (<usize>(chosen >> 1) << 2);
    store<i32>(pair, chosen & 1 ? max(bins, load<i32>(pair)) : bins);
    store<i32>(g.slots + (<usize>chosen << 2), slot);
    chosen++;
  }
  copyColumns(b, g);
}

/** Bring the codes of the drawn slots side by side, 16 of the table and 16 of the tree at a time: a shuffle each. */
function copyColumns(b: Boosting, g: Growth): void {
  const from = b.tableWidth, to = g.width;
  let shuffle = b.shuffles;
  for (let block = 0; block < to; block += 16) {
    for (let source = 0; source < from; source += 16) {
      for (let lane = 0; lane < 16; lane++, shuffle++) {
        const feature = block + lane;
        const slot = feature < b.sampleColumns ? load<i32>(g.slots + (<usize>feature << 2)) - source : -1;
        store<u8>(shuffle, slot >= 0 && slot < 16 ? slot : 0x80); // out of range gives 0
      }
    }
  }
  let table = b.table, row = g.codes;
  for (const end = row + <usize>b.rows * to; row < end; table += from, row += to) {
    shuffle = b.shuffles;
    for (let block = 0; block < to; block += 16) { // what a register is too long is overwritten by the next
      let codes = i8x16.splat(0);
      for (let source = 0; source < from; source += 16, shuffle += 16) {
        codes = v128.or(codes, i8x16.swizzle(v128.load(table + source), v128.load(shuffle)));
      }
      v128.store(row + block, codes);
    }
  }
}

/** Newton's step for each leaf, −G / (n + λ), times the learning rate; and the step taken for the rows in it. */
function setLeaves(b: Boosting, g: Growth, scale: f64): void {
  for (let index = 0; index < g.nodeCount; index++) {
    const node = nodeAt(g, index);
    if (node.left) continue;
    const step = -valueOf(node.total) / (<f64>countOf(node.total) + b.lambda) / scale;
    const value = <f32>(step * b.learningRate);
    node.value = value;
    for (let at = node.start; at < node.end; at++) add(b.prediction, load<i32>(g.rows + (<usize>at << 2)), value);
  }
}

function squaredError(b: Boosting): f64 {
  let sum: f64 = 0;
  for (let row = b.trainRows; row < b.rows; row++) {
    const error = residual(b.target, b.prediction, row);
    sum += error * error;
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function add(prediction: usize, row: i32, value: f32): void {
  const at = prediction + (<usize>row << 2);
  store<f32>(at, load<f32>(at) + value);
}
