/**
 * Support vector regression by sequential minimal optimisation.
 *
 * The dual in n signed coefficients β_i = α_i − α*_i, −C ≤ β_i ≤ C, Σ β = 0: minimise
 * ½ Σ β_i β_j K_ij − Σ β_i y_i + ε Σ |β_i|. With the errors e_i = y_i − Σ β_j K_ij, raising β_i gains
 * e_i − ε where β_i ≥ 0 and e_i + ε below; lowering it costs e_i − ε where β_i > 0 and e_i + ε from 0 on. A step moves
 * one coefficient up and another down by the same amount; the best pair by second order is chosen.
 * Sources: J. Platt (1998); R. Fan, P. Chen, C. Lin, J. Machine Learning Research 6 (2005), as in LIBSVM.
 *
 * Rows of the kernel matrix are computed when they are first needed and kept in a ring of slots.
 */
import { radial, squaredDistances } from "./distances";

/** Where the curvature along a pair is nothing but rounding. */
const FLAT: f64 = 1e-12;

/**
 * Train. The host has standardised what it passes and divided the columns by the width of the kernel.
 *
 * @param rows      f64[count × columns], the points by rows
 * @param points    f64[columns × n], the same by columns, n a multiple of 8
 * @param y         f64[n]
 * @param c         C > 0, bound of a coefficient
 * @param epsilon   ε ≥ 0, errors up to here are free
 * @param tolerance largest gain of a pair that is left, in units of the target
 * @param most      steps, at most
 * @param slotTotal rows of the kernel matrix that fit into `cache`, ≥ 2
 * @param cache     f64[slotTotal × n]
 * @param slots     i32[count + slotTotal]
 * @param beta      f64[n], receives the coefficients
 * @param error     f64[n], scratch
 * @param result    f64[2], receives the intercept and the number of steps
 *
 * About 1.5 ns · count a step; 1,000 rows take some thousand steps.
 */
export function trainSvr(
  rows: usize, points: usize, count: i32, n: i32, columns: i32, y: usize, c: f64, epsilon: f64, tolerance: f64,
  most: i32, slotTotal: i32, cache: usize, slots: usize, beta: usize, error: usize, result: usize,
): void {
  rowsAt = rows;
  pointsAt = points;
  width = n;
  depth = columns;
  slotOf = slots;
  rowOf = slots + (<usize>count << 2);
  slotCount = slotTotal;
  nextSlot = 0;
  kept = cache;
  memory.fill(slots, 0xff, <usize>(count + slotTotal) << 2);
  memory.fill(beta, 0, <usize>n << 3);
  memory.copy(error, y, <usize>n << 3);

  for (let i = count; i < n; i++) store<f64>(beta + (<usize>i << 3), NaN); // no comparison ever takes them

  let step = 0;
  scan(beta, error, 0, 0, 0, n, c, epsilon);
  for (; step < most && top - bottom >= tolerance; step++) {
    const i = raised, up = kernelRow(i, -1);
    const j = partner(beta, error, up, n, c, epsilon);
    const down = kernelRow(j, i);
    const at = beta + (<usize>i << 3), to = beta + (<usize>j << 3);
    const bi = load<f64>(at), bj = load<f64>(to);
    const curvature = max(2 - 2 * load<f64>(up + (<usize>j << 3)), FLAT);
    let move = (top - drop(bj, load<f64>(error + (<usize>j << 3)), epsilon)) / curvature;
    move = min(move, bi < 0 ? -bi : c - bi); // a coefficient stops at 0 first: there its gain changes
    move = min(move, bj > 0 ? bj : c + bj);
    store<f64>(at, bi + move);
    store<f64>(to, bj - move);
    scan(beta, error, up, down, move, n, c, epsilon);
  }
  store<f64>(result, intercept(beta, error, count, c, epsilon));
  store<f64>(result, <f64>step, 8);
}

/**
 * Predict: intercept + Σ β e^(−d²) for each place.
 *
 * @param places  f64[placeCount × columns], by rows, scaled as in training
 * @param points  f64[columns × n], the support vectors by columns
 * @param beta    f64[n], zeros behind the last one
 * @param scratch f64[n]
 */
export function predictSvr(
  places: usize, placeCount: i32, points: usize, n: i32, columns: i32, beta: usize, intercept: f64, scratch: usize,
  out: usize,
): void {
  for (let place = 0; place < placeCount; place++) {
    squaredDistances(points, n, columns, places + (<usize>place * <usize>columns << 3), n, scratch);
    radial(scratch, n);
    let sum = f64x2.splat(0);
    for (let at: usize = 0, end = <usize>n << 3; at < end; at += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(scratch + at), v128.load(beta + at)));
    }
    store<f64>(out + (<usize>place << 3), intercept + f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

/** Largest gain of raising a coefficient, and whose it is; smallest cost of lowering one. As `scan` found them. */
let top: f64 = 0, raised: i32 = 0, bottom: f64 = 0;

/** Bring the errors up to date with the last step, and find the coefficient to raise; the first of equals. */
function scan(beta: usize, error: usize, up: usize, down: usize, move: f64, n: i32, c: f64, epsilon: f64): void {
  const shift = f64x2.splat(move), zero = f64x2.splat(0), most = f64x2.splat(c), least = f64x2.splat(-c);
  const free = f64x2.splat(epsilon), costly = f64x2.splat(-epsilon);
  const never = f64x2.splat(-Infinity), always = f64x2.splat(Infinity), two = f64x2.splat(2);
  let gains = never, costs = always, winners = zero, index = f64x2(0, 1);
  for (let at: usize = 0, end = <usize>n << 3; at < end; at += 16) {
    const b = v128.load(beta + at);
    let e = v128.load(error + at);
    if (up) {
      e = f64x2.sub(e, f64x2.mul(shift, f64x2.sub(v128.load(up + at), v128.load(down + at))));
      v128.store(error + at, e);
    }
    const raise = f64x2.add(e, v128.bitselect(free, costly, f64x2.lt(b, zero)));
    const lower = f64x2.add(e, v128.bitselect(costly, free, f64x2.gt(b, zero)));
    const gain = v128.bitselect(raise, never, f64x2.lt(b, most));
    costs = f64x2.pmin(costs, v128.bitselect(lower, always, f64x2.gt(b, least)));
    winners = v128.bitselect(index, winners, f64x2.gt(gain, gains));
    gains = f64x2.pmax(gains, gain);
    index = f64x2.add(index, two);
  }
  raised = better(gains, winners);
  top = max(f64x2.extract_lane(gains, 0), f64x2.extract_lane(gains, 1));
  bottom = min(f64x2.extract_lane(costs, 0), f64x2.extract_lane(costs, 1));
}

/** @returns the coefficient whose lowering, against raising the one with row `up`, gains most by second order */
function partner(beta: usize, error: usize, up: usize, n: i32, c: f64, epsilon: f64): i32 {
  const zero = f64x2.splat(0), least = f64x2.splat(-c), gain = f64x2.splat(top);
  const free = f64x2.splat(epsilon), costly = f64x2.splat(-epsilon);
  const never = f64x2.splat(-Infinity), two = f64x2.splat(2), flat = f64x2.splat(FLAT);
  let worths = never, winners = zero, index = f64x2(0, 1);
  for (let at: usize = 0, end = <usize>n << 3; at < end; at += 16) {
    const b = v128.load(beta + at);
    const cost = f64x2.add(v128.load(error + at), v128.bitselect(costly, free, f64x2.gt(b, zero)));
    const slope = f64x2.sub(gain, cost);
    const curvature = f64x2.pmax(f64x2.sub(two, f64x2.mul(two, v128.load(up + at))), flat);
    const allowed = v128.and(f64x2.gt(b, least), f64x2.gt(slope, zero));
    const worth = v128.bitselect(f64x2.div(f64x2.mul(slope, slope), curvature), never, allowed);
    winners = v128.bitselect(index, winners, f64x2.gt(worth, worths));
    worths = f64x2.pmax(worths, worth);
    index = f64x2.add(index, two);
  }
  return better(worths, winners);
}

/** The winner of two lanes; of equals the lower index. */
// @ts-ignore: decorator
@inline
function better(values: v128, indices: v128): i32 {
  const a = f64x2.extract_lane(values, 0), b = f64x2.extract_lane(values, 1);
  const i = f64x2.extract_lane(indices, 0), j = f64x2.extract_lane(indices, 1);
  return <i32>(a > b || (a == b && i < j) ? i : j);
}

/** What it costs to lower a coefficient. */
// @ts-ignore: decorator
@inline
function drop(beta: f64, error: f64, epsilon: f64): f64 {
  return beta > 0 ? error - epsilon : error + epsilon;
}

/** The mean of what free coefficients ask for; without any, the middle of what is allowed. */
function intercept(beta: usize, error: usize, count: i32, c: f64, epsilon: f64): f64 {
  let sum: f64 = 0, free = 0;
  for (let i = 0; i < count; i++) {
    const b = load<f64>(beta + (<usize>i << 3));
    if (b == 0 || abs(b) >= c) continue;
    sum += drop(b, load<f64>(error + (<usize>i << 3)), epsilon);
    free++;
  }
  return free > 0 ? sum / <f64>free : (top + bottom) / 2;
}

/** Rows of the kernel matrix that are kept: the slot of each row, the row of each slot, −1 for none. */
let slotOf: usize = 0, rowOf: usize = 0, slotCount: i32 = 0, nextSlot: i32 = 0, kept: usize = 0;
/** Of the points that the rows are made of. */
let rowsAt: usize = 0, pointsAt: usize = 0, width: i32 = 0, depth: i32 = 0;

/** @param pinned a row that may not be dropped for it, −1 for none */
function kernelRow(row: i32, pinned: i32): usize {
  const stride = <usize>width << 3;
  const known = load<i32>(slotOf + (<usize>row << 2));
  if (known >= 0) return kept + <usize>known * stride;

  if (pinned >= 0 && load<i32>(rowOf + (<usize>nextSlot << 2)) == pinned) nextSlot = (nextSlot + 1) % slotCount;
  const slot = nextSlot, previous = load<i32>(rowOf + (<usize>slot << 2));
  if (previous >= 0) store<i32>(slotOf + (<usize>previous << 2), -1);
  store<i32>(slotOf + (<usize>row << 2), slot);
  store<i32>(rowOf + (<usize>slot << 2), row);
  nextSlot = (slot + 1) % slotCount;
  const at = kept + <usize>slot * stride;
  squaredDistances(pointsAt, width, depth, rowsAt + (<usize>row * <usize>depth << 3), width, at);
  radial(at, width);
  return at;
}
