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
 * @param a, b  f64[64 × words]
 * @param words bitmap words to write
 *
 * About 0.1 ns a place.
 */
export function compare(right: i32, operation: i32, a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  if (right == WITH_SCALAR) {
    switch (operation) {
      case LESS: pass(WITH_SCALAR, LESS, a, b, scalar, words, out, mode); return;
      case LESS_EQUAL: pass(WITH_SCALAR, LESS_EQUAL, a, b, scalar, words, out, mode); return;
      case GREATER: pass(WITH_SCALAR, GREATER, a, b, scalar, words, out, mode); return;
      case GREATER_EQUAL: pass(WITH_SCALAR, GREATER_EQUAL, a, b, scalar, words, out, mode); return;
      case EQUAL: pass(WITH_SCALAR, EQUAL, a, b, scalar, words, out, mode); return;
      default: pass(WITH_SCALAR, NOT_EQUAL, a, b, scalar, words, out, mode);
    }
  } else if (right == WITH_COLUMN) {
    switch (operation) {
      case LESS: pass(WITH_COLUMN, LESS, a, b, scalar, words, out, mode); return;
      case LESS_EQUAL: pass(WITH_COLUMN, LESS_EQUAL, a, b, scalar, words, out, mode); return;
      case GREATER: pass(WITH_COLUMN, GREATER, a, b, scalar, words, out, mode); return;
      case GREATER_EQUAL: pass(WITH_COLUMN, GREATER_EQUAL, a, b, scalar, words, out, mode); return;
      case EQUAL: pass(WITH_COLUMN, EQUAL, a, b, scalar, words, out, mode); return;
      default: pass(WITH_COLUMN, NOT_EQUAL, a, b, scalar, words, out, mode);
    }
  } else {
    switch (operation) {
      case LESS: pass(WITH_SCALED, LESS, a, b, scalar, words, out, mode); return;
      case LESS_EQUAL: pass(WITH_SCALED, LESS_EQUAL, a, b, scalar, words, out, mode); return;
      case GREATER: pass(WITH_SCALED, GREATER, a, b, scalar, words, out, mode); return;
      case GREATER_EQUAL: pass(WITH_SCALED, GREATER_EQUAL, a, b, scalar, words, out, mode); return;
      case EQUAL: pass(WITH_SCALED, EQUAL, a, b, scalar, words, out, mode); return;
      default: pass(WITH_SCALED, NOT_EQUAL, a, b, scalar, words, out, mode);
    }
  }
}

// @ts-ignore: decorator
@inline
function pass(right: i32, operation: i32, a: usize, b: usize, scalar: f64, words: i32, out: usize, mode: i32): void {
  const s = f64x2.splat(scalar);
  for (let w = 0; w < words; w++) {
    let bits: u64 = 0;
    for (let quarter: u64 = 0; quarter < 64; quarter += 16) {
      const first = four(lanes(right, operation, a, b, s, 0), lanes(right, operation, a, b, s, 16), lanes(right, operation, a, b, s, 32), lanes(right, operation, a, b, s, 48));
      const second = four(lanes(right, operation, a, b, s, 64), lanes(right, operation, a, b, s, 80), lanes(right, operation, a, b, s, 96), lanes(right, operation, a, b, s, 112));
      bits |= <u64>i8x16.bitmask(i8x16.narrow_i16x8_s(first, second)) << quarter;
      a += 128;
      b += 128;
    }
    putWord(out + (<usize>w << 3), bits, mode);
  }
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

/** Eight 64-bit truths as eight of 16 bits. */
// @ts-ignore: decorator
@inline
function four(a: v128, b: v128, c: v128, d: v128): v128 {
  return i16x8.narrow_i32x4_s(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(c, d, 0, 2, 4, 6));
}

/**
 * `a operation scalar` on f32 copies of the values. Rounding is monotone: where the copies differ they decide, and
 * only where they are equal the exact values are asked.
 *
 * @param copies f32[64 × words], of the values below
 * @param exact  where the values stand as f64, indexed by bars[place]
 *
 * About 0.06 ns a place.
 */
export function compareRounded(operation: i32, copies: usize, scalar: f64, exact: usize, bars: usize, words: i32, out: usize, mode: i32): void {
  if (operation == LESS || operation == LESS_EQUAL) roundedPass(LESS, operation, copies, scalar, exact, bars, words, out, mode);
  else if (operation == GREATER || operation == GREATER_EQUAL) roundedPass(GREATER, operation, copies, scalar, exact, bars, words, out, mode);
  else roundedPass(NOT_EQUAL, operation, copies, scalar, exact, bars, words, out, mode);
}

// @ts-ignore: decorator
@inline
function roundedPass(base: i32, operation: i32, copies: usize, scalar: f64, exact: usize, bars: usize, words: i32, out: usize, mode: i32): void {
  const s = f32x4.splat(<f32>scalar);
  for (let w = 0; w < words; w++) {
    let bits: u64 = 0;
    let ties = i32x4.splat(0);
    for (let quarter: u64 = 0; quarter < 64; quarter += 16) {
      const a = v128.load(copies), b = v128.load(copies, 16), c = v128.load(copies, 32), d = v128.load(copies, 48);
      const first = i16x8.narrow_i32x4_s(roundedLanes(base, a, s), roundedLanes(base, b, s));
      const second = i16x8.narrow_i32x4_s(roundedLanes(base, c, s), roundedLanes(base, d, s));
      bits |= <u64>i8x16.bitmask(i8x16.narrow_i16x8_s(first, second)) << quarter;
      ties = v128.or(ties, v128.or(v128.or(f32x4.eq(a, s), f32x4.eq(b, s)), v128.or(f32x4.eq(c, s), f32x4.eq(d, s))));
      copies += 64;
    }
    if (operation == EQUAL) bits = 0;
    if (v128.any_true(ties)) bits = breakTies(operation, copies - 256, scalar, exact, bars + (<usize>w << 8), bits);
    putWord(out + (<usize>w << 3), bits, mode);
  }
}

// @ts-ignore: decorator
@inline
function roundedLanes(base: i32, x: v128, s: v128): v128 {
  if (base == LESS) return f32x4.lt(x, s);
  if (base == GREATER) return f32x4.gt(x, s);
  return v128.or(f32x4.lt(x, s), f32x4.gt(x, s));
}

function breakTies(operation: i32, copies: usize, scalar: f64, exact: usize, bars: usize, bits: u64): u64 {
  const rounded = <f32>scalar;
  for (let lane: usize = 0; lane < 64; lane++) {
    if (load<f32>(copies + (lane << 2)) != rounded) continue;
    const value = load<f64>(exact + (<usize>load<i32>(bars + (lane << 2)) << 3));
    const bit = <u64>1 << <u64>lane;
    bits = holds(operation, value, scalar) ? bits | bit : bits & ~bit;
  }
  return bits;
}
