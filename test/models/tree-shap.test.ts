import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../src/models/estimator.ts'
import { scoreForest, walkForest } from '../../src/models/flat-forest.ts'
import type { WeightedForest } from '../../src/models/growth.ts'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { explainForest, interventionalShap, pathDependentShap } from '../../src/models/tree-shap.ts'
import { randomForestOf, randomRows } from './random-trees.ts'

/** Shapley's formula: the change that each feature brings, over all orders in which features can become known. */
function shapley(columns: number, value: (known: number) => number): Float64Array {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const size = (set: number): number => (set === 0 ? 0 : (set & 1) + size(set >> 1))
  return Float64Array.from({ length: columns }, (_, feature) => {
    let sum = 0
    for (let set = 0; set < 1 << columns; set++) {
      if (set & (1 << feature)) continue
      const weight = (factorial(size(set)) * factorial(columns - size(set) - 1)) / factorial(columns)
      sum += weight * (value(set | (1 << feature)) - value(set))
    }
    return sum
  })
}

/** Mean sum of the leaves where the features in `known` come from the row and the others from the background. */
function mixed(forest: WeightedForest, row: Float64Array, background: Matrix): (known: number) => number {
  return (known) => {
    const mixtures = Array.from({ length: background.rows }, (_, at) =>
      rowOf(background, at).map((value, column) => (known & (1 << column) ? row[column] : value)),
    )
    return walkForest(forest, matrixOf(mixtures)).reduce((sum, value) => sum + value, 0) / background.rows
  }
}

/** As the paper defines it: unknown features follow both ways, by cover. */
function covered(
  { roots, feature, number, left, cover }: WeightedForest,
  row: Float64Array,
): (known: number) => number {
  return (known) => {
    const below = (node: number): number => {
      if (feature[node] < 0) return number[node]
      const child = left[node]
      if (known & (1 << feature[node])) return below(child + (row[feature[node]] < number[node] ? 0 : 1))
      return (cover[child] * below(child) + cover[child + 1] * below(child + 1)) / cover[node]
    }
    return roots.reduce((sum, root) => sum + below(root), 0)
  }
}

const CASES = [
  { columns: 1, trees: 1, depth: 3 },
  { columns: 3, trees: 3, depth: 6 },
  { columns: 6, trees: 4, depth: 5 },
  { columns: 10, trees: 2, depth: 12 }, // more distinct features on a path than answers are kept for
]

describe('Shapley values of a forest', () => {
  test.each(CASES)('are those of the formula against a background, %j', ({ columns, trees, depth }) => {
    const forest = randomForestOf({ columns, trees, depth, seed: columns })
    const rows = randomRows(columns, 3, 1)
    const background = randomRows(columns, 5, 2)
    const values = interventionalShap(forest, rows, background)
    for (let row = 0; row < 3; row++) {
      const expected = shapley(columns, mixed(forest, rowOf(rows, row), background))
      expected.forEach((value, column) => expect(values[row * columns + column]).toBeCloseTo(value, 9))
    }
  })

  test.each(CASES)('are those of the formula along the paths of the training rows, %j', ({ columns, trees, depth }) => {
    const forest = randomForestOf({ columns, trees, depth, seed: columns })
    const rows = randomRows(columns, 2, 1)
    const { values, base } = pathDependentShap(forest, rows)
    for (let row = 0; row < 2; row++) {
      const value = covered(forest, rowOf(rows, row))
      shapley(columns, value).forEach((share, column) => expect(values[row * columns + column]).toBeCloseTo(share, 9))
      expect(base).toBeCloseTo(value(0), 9)
    }
  })

  test('do not depend on the other rows that are explained with a row', () => {
    const forest = randomForestOf({ columns: 6, trees: 5, depth: 7, seed: 1 })
    const rows = randomRows(6, 9, 1)
    const background = randomRows(6, 20, 2)
    const all = interventionalShap(forest, rows, background)
    for (let row = 0; row < 9; row++) {
      const alone = interventionalShap(forest, matrixOf([rowOf(rows, row)]), background)
      expect(alone).toEqual(all.slice(row * 6, row * 6 + 6))
    }
  })

  test('give nothing to a feature that is not used, and nothing at all to the only background row', () => {
    const forest = randomForestOf({ columns: 4, trees: 5, depth: 5, seed: 3 })
    forest.feature.forEach((feature, node) => feature === 2 && (forest.feature[node] = 1))
    const rows = randomRows(4, 5, 1)
    const values = interventionalShap(forest, rows, randomRows(4, 7, 2))
    for (let row = 0; row < 5; row++) expect(values[row * 4 + 2]).toBe(0)
    const self = matrixOf([rowOf(rows, 0)])
    expect([...interventionalShap(forest, self, self)]).toEqual([0, 0, 0, 0])
  })

  test('add up to what a model says, whatever its rounding', () => {
    const forest = randomForestOf({ columns: 5, trees: 30, depth: 6, seed: 3 })
    const predict = (rows: Matrix): Float64Array =>
      scoreForest(forest, rows).map((value) => value + 1e-7 * Math.sin(1e9 * value))
    const rows = randomRows(5, 20, 1)
    const { values, base } = explainForest(forest, 1 / 30, predict, rows, randomRows(5, 50, 2))
    predict(rows).forEach((prediction, row) => {
      expect(rowOf({ ...rows, values }, row).reduce((sum, value) => sum + value, base)).toBeCloseTo(prediction, 12)
    })
  })

  test('are refused without a background', () => {
    const forest = randomForestOf({ columns: 2, trees: 1, depth: 2, seed: 1 })
    const nobody = { rows: 0, columns: 2, values: new Float64Array() }
    expect(() => explainForest(forest, 1, (rows) => walkForest(forest, rows), randomRows(2, 1, 1), nobody)).toThrow(
      /at least one background row/,
    )
  })
})
