/**
 * Reading and writing columns: f64[n] in flat memory, oldest bar first, known by the byte offset of its first
 * value. Everything here is inlined.
 */

// @ts-ignore: decorator
@inline
export function get(column: usize, bar: i32): f64 {
  return load<f64>(column + (<usize>bar << 3));
}

// @ts-ignore: decorator
@inline
export function put(column: usize, bar: i32, value: f64): void {
  store<f64>(column + (<usize>bar << 3), value);
}

/** The byte offset of a later bar: the column without its first `bars` values. */
// @ts-ignore: decorator
@inline
export function skip(column: usize, bars: i32): usize {
  return column + (<usize>bars << 3);
}

/** Two lanes that are computed together: gains and losses, up and down moves. */
// @ts-ignore: decorator
@inline
export function pair(first: f64, second: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(first), 1, second);
}

/** The larger of two numbers by one instruction; `Math.max` and a ternary become branches. */
// @ts-ignore: decorator
@inline
export function larger(a: f64, b: f64): f64 {
  return f64x2.extract_lane(f64x2.pmax(f64x2.splat(a), f64x2.splat(b)), 0);
}

// @ts-ignore: decorator
@inline
export function smaller(a: f64, b: f64): f64 {
  return f64x2.extract_lane(f64x2.pmin(f64x2.splat(a), f64x2.splat(b)), 0);
}

/** NaN in one bit pattern, where a quotient has no finite value: results must be equal bit for bit. */
// @ts-ignore: decorator
@inline
export function orUndefined(value: f64): f64 {
  return isFinite(value) ? value : NaN;
}
