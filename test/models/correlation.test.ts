import { describe, expect, test } from 'vitest'
import { correlationMatrix } from '../../src/models/correlation.ts'

describe('a correlation matrix', () => {
  const { names, pearson, spearman } = correlationMatrix({
    x: Float64Array.of(1, 2, 3, 4),
    square: Float64Array.of(1, 4, 9, 16),
    constant: Float64Array.of(7, 7, 7, 7),
    gap: Float64Array.of(NaN, 3, 2, 1),
    rare: Float64Array.of(NaN, NaN, 1, 2),
  })
  const at = (matrix: (number | null)[][], a: string, b: string): number | null =>
    matrix[names.indexOf(a)][names.indexOf(b)]

  test('is 1 between a column and itself, and the same both ways', () => {
    expect(at(pearson, 'x', 'x')).toBeCloseTo(1, 12)
    expect(at(pearson, 'x', 'square')).toBe(at(pearson, 'square', 'x'))
  })

  test('sees a bent line by rank', () => {
    expect(at(spearman, 'x', 'square')).toBeCloseTo(1, 12)
    expect(at(pearson, 'x', 'square')).toBeCloseTo(0.984374, 5)
  })

  test('is null where a column is constant', () => {
    expect(at(pearson, 'x', 'constant')).toBeNull()
    expect(at(spearman, 'constant', 'constant')).toBeNull()
  })

  test('compares a pair on the rows that both have', () => {
    expect(at(pearson, 'x', 'gap')).toBeCloseTo(-1, 12)
    expect(at(spearman, 'x', 'gap')).toBeCloseTo(-1, 12)
  })

  test('is null where fewer than three rows are left', () => {
    expect(at(pearson, 'x', 'rare')).toBeNull()
  })
})
