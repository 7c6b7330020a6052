import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { globalShapley, shapleyValues } from '../../src/models/shapley.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { predictWith } from './predict-with.ts'

interface Node {
  value?: number
  feature: number
  threshold: number
  left: Node
  right: Node
}

const walk = (node: Node, row: Float64Array): number =>
  node.value ?? walk(row[node.feature] <= node.threshold ? node.left : node.right, row)

withShared('the golden Shapley values', () => {
  test('of a formula are met', () => {
    const { f, background, x, phi, baseValue } = golden('sensitivity.json').shapleyFunction
    expect(f).toBe('3*x0 + 2*x1*x2 - x3^3')
    const predict = predictWith(([a, b, c, d]) => 3 * a + 2 * b * c - d ** 3)
    const result = shapleyValues(predict, matrixOf([x]), matrixOf(background), 1)
    phi.forEach((value: number, at: number) => expect(isClose(result.contributions.values[at], value)).toBe(true))
    expect(isClose(result.baseValue, baseValue)).toBe(true)
  })

  test('of a tree are met', () => {
    const { tree, background, x, phi } = golden('sensitivity.json').shapleyTree
    const result = shapleyValues(
      predictWith((row) => walk(tree, row)),
      matrixOf([x]),
      matrixOf(background),
      1,
    )
    phi.forEach((value: number, at: number) => expect(isClose(result.contributions.values[at], value)).toBe(true))
  })
})

describe('Shapley values', () => {
  const random = new Random(1)
  const draw = (rows: number, columns: number) =>
    matrixOf(Array.from({ length: rows }, () => Float64Array.from({ length: columns }, () => random.float())))

  test.each([6, 14])('of %i features add up to the prediction less the base value', (columns) => {
    const predict = predictWith((row) =>
      row.reduce((sum, value, j) => sum + (j + 1) * value * row[(j + 1) % columns], 0),
    )
    const rows = draw(5, columns)
    const { contributions, baseValue, exact } = shapleyValues(predict, rows, draw(20, columns), 1)
    expect(exact).toBe(columns === 6)
    predict(rows).forEach((prediction, row) => {
      const sum = rowOf(contributions, row).reduce((total, value) => total + value, 0)
      expect(Math.abs(sum - (prediction - baseValue))).toBeLessThan(1e-6)
    })
  })

  test('of many features are exact for a sum, and nothing for a feature that does not count', () => {
    const predict = predictWith((row) => row.reduce((sum, value, j) => sum + (j === 11 ? 0 : j * value), 0))
    const [rows, background] = [draw(1, 12), draw(10, 12)]
    const { contributions } = shapleyValues(predict, rows, background, 1, 2)
    contributions.values.forEach((value, j) => {
      const usual = Array.from({ length: 10 }, (_, row) => rowOf(background, row)[j]).reduce((a, b) => a + b) / 10
      expect(value).toBeCloseTo(j === 11 ? 0 : j * (rows.values[j] - usual), 9)
    })
  })

  test('of many features come close to the enumerated ones for pairs', () => {
    const formula = ([a, b, c, d, e]: Float64Array): number => a * b + 2 * c * d - e
    const rows = draw(1, 12)
    const background = draw(10, 12)
    const narrow = (matrix: typeof rows) =>
      matrixOf(Array.from({ length: matrix.rows }, (_, row) => rowOf(matrix, row).slice(0, 5)))
    const sampled = shapleyValues(predictWith(formula), rows, background, 1)
    const exact = shapleyValues(predictWith(formula), narrow(rows), narrow(background), 1)
    exact.contributions.values.forEach((value, j) => {
      // an order and its reverse together are exact where features meet in pairs only
      expect(sampled.contributions.values[j]).toBeCloseTo(value, 9)
    })
  })

  test('are the same for the same seed', () => {
    const predict = predictWith((row) => Math.max(...row))
    const [rows, background] = [draw(2, 12), draw(10, 12)]
    expect(shapleyValues(predict, rows, background, 3)).toEqual(shapleyValues(predict, rows, background, 3))
  })

  test('say over all rows how much each feature matters', () => {
    const predict = predictWith(([a, b]) => 3 * a - b)
    const rows = matrixOf([
      [1, 0],
      [0, 1],
    ])
    const overall = globalShapley(shapleyValues(predict, rows, matrixOf([[0, 0]]), 1))
    expect([...overall]).toEqual([1.5, 0.5])
  })
})
