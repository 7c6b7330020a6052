import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { localKernel } from '../../src/engine/wasm.ts'

/** A positive definite matrix: products of random rows, and something on the diagonal. */
function positiveDefinite(n: number, seed: number): Float64Array {
  const random = new Random(seed)
  const rows = Array.from({ length: n }, () => Float64Array.from({ length: n }, () => random.float() - 0.5))
  return Float64Array.from({ length: n * n }, (_, cell) => {
    const [i, j] = [Math.floor(cell / n), cell % n]
    return rows[i].reduce((sum, value, k) => sum + value * rows[j][k], i === j ? 0.1 : 0)
  })
}

/** Column by column, as written in the books. */
function plainCholesky(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let rest = a[i * n + j]
      for (let k = 0; k < j; k++) rest -= l[i * n + k] * l[j * n + k]
      l[i * n + j] = i === j ? Math.sqrt(rest) : rest / l[j * n + j]
    }
  }
  return l
}

function factor(a: Float64Array, n: number) {
  const { kernel, arena } = localKernel()
  const matrix = arena.putFloat64(a)
  const inverses = arena.alloc(8 * 32 * n)
  const scratch = arena.alloc(8 * 128)
  const isPositive = kernel.cholesky(matrix, n, inverses, scratch) !== 0
  return { kernel, arena, matrix, inverses, scratch, isPositive }
}

describe('the Cholesky factor', () => {
  test.each([8, 16, 24, 32, 40, 64, 72, 136])('of %i rows is the one of the plain loop', (n) => {
    const a = positiveDefinite(n, n)
    const { arena, matrix, isPositive } = factor(a, n)
    expect(isPositive).toBe(true)
    const found = arena.float64(matrix, n * n)
    const plain = plainCholesky(a, n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) expect(found[i * n + j]).toBeCloseTo(plain[i * n + j], 10)
    }
  })

  test('of a matrix that is not positive definite does not exist, wherever that shows', () => {
    for (const at of [0, 7, 31, 32, 47]) {
      const a = positiveDefinite(48, 1)
      a[at * 48 + at] = -1
      expect(factor(a, 48).isPositive).toBe(false)
    }
    expect(factor(new Float64Array(64).fill(NaN), 8).isPositive).toBe(false)
  })

  test('solves rows', () => {
    const n = 72
    const a = positiveDefinite(n, 3)
    const { kernel, arena, matrix, inverses, scratch } = factor(a, n)
    const random = new Random(5)
    const right = Float64Array.from({ length: 8 * n }, () => random.float() - 0.5)
    const rows = arena.putFloat64(right)
    kernel.solveRows(matrix, n, inverses, rows, 8, scratch)
    const solved = arena.float64(rows, 8 * n)
    const l = plainCholesky(a, n)
    for (let row = 0; row < 8; row++) {
      for (let i = 0; i < n; i++) {
        let product = 0
        for (let k = 0; k <= i; k++) product += l[i * n + k] * solved[row * n + k]
        expect(product).toBeCloseTo(right[row * n + i], 9)
      }
    }
  })
})
