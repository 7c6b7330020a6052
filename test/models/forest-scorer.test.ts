import { describe, expect, test } from 'vitest'
import { walkForest } from '../../src/models/flat-forest.ts'
import { ForestScorer } from '../../src/models/forest-scorer.ts'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { randomForestOf, randomRows } from './random-trees.ts'

/** The definition: leaves added in the order of the trees. */
function plainSum(forest: ReturnType<typeof randomForestOf>, row: Float64Array, base: number, single: boolean): number {
  let sum = base
  for (const root of forest.roots) {
    let node = root
    while (forest.feature[node] >= 0)
      node = forest.left[node] + (row[forest.feature[node]] < forest.number[node] ? 0 : 1)
    sum = single ? Math.fround(sum + forest.number[node]) : sum + forest.number[node]
  }
  return sum
}

describe('the scorers', () => {
  test.each([
    { columns: 1, trees: 3, depth: 1, compiled: true },
    { columns: 5, trees: 20, depth: 4, compiled: true },
    { columns: 16, trees: 30, depth: 8, compiled: true },
    { columns: 13, trees: 30, depth: 6, compiled: true },
    { columns: 17, trees: 30, depth: 4, compiled: true }, // two registers
    { columns: 20, trees: 31, depth: 6, compiled: true },
    { columns: 32, trees: 30, depth: 8, compiled: true },
    { columns: 33, trees: 40, depth: 8, compiled: false }, // too wide
    { columns: 5, trees: 20, depth: 11, compiled: false }, // too deep
    { columns: 3, trees: 3, depth: 0, compiled: true },
    { columns: 2, trees: 200, depth: 8, thresholds: 255, compiled: true },
    { columns: 2, trees: 200, depth: 8, thresholds: 5000, compiled: false }, // too fine
  ])('agree with the definition on every bit, %j', ({ compiled, ...shape }) => {
    const forest = randomForestOf({ ...shape, seed: shape.columns + shape.depth })
    const rows = randomRows(shape.columns, 1003, 5)
    const strange = [NaN, Infinity, -Infinity, -0, 1e300, -1e300]
    strange.forEach((value, at) => (rows.values[at * 7] = value))
    for (const single of [true, false]) {
      const base = Math.fround(0.3)
      const expected = Float64Array.from({ length: 1003 }, (_, row) => plainSum(forest, rowOf(rows, row), base, single))
      const scorer = new ForestScorer(forest, { single })
      expect(scorer.isCompiled).toBe(compiled)
      expect(scorer.sum(rows, base)).toEqual(expected)
      expect(walkForest(forest, rows, base, single)).toEqual(expected)
    }
  })

  test('give a row the same sum alone, among few and among more than are copied at a time', () => {
    const forest = randomForestOf({ columns: 6, trees: 20, depth: 7, seed: 1 })
    const scorer = new ForestScorer(forest, { single: true })
    const rows = randomRows(6, 9001, 3)
    const all = scorer.sum(rows)
    for (const row of [0, 1, 3, 4, 8191, 8192, 9000]) expect(scorer.sum(matrixOf([rowOf(rows, row)]))[0]).toBe(all[row])
  })

  test('look once at a forest that cannot be scored on codes', () => {
    const forest = randomForestOf({ columns: 5, trees: 20, depth: 11, seed: 1 })
    let looks = 0
    const watched = Object.defineProperty({ ...forest }, 'feature', { get: () => (looks++, forest.feature) })
    const scorer = new ForestScorer(watched, { single: false })
    const looksOf = (): number => {
      const before = looks
      scorer.sum(randomRows(5, 10, 3))
      return looks - before
    }
    const [first, second] = [looksOf(), looksOf()]
    expect(second).toBeLessThan(first)
  })
})
