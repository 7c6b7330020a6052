import { describe, expect, test } from 'vitest'
import { mean } from '../../src/engine/statistics.ts'
import { meanBlockFor, stationaryResample } from '../../src/evidence/bootstrap.ts'
import { columnsOf } from '../../src/evidence/returns.ts'
import { excessOver, longRunDeviation, spaOf, superiorPredictiveAbility } from '../../src/evidence/spa.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { noiseMatrix, withEdge } from './returns.ts'

describe('stationary bootstrap', () => {
  const resample = (n: number, meanBlock: number, run: number): Int32Array =>
    stationaryResample(n, meanBlock, 1, 'stationary block', run)

  test('goes on from day to day for as long as the mean block, round the end', () => {
    let breaks = 0
    for (let run = 0; run < 200; run++) {
      const indices = resample(100, 5, run)
      expect(indices.every((at) => at >= 0 && at < 100)).toBe(true)
      for (let i = 1; i < 100; i++) if (indices[i] !== (indices[i - 1] + 1) % 100) breaks++
    }
    expect(200 / (breaks / 100)).toBeGreaterThan(4.8)
    expect(200 / (breaks / 100)).toBeLessThan(5.4)
  })

  test('draws every day equally often', () => {
    const drawn = new Float64Array(10)
    for (let run = 0; run < 2000; run++) for (const at of resample(10, 4, run)) drawn[at]++
    expect(Math.max(...drawn) / Math.min(...drawn)).toBeLessThan(1.1)
  })

  test('depends on the seed and the number of the run, on nothing else', () => {
    expect(resample(50, 5, 3)).toEqual(resample(50, 5, 3))
    expect(resample(50, 5, 3)).not.toEqual(resample(50, 5, 4))
    expect(stationaryResample(50, 5, 2, 'stationary block', 3)).not.toEqual(resample(50, 5, 3))
    expect(stationaryResample(50, 5, 1, 'bootstrap', 3)).not.toEqual(resample(50, 5, 3))
  })

  test('takes blocks of the cube root of the length, at least 2', () => {
    expect([1, 8, 15, 16, 180, 365, 1000].map(meanBlockFor)).toEqual([2, 2, 2, 3, 6, 7, 10])
  })
})

describe('long-run deviation', () => {
  test('agrees with the sum over all lags', () => {
    const x = noiseMatrix(40, 1, 2).values
    for (const meanBlock of [1, 2, 5, 20])
      expect(longRunDeviation(x, meanBlock)).toBeCloseTo(plainDeviation(x, meanBlock), 14)
  })

  test('is larger where one day follows the other, and 0 where nothing varies', () => {
    const x = noiseMatrix(200, 1, 2).values
    const trending = x.map((value, at) => value + (x[at - 1] ?? 0) + (x[at - 2] ?? 0))
    const shuffled = trending.map((_, at) => trending[(at * 77) % 200])
    expect(longRunDeviation(trending, 6)).toBeGreaterThan(1.2 * longRunDeviation(shuffled, 6))
    expect(longRunDeviation(new Float64Array(30).fill(0.01), 3)).toBe(0)
  })
})

/** Definition: C₀ + 2 Σ κᵢ γᵢ, κᵢ = (1 − i/n)(1 − q)ⁱ + (i/n)(1 − q)ⁿ⁻ⁱ. */
function plainDeviation(x: Float64Array, meanBlock: number): number {
  const n = x.length
  const centre = mean(x)
  const a = 1 - 1 / meanBlock
  let variance = 0
  for (let lag = 0; lag < n; lag++) {
    let covariance = 0
    for (let i = 0; i + lag < n; i++) covariance += ((x[i] - centre) * (x[i + lag] - centre)) / n
    const weight = (1 - lag / n) * a ** lag + (lag / n) * a ** (n - lag)
    variance += lag === 0 ? covariance : 2 * weight * covariance
  }
  return Math.sqrt(variance)
}

describe('superior predictive ability', () => {
  test('orders its p-values from lower to upper', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { pValue } = superiorPredictiveAbility(noiseMatrix(90, 20, seed), seed, { runs: 200 })!
      expect(pValue.lower).toBeLessThanOrEqual(pValue.consistent)
      expect(pValue.consistent).toBeLessThanOrEqual(pValue.upper)
    }
  })

  test('is rarely small for the best of many on noise', () => {
    let small = 0
    for (let seed = 0; seed < 100; seed++) {
      if (superiorPredictiveAbility(noiseMatrix(90, 20, seed), seed, { runs: 200 })!.pValue.consistent < 0.1) small++
    }
    expect(small).toBeLessThan(25)
  })

  test('is small for a real edge, over doing nothing and over a benchmark', () => {
    const returns = withEdge(noiseMatrix(180, 50, 1), 9, 0.004)
    expect(superiorPredictiveAbility(returns, 1, { runs: 300 })!.pValue.consistent).toBeLessThan(0.05)
    const benchmark = columnsOf(returns)[9]
    expect(
      superiorPredictiveAbility(excessOver(returns, benchmark), 1, { runs: 300 })!.pValue.consistent,
    ).toBeGreaterThan(0.3)
  })

  test('is 1 where every configuration loses', () => {
    const losing = noiseMatrix(60, 5, 1)
    losing.values.forEach((value, at) => (losing.values[at] = value - 0.02))
    const { statistic, pValue } = superiorPredictiveAbility(losing, 1, { runs: 100 })!
    expect(statistic).toBe(0)
    expect(pValue).toEqual({ lower: 1, consistent: 1, upper: 1 })
  })

  test('is not moved by a configuration that never traded', () => {
    const returns = noiseMatrix(60, 4, 1)
    const rows = Array.from({ length: 60 }, (_, day) => [...returns.values.subarray(day * 4, day * 4 + 4), 0])
    expect(superiorPredictiveAbility(matrixOf(rows), 3, { runs: 100 })!.pValue).toEqual(
      superiorPredictiveAbility(returns, 3, { runs: 100 })!.pValue,
    )
  })

  test('gives the same p for the same seed', () => {
    const returns = noiseMatrix(60, 10, 1)
    expect(superiorPredictiveAbility(returns, 5)).toEqual(superiorPredictiveAbility(returns, 5))
  })

  test('says nothing of a few days, or of configurations that never traded', () => {
    expect(superiorPredictiveAbility(noiseMatrix(9, 10, 1), 1)).toBeNull()
    expect(superiorPredictiveAbility({ rows: 30, columns: 2, values: new Float64Array(60) }, 1)).toBeNull()
  })
})

withShared('golden superior predictive ability', () => {
  const { returns, spa, realityCheck } = golden('overfitting.json')
  const excess = excessOver(matrixOf(returns.matrix), spa.benchmark)

  test('long-run deviations', () => {
    columnsOf(excess).forEach((column, k) => {
      expect(isClose(longRunDeviation(column, spa.meanBlockLength), spa.omega[k]), `column ${k}`).toBe(true)
    })
  })

  test('statistics and p-values on the given resamples', () => {
    const resamples = spa.bootstrapIndices.map((indices: number[]) => Int32Array.from(indices))
    const result = spaOf(excess, spa.meanBlockLength, resamples)!
    expect(isClose(result.statistic, spa.statistic)).toBe(true)
    for (const centring of ['lower', 'consistent', 'upper'] as const) {
      expect(isClose(result.pValue[centring], spa.pValue[centring]), centring).toBe(true)
    }
    expect(isClose(result.realityCheck.statistic, realityCheck.statistic)).toBe(true)
    expect(isClose(result.realityCheck.pValue, realityCheck.pValue)).toBe(true)
  })
})
