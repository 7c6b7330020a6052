import { describe, expect, test } from 'vitest'
import {
  groupedImportance,
  importanceStability,
  isImportanceReasonable,
  permutationImportance,
  permutationLosses,
  rankImportance,
} from '../../src/models/importance.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { predictWith } from './predict-with.ts'
import { runHere } from './run-here.ts'
import { xor } from './surfaces.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e']
const share = (list: { importance: number }[]): number => list.reduce((sum, { importance }) => sum + importance, 0)

const folds = (...rows: number[][]): Float64Array[] => rows.map((row) => Float64Array.from(row))

/** Models that anybody can read. */
const firstColumn = predictWith(([a]) => a)
const twoAMinusB = predictWith(([a, b]) => 2 * a - b)

describe('permutation importance', () => {
  test('finds both columns of an exclusive or, where neither says anything alone', async () => {
    const { x, y } = xor(150, 1)
    const unseen = xor(100, 2)
    const model = await randomForest.fit(x, y, { nEstimators: 20 }, 1, runHere)
    const found = await permutationImportance((rows) => model.predict(rows), unseen.x, NAMES, unseen.y, 1)
    expect(new Set(found.filter(({ rank }) => rank <= 2).map(({ feature }) => feature))).toEqual(new Set(['a', 'b']))
    expect(found[0].importance + found[1].importance).toBeGreaterThan(0.8)
    expect(share(found)).toBeCloseTo(1, 12)
  })

  test('is the same for the same seed and does not change the features', async () => {
    const { x, y } = xor(50, 1)
    const before = x.values.slice()
    const once = await permutationImportance(firstColumn, x, NAMES, y, 5)
    expect(await permutationImportance(firstColumn, x, NAMES, y, 5)).toEqual(once)
    expect(x.values).toEqual(before)
  })

  test('gives a column that the model does not look at exactly nothing', async () => {
    const { x, y } = xor(50, 1)
    const [, b] = await permutationImportance(firstColumn, x, NAMES, y, 5)
    expect(b).toMatchObject({ importance: 0, standardDeviation: 0 })
  })

  test('is all zero on a constant target', async () => {
    const { x } = xor(20, 1)
    const found = await permutationImportance((rows) => new Float64Array(rows.rows), x, NAMES, new Float64Array(20), 1)
    expect(found.map(({ importance }) => importance)).toEqual([0, 0, 0, 0, 0])
    expect(found.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5])
  })

  test('counts a feature that does harm as one that does not help', () => {
    const found = rankImportance(['good', 'bad'], [Float64Array.of(0.2, 0.4), Float64Array.of(-0.1, -0.3)])
    expect(found.map(({ importance }) => importance)).toEqual([1, 0])
    expect(found.map(({ rank }) => rank)).toEqual([1, 2])
    expect(found[0].standardDeviation).toBeCloseTo((Math.SQRT1_2 * 0.2) / 0.3, 12)
  })
})

describe('the importance of raw parameters', () => {
  const features = rankImportance(
    ['low', 'high', 'low_high_range', 'hour'],
    [Float64Array.of(0.1, 0.1), Float64Array.of(-0.1, -0.1), Float64Array.of(0.4, 0.2), Float64Array.of(0.1, 0.1)],
  )
  const grouped = groupedImportance(features, new Map([['low_high_range', ['low', 'high']]]))
  const of = (name: string): (typeof grouped)[number] => grouped.find(({ feature }) => feature === name)!

  test('is that of their features, shared among the parameters of each', () => {
    expect(of('low').importance).toBeCloseTo(0.25 / 0.5, 12)
    expect(of('high').importance).toBeCloseTo(0.15 / 0.5, 12)
  })

  test('leaves a feature that is made of no parameter to itself', () => {
    expect(of('hour').importance).toBeCloseTo(0.1 / 0.5, 12)
    expect(grouped).toHaveLength(3)
  })

  test('adds up to 1', () => {
    expect(share(grouped)).toBeCloseTo(1, 12)
  })
})

describe('the stability of importances', () => {
  test('is 1 where all folds agree on the order', () => {
    expect(importanceStability(folds([1, 2, 3], [0.1, 0.5, 0.9], [2, 4, 8]))).toBeCloseTo(1, 12)
  })

  test('is −1 where two folds contradict each other', () => {
    expect(importanceStability(folds([1, 2, 3], [3, 2, 1]))).toBeCloseTo(-1, 12)
  })

  test('takes a fold in which nothing matters as agreeing with none', () => {
    expect(importanceStability(folds([1, 2, 3], [0, 0, 0]))).toBe(0)
  })

  test('is not asked for with two features', () => {
    expect(importanceStability(folds([1, 2], [3, 4]))).toBeNull()
  })
})

withShared('the golden importances', () => {
  const file = golden('sensitivity.json').permutationImportance

  test('are met, with their mean and their standard deviation', () => {
    const shuffles = (column: number, repeat: number): Int32Array =>
      Int32Array.from(file.permutations[3 * column + repeat])
    const losses = [0, 1].map((column) =>
      permutationLosses(twoAMinusB, matrixOf(file.X), Float64Array.from(file.y), column, shuffles, 3),
    )
    const total = file.mean[0] + file.mean[1]
    rankImportance(['x0', 'x1'], losses).forEach((found, column) => {
      found.losses.forEach((loss, repeat) => expect(isClose(loss, file.importance[column][repeat])).toBe(true))
      expect(isClose(found.importance, file.mean[column] / total)).toBe(true)
      expect(isClose(found.standardDeviation, file.sd[column] / total)).toBe(true)
    })
  })

  const judgements = Object.entries<{ importances: number[][]; foldSpearmanMean: number; reasonable: boolean }>(
    golden('statistics.json').featureImportanceReasonable,
  )
  test.each(judgements)('%s is judged as it should be', (_, { importances, foldSpearmanMean, reasonable }) => {
    const features = rankImportance(
      importances.map((_, at) => `x${at}`),
      importances.map((losses) => Float64Array.from(losses)),
    )
    expect(isImportanceReasonable(features, groupedImportance(features, new Map()), foldSpearmanMean)).toBe(reasonable)
  })
})
