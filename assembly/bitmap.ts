/**
 * Conditions as bitmaps: 64 places a word, one SIMD pass for each comparison. An undefined value (NaN) meets none.
 *
 * A pass writes its bits over a bitmap, or joins them to it (`mode`), so that `a and b` needs no pass of its own.
 */

// Comparisons of src/engine/program.ts
export const LESS: i32 = 7, LESS_EQUAL: i32 = 8, GREATER: i32 = 9, GREATER_EQUAL: i32 = 10, EQUAL: i32 = 11, NOT_EQUAL: i32 = 12;

// Modes
export const SET: i32 = 0, AND: i32 = 1, OR: i32 = 2;

// What stands on the right of a comparison
export const WITH_SCALAR: i32 = 0, WITH_COLUMN: i32 = 1, WITH_SCALED: i32 = 2;

// @ts-ignore: decorator
@inline
export function putWord(out: usize, bits: u64, mode: i32): void {
  store<u64>(out, mode == SET ? bits : mode == AND ? load<u64>(out) & bits : load<u64>(out) | bits);
}

/** One comparison, whose bits are the same at every place. */
export function fill(truth: bool, words: i32, out: usize, mode: i32): void {
  const bits: u64 = truth ? -1 : 0;
  for (let w = 0; w < words; w++) putWord(out + (<usize>w << 3), bits, mode);
}

export function join(source: usize, words: i32, out: usize, mode: i32): void {
  for (let w = 0; w < words; w++) putWord(out + (<usize>w << 3), load<u64>(source + (<usize>w << 3)), mode);
}

/** Two scalars. */
export function holds(operation: i32, a: f64, b: f64): bool {
  switch (operation) {
    case LESS: return a < b;
    case LESS_EQUAL: return a <= b;
    case GREATER: return a > b;
    case GREATER_EQUAL: return a >= b;
    case EQUAL: return a == b;
    default: return a < b || a > b; // an undefined value is not unequal either
  }
}

/**
 * `a operation right`, right being the scalar, `b`, or the scalar times `b`.
 *
 * Each comparison is a function of its own below: written out in one function the compiler folds their loops into one
 * that decides anew at every value.
 *
 * @param a, b  f64[64 × words]
 * @param words bitmap words to write
 *
 * About 0.1 ns a place.
 */
export function compare(right: i32, operation: i32, a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  if (right == WITH_SCALAR) compareScalar(operation, a, scalar, words, out, mode);
  else if (right == WITH_COLUMN) compareColumn(operation, a, b, words, out, mode);
  else compareScaled(operation, a, b, scalar, words, out, mode);
}

function compareScalar(operation: i32, a: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  switch (operation) {
    case LESS: return scalarLess(a, scalar, words, out, mode);
    case LESS_EQUAL: return scalarLessEqual(a, scalar, words, out, mode);
    case GREATER: return scalarGreater(a, scalar, words, out, mode);
    case GREATER_EQUAL: return scalarGreaterEqual(a, scalar, words, out, mode);
    case EQUAL: return scalarEqual(a, scalar, words, out, mode);
    default: scalarNotEqual(a, scalar, words, out, mode);
  }
}

function scalarLess(a: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALAR, LESS, a, 0, scalar, words, out, mode); }
function scalarLessEqual(a: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALAR, LESS_EQUAL, a, 0, scalar, words, out, mode); }
function scalarGreater(a: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALAR, GREATER, a, 0, scalar, words, out, mode); }
function scalarGreaterEqual(a: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALAR, GREATER_EQUAL, a, 0, scalar, words, out, mode); }
function scalarEqual(a: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALAR, EQUAL, a, 0, scalar, words, out, mode); }
function scalarNotEqual(a: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALAR, NOT_EQUAL, a, 0, scalar, words, out, mode); }

function compareColumn(operation: i32, a: usize, b: usize, words: i32, out: usize, mode: i32): void {
  switch (operation) {
    case LESS: return columnLess(a, b, words, out, mode);
    case LESS_EQUAL: return columnLessEqual(a, b, words, out, mode);
    case GREATER: return columnGreater(a, b, words, out, mode);
    case GREATER_EQUAL: return columnGreaterEqual(a, b, words, out, mode);
    case EQUAL: return columnEqual(a, b, words, out, mode);
    default: columnNotEqual(a, b, words, out, mode);
  }
}

function columnLess(a: usize, b: usize, words: i32, out: usize, mode: i32): void { pass(WITH_COLUMN, LESS, a, b, 0, words, out, mode); }
function columnLessEqual(a: usize, b: usize, words: i32, out: usize, mode: i32): void { pass(WITH_COLUMN, LESS_EQUAL, a, b, 0, words, out, mode); }
function columnGreater(a: usize, b: usize, words: i32, out: usize, mode: i32): void { pass(WITH_COLUMN, GREATER, a, b, 0, words, out, mode); }
function columnGreaterEqual(a: usize, b: usize, words: i32, out: usize, mode: i32): void { pass(WITH_COLUMN, GREATER_EQUAL, a, b, 0, words, out, mode); }
function columnEqual(a: usize, b: usize, words: i32, out: usize, mode: i32): void { pass(WITH_COLUMN, EQUAL, a, b, 0, words, out, mode); }
function columnNotEqual(a: usize, b: usize, words: i32, out: usize, mode: i32): void { pass(WITH_COLUMN, NOT_EQUAL, a, b, 0, words, out, mode); }

function compareScaled(operation: i32, a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  switch (operation) {
    case LESS: return scaledLess(a, b, scalar, words, out, mode);
    case LESS_EQUAL: return scaledLessEqual(a, b, scalar, words, out, mode);
    case GREATER: return scaledGreater(a, b, scalar, words, out, mode);
    case GREATER_EQUAL: return scaledGreaterEqual(a, b, scalar, words, out, mode);
    case EQUAL: return scaledEqual(a, b, scalar, words, out, mode);
    default: scaledNotEqual(a, b, scalar, words, out, mode);
  }
}

function scaledLess(a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALED, LESS, a, b, scalar, words, out, mode); }
function scaledLessEqual(a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALED, LESS_EQUAL, a, b, scalar, words, out, mode); }
function scaledGreater(a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALED, GREATER, a, b, scalar, words, out, mode); }
function scaledGreaterEqual(a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALED, GREATER_EQUAL, a, b, scalar, words, out, mode); }
function scaledEqual(a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALED, EQUAL, a, b, scalar, words, out, mode); }
function scaledNotEqual(a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void { pass(WITH_SCALED, NOT_EQUAL, a, b, scalar, words, out, mode); }

// @ts-ignore: decorator
@inline
function pass(right: i32, operation: i32, a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  const s = f64x2.splat(scalar);
  for (const end = out + (<usize>words << 3); out < end; a += 512, b += 512, out += 8) {
    if (mode == AND && load<u64>(out) == 0) continue; // oversold bars, say, stand together: most words have none
    const bits = sixteenLanes(right, operation, a, b, s, 0) | sixteenLanes(right, operation, a, b, s, 128) << 16
      | sixteenLanes(right, operation, a, b, s, 256) << 32 | sixteenLanes(right, operation, a, b, s, 384) << 48;
    putWord(out, bits, mode);
  }
}

// @ts-ignore: decorator
@inline
function sixteenLanes(right: i32, operation: i32, a: usize, b: usize, s: v128, at: usize): u64 {
  const first = narrow(four(right, operation, a, b, s, at), four(right, operation, a, b, s, at + 32));
  const second = narrow(four(right, operation, a, b, s, at + 64), four(right, operation, a, b, s, at + 96));
  return <u64>i8x16.bitmask(i8x16.narrow_i16x8_s(first, second));
}

/** Two places. */
// @ts-ignore: decorator
@inline
function lanes(right: i32, operation: i32, a: usize, b: usize, s: v128, at: usize): v128 {
  const x = v128.load(a + at);
  const y = right == WITH_SCALAR ? s : right == WITH_COLUMN ? v128.load(b + at) : f64x2.mul(s, v128.load(b + at));
  if (operation == LESS) return f64x2.lt(x, y);
  if (operation == LESS_EQUAL) return f64x2.le(x, y);
  if (operation == GREATER) return f64x2.gt(x, y);
  if (operation == GREATER_EQUAL) return f64x2.ge(x, y);
  if (operation == EQUAL) return f64x2.eq(x, y);
  return v128.or(f64x2.lt(x, y), f64x2.gt(x, y));
}

/** Four places, as 32-bit truths. */
// @ts-ignore: decorator
@inline
function four(right: i32, operation: i32, a: usize, b: usize, s: v128, at: usize): v128 {
  return narrow(lanes(right, operation, a, b, s, at), lanes(right, operation, a, b, s, at + 16));
}

/** All bits of a truth are equal: the same instruction halves truths of 64 and of 32 bits. */
// @ts-ignore: decorator
@inline
function narrow(a: v128, b: v128): v128 {
  return i16x8.narrow_i32x4_s(a, b);
}

/**
 * Which f32 values a column has, as one bit each for 2¹⁵ hashes: where the bit of a threshold is not set, no value is
 * equal to it.
 */
export const FILTER_BYTES: usize = 4096;

// @ts-ignore: decorator
@inline
function filterBit(value: f32): u32 {
  const bits = reinterpret<u32>(value);
  return (bits ^ bits >> 15) & 32767;
}

/**
 * Copy values as f32, and note them in a filter. Behind the last one stand 64 that are undefined.
 *
 * @param values f64[count]; copies f32[count + 64]
 */
export function round(values: usize, count: i32, copies: usize, filter: usize): void {
  memory.fill(filter, 0, FILTER_BYTES);
  for (let i = 0; i < count; i++) {
    const value = <f32>load<f64>(values + (<usize>i << 3));
    store<f32>(copies + (<usize>i << 2), value);
    const bit = filterBit(value), at = filter + <usize>(bit >> 3);
    store<u8>(at, load<u8>(at) | <u8>(<u32>1 << (bit & 7)));
  }
  for (let i = count; i < count + 64; i++) store<f32>(copies + (<usize>i << 2), <f32>NaN);
}

/**
 * `values operation scalar` on f32 copies. Rounding is monotone: where the copies differ they decide. Where one may be
 * equal to the scalar's, which the filter tells, the exact values are compared instead.
 *
 * @param values f64[count]; copies and filter as `round` leaves them
 * @param words  bitmap words to write
 *
 * About 0.06 ns a place.
 */
export function compareRounded(operation: i32, values: usize, copies: usize, filter: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  const rounded = <f32>scalar, bit = filterBit(rounded);
  const mayTie = (load<u8>(filter + <usize>(bit >> 3)) >> <u8>(bit & 7) & 1) != 0 || rounded == 0; // −0 is equal to 0
  if (mayTie) compare(WITH_SCALAR, operation, values, 0, scalar, words, out, mode);
  else if (operation == LESS || operation == LESS_EQUAL) roundedLess(copies, rounded, words, out, mode);
  else if (operation == GREATER || operation == GREATER_EQUAL) roundedGreater(copies, rounded, words, out, mode);
  else if (operation == EQUAL) fill(false, words, out, mode);
  else roundedNotEqual(copies, rounded, words, out, mode);
}

function roundedLess(copies: usize, scalar: f32, words: i32, out: usize, mode: i32): void { roundedPass(LESS, copies, scalar, words, out, mode); }
function roundedGreater(copies: usize, scalar: f32, words: i32, out: usize, mode: i32): void { roundedPass(GREATER, copies, scalar, words, out, mode); }
function roundedNotEqual(copies: usize, scalar: f32, words: i32, out: usize, mode: i32): void { roundedPass(NOT_EQUAL, copies, scalar, words, out, mode); }

// @ts-ignore: decorator
@inline
function roundedPass(operation: i32, copies: usize, scalar: f32, words: i32, out: usize, mode: i32): void {
  const s = f32x4.splat(scalar);
  for (let w = 0; w < words; w++) {
    const bits = sixteen(operation, copies, s, 0) | sixteen(operation, copies, s, 64) << 16
      | sixteen(operation, copies, s, 128) << 32 | sixteen(operation, copies, s, 192) << 48;
    putWord(out + (<usize>w << 3), bits, mode);
    copies += 256;
  }
}

// @ts-ignore: decorator
@inline
function sixteen(operation: i32, copies: usize, s: v128, at: usize): u64 {
  const first = narrow(roundedLanes(operation, copies, s, at), roundedLanes(operation, copies, s, at + 16));
  const second = narrow(roundedLanes(operation, copies, s, at + 32), roundedLanes(operation, copies, s, at + 48));
  return <u64>i8x16.bitmask(i8x16.narrow_i16x8_s(first, second));
}

// @ts-ignore: decorator
@inline
function roundedLanes(operation: i32, copies: usize, s: v128, at: usize): v128 {
  const x = v128.load(copies + at);
  if (operation == LESS) return f32x4.lt(x, s);
  if (operation == GREATER) return f32x4.gt(x, s);
  return v128.or(f32x4.lt(x, s), f32x4.gt(x, s));
}

/**
 * The value of the scalar at which `x operation scalar × y` changes, for each place: then one comparison with it
 * decides, `critical ≥ scalar` for > and ≥, `critical ≤ scalar` for < and ≤.
 *
 * It is exact. The rounded product never falls while the scalar grows (y > 0), so there is one last scalar for which
 * the comparison holds (or a first one). The quotient is at most a few neighbours off; the product itself says which
 * way to go and when to stop.
 *
 * @param x, y f64[count]
 * @param out  f64[count]
 * @returns false where this does not hold for some place: y ≤ 0, or numbers too small or large for the search
 *
 * About 10 ns a place.
 */
export function criticalScalars(operation: i32, x: usize, y: usize, count: i32, out: usize): bool {
  const rises = operation == LESS || operation == LESS_EQUAL; // holds from the critical scalar on
  for (let i: usize = 0, end = <usize>count << 3; i < end; i += 8) {
    const value = load<f64>(x + i), factor = load<f64>(y + i);
    let scalar = value / factor;
    if (scalar != scalar && (value != value || factor != factor)) { // undefined: never true
      store<f64>(out + i, NaN);
      continue;
    }
    if (!(factor > 1e-100 && factor < 1e100 && Math.abs(scalar) > 1e-100 && Math.abs(scalar) < 1e100)) return false;
    const inward: i64 = rises == scalar > 0 ? 1 : -1; // towards where it holds
    let steps = 0;
    while (!holds(operation, value, scalar * factor)) {
      scalar = neighbour(scalar, inward);
      if (++steps > 8) return false;
    }
    while (holds(operation, value, neighbour(scalar, -inward) * factor)) {
      scalar = neighbour(scalar, -inward);
      if (++steps > 16) return false;
    }
    store<f64>(out + i, scalar);
  }
  return true;
}

/** The next double, away from zero (1) or towards it (−1); not for 0. */
// @ts-ignore: decorator
@inline
function neighbour(value: f64, direction: i64): f64 {
  return reinterpret<f64>(reinterpret<i64>(value) + direction);
}
