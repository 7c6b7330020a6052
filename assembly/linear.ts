/**
 * Dense linear algebra on symmetric positive definite matrices: Cholesky factor, triangular solves, inverse.
 *
 * Matrices are f64[n × n] by rows, n a multiple of 8 (the host pads with rows of the unit matrix, which change
 * nothing). All products are products of rows, so that both sides are read in the order in which they lie; they are
 * taken four rows by two at a time, which keeps eight sums in registers.
 *
 * Columns are worked off in panels of 32. A panel's triangle is inverted once and from then on multiplied instead of
 * solved with; `inverses` keeps those inverses, f64[n × 32], row j the row of column j in its panel.
 */
import { dot } from "./distances";

/** Columns of a panel: four rows of it and its inverted triangle (8 KiB) stay in the first-level cache. */
const PANEL: i32 = 32;
const PANEL_BYTES: usize = 256;

/**
 * Lower factor L of A = L Lᵀ, in place; what lies above the diagonal is left undefined.
 *
 * @param a        f64[n × n], lower triangle
 * @param inverses f64[n × 32], see above
 * @param scratch  f64[4 × 32]
 * @returns whether A is positive definite; if not, the contents are undefined
 *
 * n³ / 3 floating-point operations, about 10 per ns: n = 1,000 takes 30 to 40 ms.
 */
export function cholesky(a: usize, n: i32, inverses: usize, scratch: usize): bool {
  const stride = <usize>n << 3;
  for (let panel = 0; panel < n; panel += PANEL) {
    const width = min(PANEL, n - panel), end = panel + width;
    const top = a + <usize>panel * stride;
    for (let row = panel; row < end; row += 4) {
      const at = a + <usize>row * stride;
      for (let column = 0; column < width; column += 2) {
        subtractProducts(at, stride, top + <usize>column * stride, stride, 0, panel, at + (<usize>(panel + column) << 3));
      }
    }
    if (!factorTriangle(top + (<usize>panel << 3), stride, width)) return false;
    const inverse = inverses + <usize>panel * PANEL_BYTES;
    invertTriangle(top + (<usize>panel << 3), stride, width, inverse);
    for (let row = end; row < n; row += 4) solvePanel(a + <usize>row * stride, a, n, panel, 0, inverse, scratch);
  }
  return true;
}

/**
 * Solve X Lᵀ = B for rows: each row b becomes L⁻¹ b.
 *
 * @param l, inverses as `cholesky` left them
 * @param x    f64[rows × n], in place
 * @param rows a multiple of 4
 *
 * n² operations a row.
 */
export function solveRows(l: usize, n: i32, inverses: usize, x: usize, rows: i32, scratch: usize): void {
  const stride = <usize>n << 3;
  for (let row = 0; row < rows; row += 4) {
    for (let panel = 0; panel < n; panel += PANEL) {
      solvePanel(x + <usize>row * stride, l, n, panel, 0, inverses + <usize>panel * PANEL_BYTES, scratch);
    }
  }
}

/**
 * The inverse of L, transposed: row i of U holds (L⁻¹)[k][i] for k ≥ i and zeros before. Then A⁻¹ = U Uᵀ.
 *
 * @param u f64[n × n]
 *
 * n³ / 3 operations.
 */
export function invertFactor(l: usize, n: i32, inverses: usize, u: usize, scratch: usize): void {
  const stride = <usize>n << 3;
  memory.fill(u, 0, <usize>n * stride);
  for (let i = 0; i < n; i++) store<f64>(u + <usize>i * stride + (<usize>i << 3), 1);
  for (let panel = 0; panel < n; panel += PANEL) {
    const end = min(panel + PANEL, n);
    for (let row = 0; row < end; row += 4) {
      const first = row / PANEL * PANEL; // zeros before
      solvePanel(u + <usize>row * stride, l, n, panel, first, inverses + <usize>panel * PANEL_BYTES, scratch);
    }
  }
}

/**
 * Lower triangle of A⁻¹ = U Uᵀ; some entries above the diagonal are written too.
 *
 * @param out f64[n × n]
 *
 * n³ / 3 operations.
 */
export function inverseOf(u: usize, n: i32, out: usize): void {
  const stride = <usize>n << 3;
  for (let row = 0; row < n; row += 4) {
    const a = u + <usize>row * stride, first = row & ~7; // both rows are zero before their diagonals
    for (let column = 0; column < row + 4; column += 2) {
      const to = out + <usize>row * stride + (<usize>column << 3);
      for (let i: usize = 0; i < 4; i++) v128.store(to + i * stride, f64x2.splat(0));
      subtractProducts(a, stride, u + <usize>column * stride, stride, first, n, to);
      for (let i: usize = 0; i < 4; i++) v128.store(to + i * stride, f64x2.neg(v128.load(to + i * stride)));
    }
  }
}

/** Products of rows with one vector: f64[rows × n] and f64[n], n a multiple of 8, make f64[rows]. */
export function dotRows(matrix: usize, rows: i32, n: i32, v: usize, out: usize): void {
  const stride = <usize>n << 3;
  for (let row: usize = 0; row < <usize>rows; row++) store<f64>(out + (row << 3), dot(matrix + row * stride, v, n));
}

/**
 * One panel of four rows of X Lᵀ = B, given the panels before it: take off what they explain, then multiply by the
 * inverted triangle.
 *
 * @param x     first of the four rows
 * @param first columns before it are zero in all four rows
 */
function solvePanel(x: usize, l: usize, n: i32, panel: i32, first: i32, inverse: usize, scratch: usize): void {
  const stride = <usize>n << 3, width = min(PANEL, n - panel);
  const to = x + (<usize>panel << 3), below = l + <usize>panel * stride;
  if (first < panel) {
    for (let column = 0; column < width; column += 2) {
      subtractProducts(x, stride, below + <usize>column * stride, stride, first, panel, to + (<usize>column << 3));
    }
  }
  for (let i: usize = 0; i < 4; i++) {
    for (let at: usize = 0; at < <usize>width << 3; at += 16) {
      v128.store(scratch + i * PANEL_BYTES + at, f64x2.neg(v128.load(to + i * stride + at)));
      v128.store(to + i * stride + at, f64x2.splat(0));
    }
  }
  for (let column = 0; column < width; column += 2) {
    const row = inverse + <usize>column * PANEL_BYTES;
    productsInto(scratch, PANEL_BYTES, row, PANEL_BYTES, 0, min((column + 8) & ~7, width), to + (<usize>column << 3), stride);
  }
}

/** As below, where the result lies in the rows `a` themselves. */
// @ts-ignore: decorator
@inline
function subtractProducts(a: usize, aStride: usize, b: usize, bStride: usize, from: i32, to: i32, out: usize): void {
  productsInto(a, aStride, b, bStride, from, to, out, aStride);
}

/**
 * out[4 × 2] −= products of four rows of a with two rows of b over the columns from…to, both multiples of 8.
 * 16 multiplications and additions of pairs on 6 loads: the sums never leave their registers.
 */
function productsInto(
  a: usize, aStride: usize, b: usize, bStride: usize, from: i32, to: i32, out: usize, outStride: usize,
): void {
  let s00 = f64x2.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  let a0 = a + (<usize>from << 3), b0 = b + (<usize>from << 3);
  let a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, b1 = b0 + bStride;
  for (const end = a + (<usize>to << 3); a0 < end; a0 += 32, a1 += 32, a2 += 32, a3 += 32, b0 += 32, b1 += 32) {
    let p = v128.load(b0), q = v128.load(b1);
    let x = v128.load(a0), y = v128.load(a1);
    s00 = f64x2.add(s00, f64x2.mul(x, p)); s01 = f64x2.add(s01, f64x2.mul(x, q));
    s10 = f64x2.add(s10, f64x2.mul(y, p)); s11 = f64x2.add(s11, f64x2.mul(y, q));
    x = v128.load(a2); y = v128.load(a3);
    s20 = f64x2.add(s20, f64x2.mul(x, p)); s21 = f64x2.add(s21, f64x2.mul(x, q));
    s30 = f64x2.add(s30, f64x2.mul(y, p)); s31 = f64x2.add(s31, f64x2.mul(y, q));
    p = v128.load(b0, 16); q = v128.load(b1, 16);
    x = v128.load(a0, 16); y = v128.load(a1, 16);
    s00 = f64x2.add(s00, f64x2.mul(x, p)); s01 = f64x2.add(s01, f64x2.mul(x, q));
    s10 = f64x2.add(s10, f64x2.mul(y, p)); s11 = f64x2.add(s11, f64x2.mul(y, q));
    x = v128.load(a2, 16); y = v128.load(a3, 16);
    s20 = f64x2.add(s20, f64x2.mul(x, p)); s21 = f64x2.add(s21, f64x2.mul(x, q));
    s30 = f64x2.add(s30, f64x2.mul(y, p)); s31 = f64x2.add(s31, f64x2.mul(y, q));
  }
  subtractPair(out, s00, s01);
  subtractPair(out + outStride, s10, s11);
  subtractPair(out + 2 * outStride, s20, s21);
  subtractPair(out + 3 * outStride, s30, s31);
}

/** out[0] −= both lanes of s, out[1] −= both lanes of t. */
// @ts-ignore: decorator
@inline
function subtractPair(out: usize, s: v128, t: v128): void {
  const sum = f64x2.add(v128.shuffle<f64>(s, t, 0, 2), v128.shuffle<f64>(s, t, 1, 3));
  v128.store(out, f64x2.sub(v128.load(out), sum));
}

/** The factor of a triangle of at most 32 columns, in place. @returns whether every pivot is positive */
function factorTriangle(a: usize, stride: usize, width: i32): bool {
  for (let j = 0; j < width; j++) {
    const pivotRow = a + <usize>j * stride, column = <usize>j << 3;
    let pivot = load<f64>(pivotRow + column);
    for (let k: usize = 0; k < column; k += 8) pivot -= load<f64>(pivotRow + k) * load<f64>(pivotRow + k);
    if (!(pivot > 0)) return false; // also where it is NaN
    const root = sqrt(pivot);
    store<f64>(pivotRow + column, root);
    for (let i = j + 1; i < width; i++) {
      const row = a + <usize>i * stride;
      let rest = load<f64>(row + column);
      for (let k: usize = 0; k < column; k += 8) rest -= load<f64>(row + k) * load<f64>(pivotRow + k);
      store<f64>(row + column, rest / root);
    }
  }
  return true;
}

/** Inverse of a lower triangle, f64[width × 32] with zeros above the diagonal. */
function invertTriangle(l: usize, stride: usize, width: i32, out: usize): void {
  memory.fill(out, 0, <usize>width * PANEL_BYTES);
  for (let j = 0; j < width; j++) {
    for (let i = j; i < width; i++) {
      const row = l + <usize>i * stride;
      let rest: f64 = i == j ? 1 : 0;
      for (let k = j; k < i; k++) {
        rest -= load<f64>(row + (<usize>k << 3)) * load<f64>(out + <usize>k * PANEL_BYTES + (<usize>j << 3));
      }
      store<f64>(out + <usize>i * PANEL_BYTES + (<usize>j << 3), rest / load<f64>(row + (<usize>i << 3)));
    }
  }
}
