import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { nonNegativeLeastSquares } from '../../src/models/non-negative.ts'

const column = (seed: number): Float64Array => {
  const random = new Random(seed)
  return Float64Array.from({ length: 50 }, () => random.float() - 0.5)
}

describe('non-negative least squares', () => {
  test('finds the weights that a target was mixed with', () => {
    const columns = [column(1), column(2), column(3)]
    const y = columns[0].map((value, row) => 0.3 * value + 0.7 * columns[2][row])
    const weights = nonNegativeLeastSquares(columns, y)
    expect([...weights].map((weight) => Math.round(weight * 1e6) / 1e6)).toEqual([0.3, 0, 0.7])
  })

  test('meets the conditions of the optimum: no slope on a weight in use, none that pulls up on one that is not', () => {
    const columns = [1, 2, 3, 4, 5, 6].map(column)
    const y = column(7)
    const weights = nonNegativeLeastSquares(columns, y)
    const rest = y.map((value, row) => value - columns.reduce((sum, x, at) => sum + weights[at] * x[row], 0))
    columns.forEach((x, at) => {
      const slope = x.reduce((sum, value, row) => sum + value * rest[row], 0)
      if (weights[at] > 0) expect(Math.abs(slope)).toBeLessThan(1e-9)
      else expect(slope).toBeLessThanOrEqual(1e-9)
    })
  })

  test('leaves out a column that points the other way', () => {
    const x = column(1)
    expect([
      ...nonNegativeLeastSquares(
        [x],
        x.map((value) => -value),
      ),
    ]).toEqual([0])
  })

  test('shares a weight among equal columns and ignores an empty one', () => {
    const x = column(1)
    const weights = nonNegativeLeastSquares([x, x, new Float64Array(50)], x)
    expect(weights[0] + weights[1]).toBeCloseTo(1, 9)
    expect(weights[2]).toBe(0)
  })
})
