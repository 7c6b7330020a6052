import { describe, expect, test } from 'vitest'
import { matrixOf } from '../../src/models/matrix.ts'
import { dropConstantFeatures, fitScores, overfitting } from '../../src/models/validation.ts'
import { golden, isClose, withShared } from '../shared.ts'

describe('the scores of a fit', () => {
  test('are perfect for a perfect fit', () => {
    const y = Float64Array.of(1, 2, 4)
    expect(fitScores(y, y)).toEqual({ r2: 1, mae: 0, rmse: 0, rankCorrelation: expect.closeTo(1, 12), count: 3 })
  })

  test('have no R² and no rank correlation for a constant target', () => {
    expect(fitScores(Float64Array.of(2, 2), Float64Array.of(1, 3))).toMatchObject({
      r2: null,
      mae: 1,
      rankCorrelation: null,
    })
  })

  test('leave overfitting open where an R² is undefined', () => {
    expect(overfitting(null, 0.3)).toBeNull()
    expect(overfitting(0.9, null)).toBeNull()
  })
})

describe('constant features', () => {
  const features = matrixOf([
    [1, 5, 0],
    [1, 6, 0],
    [1, 7, 0],
    [2, 8, 1],
  ])
  const names = ['volatility', 'period', 'flag']

  test('are those that do not vary over the training rows, whatever the others hold', () => {
    const choice = dropConstantFeatures(features, names, Int32Array.of(0, 1, 2))
    expect(choice).toEqual({ kept: Int32Array.of(1), dropped: ['volatility', 'flag'] })
  })

  test('are kept where a training row differs', () => {
    expect(dropConstantFeatures(features, names, Int32Array.of(0, 3)).dropped).toEqual([])
  })

  test('are an error where nothing else is left', () => {
    expect(() => dropConstantFeatures(features, names, Int32Array.of(0))).toThrow(/No feature varies/)
  })
})

withShared('the scores of the golden file', () => {
  const { regression, regressionNegative, regressionConstantTarget, overfitting: gaps } = golden('statistics.json')

  test.each(['r2', 'mae', 'rmse'] as const)('%s is met', (name) => {
    const scores = fitScores(Float64Array.from(regression.y), Float64Array.from(regression.prediction))
    expect(isClose(scores[name], regression[name])).toBe(true)
  })

  test('the rank correlation is met', () => {
    const scores = fitScores(Float64Array.from(regression.y), Float64Array.from(regression.prediction))
    expect(isClose(scores.rankCorrelation, regression.spearmanWithTies)).toBe(true)
  })

  test.each([regressionNegative, regressionConstantTarget])('R² $r2 is met', ({ y, prediction, r2 }) => {
    expect(isClose(fitScores(Float64Array.from(y), Float64Array.from(prediction)).r2, r2)).toBe(true)
  })

  test('the gaps are met', () => {
    for (const gap of gaps.table) expect(isClose(overfitting(gap.trainR2, gap.valR2), gap.overfitting)).toBe(true)
  })
})
