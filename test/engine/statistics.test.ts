import { expect, test } from 'vitest'
import {
  averageRanks,
  mae,
  mean,
  pearson,
  quantile,
  r2,
  rmse,
  sampleVariance,
  spearman,
  standardDeviation,
} from '../../src/engine/statistics.ts'
import { golden, isClose, withShared } from '../shared.ts'

test('the mean of a constant is that constant, and its deviation exactly 0', () => {
  const constant = new Float64Array(30).fill(12_345_678.9)
  expect(mean(constant)).toBe(12_345_678.9)
  expect(standardDeviation(constant)).toBe(0)
})

test('the sample variance divides by n − 1', () => {
  expect(sampleVariance([1, 2, 3, 4])).toBeCloseTo(5 / 3, 14)
  expect(standardDeviation([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(5 / 3), 14)
})

test('what nothing, or too little, is known of is NaN', () => {
  for (const of of [mean, sampleVariance, standardDeviation]) expect(of([])).toBeNaN()
  expect(sampleVariance([1])).toBeNaN()
  expect(quantile([], 0.5)).toBeNaN()
  expect(quantile([1, NaN, 3], 0.5)).toBeNaN()
  expect(mae([], [])).toBeNaN()
  expect(rmse([], [])).toBeNaN()
})

test('a quantile lies between the order statistics, whatever the order of the values', () => {
  expect(quantile([40, 10, 30, 20], 0.5)).toBe(25)
  expect(quantile([40, 10, 30, 20], 0)).toBe(10)
  expect(quantile([40, 10, 30, 20], 1)).toBe(40)
  expect(quantile([7], 0.3)).toBe(7)
})

test('equal values share the mean of their ranks; NaN has none', () => {
  expect([...averageRanks([10, 20, 10, 5, 20, 20])]).toEqual([2.5, 5, 2.5, 1, 5, 5])
  expect([...averageRanks([3, NaN, 1])]).toEqual([2, NaN, 1])
})

test('a correlation with a constant, or with a missing value, is null', () => {
  expect(pearson([1, 2, 3], [5, 5, 5])).toBeNull()
  expect(spearman([5, 5, 5], [1, 2, 3])).toBeNull()
  expect(pearson([], [])).toBeNull()
  expect(pearson([1, 2, NaN], [1, 2, 3])).toBeNull()
  expect(spearman([1, 2, 3], [1, NaN, 3])).toBeNull()
})

test('a rank correlation sees any rising curve as 1', () => {
  expect(spearman([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 14)
  expect(spearman([1, 2, 3, 4], [0, -1, -8, -9])).toBeCloseTo(-1, 14)
})

test('R² is 1 for the truth, 0 for its mean, negative for worse, and null for a constant target', () => {
  expect(r2([1, 2, 3], [1, 2, 3])).toBe(1)
  expect(r2([1, 2, 3], [2, 2, 2])).toBe(0)
  expect(r2([1, 2, 3], [3, 2, 1])).toBe(-3)
  expect(r2([0.1, 0.1, 0.1], [1, 2, 3])).toBeNull()
  expect(r2([], [])).toBeNull()
  expect(r2([1, 2, 3], [1, NaN, 3])).toBeNull()
})

withShared('golden statistics', () => {
  const file = golden('statistics.json')

  test('regression scores', () => {
    const { y, prediction } = file.regression
    expect(isClose(r2(y, prediction), file.regression.r2)).toBe(true)
    expect(isClose(mae(y, prediction), file.regression.mae)).toBe(true)
    expect(isClose(rmse(y, prediction), file.regression.rmse)).toBe(true)
    expect(isClose(pearson(y, prediction), file.regression.pearson)).toBe(true)
    expect(isClose(spearman(y, prediction), file.regression.spearmanWithTies)).toBe(true)
  })

  test('a negative R² and a constant target', () => {
    const { regressionNegative: negative, regressionConstantTarget: constant } = file
    expect(r2(negative.y, negative.prediction)).toBe(negative.r2)
    expect(r2(constant.y, constant.prediction)).toBe(constant.r2)
    expect(spearman(constant.y, constant.prediction)).toBe(constant.spearman)
  })

  test('quantiles', () => {
    const { x, p, q } = file.quantileType7
    p.forEach((share: number, i: number) => expect(isClose(quantile(x, share), q[i]), `p = ${share}`).toBe(true))
  })
})
