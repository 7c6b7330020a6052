import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { pearson } from '../../src/engine/statistics.ts'
import { annualSharpe, columnsOf, sharpePerPeriod } from '../../src/evidence/returns.ts'
import {
  deflatedSharpeRatio,
  effectiveTrials,
  expectedMaximum,
  judgeSharpe,
  meanCorrelation,
  minimumBacktestYears,
  minimumTrackRecord,
  probabilisticSharpeRatio,
  trackOf,
} from '../../src/evidence/sharpe.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { noise, noiseMatrix, withEdge } from './returns.ts'

const track = { sharpe: 0.1, skewness: 0, kurtosis: 3, n: 250 }

describe('probabilistic Sharpe ratio', () => {
  test('is one half for a record that equals the benchmark', () => {
    expect(probabilisticSharpeRatio(track, 0.1)).toBe(0.5)
  })

  test('grows with the length of the record, falls with a longer tail of losses and with fatter tails', () => {
    const plain = probabilisticSharpeRatio(track)!
    expect(probabilisticSharpeRatio({ ...track, n: 500 })!).toBeGreaterThan(plain)
    expect(probabilisticSharpeRatio({ ...track, skewness: -2 })!).toBeLessThan(plain)
    expect(probabilisticSharpeRatio({ ...track, kurtosis: 10 })!).toBeLessThan(plain)
  })

  test('is not defined for returns that do not vary', () => {
    expect(trackOf([0.01, 0.01, 0.01])).toBeNull()
    expect(probabilisticSharpeRatio({ ...track, n: 1 })).toBeNull()
  })

  test('falls short of one half as often as not where there is nothing', () => {
    let above = 0
    for (let seed = 0; seed < 400; seed++) {
      if (probabilisticSharpeRatio(trackOf(noiseMatrix(100, 1, seed).values)!)! > 0.9) above++
    }
    expect(above / 400).toBeGreaterThan(0.06)
    expect(above / 400).toBeLessThan(0.14)
  })
})

describe('deflated Sharpe ratio', () => {
  test('falls with the number of trials and with how much they differ', () => {
    const of = (count: number, deviation: number): number => deflatedSharpeRatio(track, { count, deviation })!
    expect(of(1, 0.05)).toBe(probabilisticSharpeRatio(track))
    expect(of(10, 0.05)).toBeLessThan(of(1, 0.05))
    expect(of(1000, 0.05)).toBeLessThan(of(10, 0.05))
    expect(of(1000, 0.1)).toBeLessThan(of(1000, 0.05))
  })

  test('does not let the best of many on noise pass for significant', () => {
    let significant = 0
    for (let seed = 0; seed < 60; seed++) {
      const returns = noiseMatrix(180, 100, seed)
      const sharpes = columnsOf(returns).map(sharpePerPeriod)
      const best = judgeSharpe(returns, sharpes.indexOf(Math.max(...sharpes)), 100)
      expect(best.probabilisticSharpeRatio).toBeGreaterThan(0.9)
      if (best.deflatedSharpeRatio! >= 0.95) significant++
    }
    expect(significant).toBeLessThanOrEqual(3)
  })

  test('finds a real edge among as many', () => {
    const returns = withEdge(noiseMatrix(365, 100, 1), 42, 0.005)
    expect(judgeSharpe(returns, 42, 1000).deflatedSharpeRatio).toBeGreaterThan(0.95)
  })

  test('is not defined where many trials left a single record', () => {
    expect(judgeSharpe(noiseMatrix(100, 1, 1), 0, 50).deflatedSharpeRatio).toBeNull()
    const alone = judgeSharpe(noiseMatrix(100, 1, 1), 0, 1)
    expect(alone.deflatedSharpeRatio).toBe(alone.probabilisticSharpeRatio)
    expect(alone.expectedBest).toBe(0)
  })

  test('counts copies of one configuration as one trial', () => {
    const copies = matrixOf([...noiseMatrix(100, 1, 1).values].map((value) => [value, value, value]))
    const { effectiveTrials, meanCorrelation, deflatedSharpeRatio, probabilisticSharpeRatio } = judgeSharpe(
      copies,
      1,
      500,
    )
    expect(meanCorrelation).toBeCloseTo(1, 12)
    expect(effectiveTrials).toBeCloseTo(1, 9)
    expect(deflatedSharpeRatio).toBeCloseTo(probabilisticSharpeRatio!, 12)
  })

  test('says nothing of a configuration that never traded', () => {
    const idle = withEdge(noiseMatrix(50, 3, 1), 0, 0)
    for (let day = 0; day < 50; day++) idle.values[day * 3] = 0
    const evidence = judgeSharpe(idle, 0, 10)
    expect(evidence.probabilisticSharpeRatio).toBeNull()
    expect(evidence.deflatedSharpeRatio).toBeNull()
    expect(evidence.minimumTrackRecord).toBeNull()
    expect(evidence.minimumBacktestYears).toBeNull()
  })
})

describe('mean correlation', () => {
  test('is the mean over all pairs', () => {
    const random = new Random(9)
    const rows = Array.from({ length: 60 }, () => {
      const market = noise(random)
      return Array.from({ length: 7 }, (_, k) => market * k + noise(random))
    })
    const series = columnsOf(matrixOf(rows))
    let sum = 0
    for (let a = 0; a < 7; a++) for (let b = 0; b < a; b++) sum += pearson(series[a], series[b])!
    expect(meanCorrelation(series)).toBeCloseTo(sum / 21, 12)
  })

  test('leaves out what does not vary, and is 0 where no pair is left', () => {
    const [a, b] = columnsOf(noiseMatrix(50, 2, 4))
    expect(meanCorrelation([a, new Float64Array(50), b])).toBeCloseTo(pearson(a, b)!, 12)
    expect(meanCorrelation([a, new Float64Array(50)])).toBe(0)
    expect(meanCorrelation([])).toBe(0)
  })
})

describe('lengths', () => {
  test('a shorter record does for a better Sharpe ratio, and none for one below the benchmark', () => {
    expect(minimumTrackRecord({ ...track, sharpe: 0.2 })!).toBeLessThan(minimumTrackRecord(track)!)
    expect(minimumTrackRecord(track, 0.1)).toBeNull()
  })

  test('a record of the least length is just significant', () => {
    const n = minimumTrackRecord(track)!
    expect(probabilisticSharpeRatio({ ...track, n })).toBeCloseTo(0.95, 12)
  })

  test('the least backtest is not defined for a best Sharpe ratio that is not above 0', () => {
    expect(minimumBacktestYears(45, 0)).toBeNull()
    expect(minimumBacktestYears(45, -1)).toBeNull()
    expect(minimumBacktestYears(1, 1)).toEqual({ years: 0, upperBound: 0 })
  })

  test('no Sharpe ratio is annualised from fewer than ten days', () => {
    expect(annualSharpe([0.01, 0.02, 0.01, 0.02, 0.01, 0.02, 0.01, 0.02, 0.01], 365)).toBeNull()
    expect(annualSharpe(new Float64Array(50), 365)).toBeNull()
    const returns = noiseMatrix(100, 1, 2).values
    expect(annualSharpe(returns, 365)).toBeCloseTo(sharpePerPeriod(returns) * Math.sqrt(365), 12)
  })
})

withShared('golden Sharpe ratios', () => {
  const file = golden('overfitting.json')

  test('of the best column, deflated by all of them', () => {
    const expected = file.dsr
    const series = columnsOf(matrixOf(file.returns.matrix))
    const best = trackOf(series[expected.selectedColumn])!
    expect(isClose(best.sharpe, expected.sharpePerPeriod)).toBe(true)
    expect(isClose(best.skewness, expected.skew)).toBe(true)
    expect(isClose(best.kurtosis, expected.kurtosis)).toBe(true)
    const evidence = judgeSharpe(matrixOf(file.returns.matrix), expected.selectedColumn, series.length)
    expect(isClose(evidence.meanCorrelation, expected.meanCorrelation)).toBe(true)
    expect(isClose(evidence.effectiveTrials, expected.effectiveTrials)).toBe(true)
    expect(isClose(evidence.expectedBest, expected.expectedMaxSharpe)).toBe(true)
    expect(isClose(evidence.probabilisticSharpeRatio, expected.psr0)).toBe(true)
    expect(isClose(evidence.deflatedSharpeRatio, expected.dsr)).toBe(true)
  })

  test('of the papers', () => {
    const { psr, dsr, minTrl, minBtl, expectedMaxNormal } = file.singleValues
    const paper = { sharpe: psr.sharpePerPeriod, skewness: psr.skew, kurtosis: psr.kurtosis, n: psr.n }
    expect(isClose(probabilisticSharpeRatio(paper, psr.benchmark), psr.value)).toBe(true)

    const deflated = { sharpe: dsr.sharpePerPeriod, skewness: dsr.skew, kurtosis: dsr.kurtosis, n: dsr.n }
    const trials = { count: dsr.trials, deviation: dsr.sharpeStd }
    expect(isClose(deflatedSharpeRatio(deflated, trials), dsr.value)).toBe(true)

    const record = { sharpe: minTrl.sharpe, skewness: minTrl.skew, kurtosis: minTrl.kurtosis }
    expect(isClose(minimumTrackRecord(record, minTrl.benchmark, minTrl.prob), minTrl.observations)).toBe(true)

    for (const { trials, targetAnnualSharpe, years, upperBoundYears } of minBtl) {
      const least = minimumBacktestYears(trials, targetAnnualSharpe)!
      expect(isClose(least.years, years) && isClose(least.upperBound, upperBoundYears), `${trials} trials`).toBe(true)
    }
    for (const { trials, value } of expectedMaxNormal) {
      expect(isClose(expectedMaximum(trials), value), `${trials} trials`).toBe(true)
    }
  })

  test('at the edges', () => {
    expect(effectiveTrials(1, 0.3)).toBe(file.edgeCases.oneTrial.effectiveTrials)
    expect(effectiveTrials(500, 1)).toBe(1)
    expect(expectedMaximum(1)).toBe(file.edgeCases.oneTrial.expectedMaxSharpe)
  })
})
