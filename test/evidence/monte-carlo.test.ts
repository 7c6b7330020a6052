import { describe, expect, test } from 'vitest'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { quantile } from '../../src/engine/statistics.ts'
import { monteCarlo, outcomeOf, quantilesOf, RESAMPLINGS, summariseRuns } from '../../src/evidence/monte-carlo.ts'
import { jitteredRows, stressedCosts } from '../../src/evidence/stress.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { noiseMatrix } from './returns.ts'

const trades = noiseMatrix(120, 1, 1).values.map((value) => value + 0.001)
const simulate = (method: (typeof RESAMPLINGS)[number], seed = 1) => monteCarlo(method, trades, 240, { seed })!

describe('resampled trades', () => {
  test('shuffled keep their return and change their drawdown', () => {
    const { roi, maxDrawdown, sharpeRatio, runs } = simulate('SHUFFLE')
    expect(runs).toBe(1000)
    expect(roi.p95 - roi.p05).toBeLessThan(1e-12)
    expect(sharpeRatio!.p95 - sharpeRatio!.p05).toBeLessThan(1e-12)
    expect(maxDrawdown.p95).toBeGreaterThan(1.3 * maxDrawdown.p05)
  })

  test('drawn with replacement vary around what happened', () => {
    const real = outcomeOf(trades, Int32Array.from(trades.keys()), 240)
    for (const method of ['BOOTSTRAP', 'STATIONARY_BLOCK'] as const) {
      const { roi, sharpeRatio, probabilityOfLoss } = simulate(method)
      expect(roi.p05).toBeLessThan(real.roi)
      expect(roi.p95).toBeGreaterThan(real.roi)
      expect(Math.abs(roi.p50 - real.roi)).toBeLessThan(0.03)
      expect(Math.abs(sharpeRatio!.p50 - real.sharpeRatio!)).toBeLessThan(0.3)
      expect(probabilityOfLoss).toBeGreaterThan(0)
      expect(probabilityOfLoss).toBeLessThan(0.5)
    }
  })

  test('of which some are missed earn a tenth less a year at most', () => {
    const real = outcomeOf(trades, Int32Array.from(trades.keys()), 240)
    expect(simulate('SKIP').roi.p50 / real.roi).toBeGreaterThan(0.75)
    expect(simulate('SKIP').roi.p50 / real.roi).toBeLessThan(1.05)
  })

  test('give the same quantiles for the same seed, others for another', () => {
    for (const method of RESAMPLINGS) {
      expect(simulate(method, 7)).toEqual(simulate(method, 7))
      expect(simulate(method, 7).maxDrawdown).not.toEqual(simulate(method, 8).maxDrawdown)
    }
  })

  test('fan out from the beginning to the quantiles in which they end', () => {
    for (const method of RESAMPLINGS) {
      const { fan, roi } = simulate(method)
      expect(fan).toHaveLength(26)
      expect(fan![0]).toEqual({ share: 0, p05: 1, p25: 1, p50: 1, p75: 1, p95: 1 })
      expect(fan!.at(-1)!.share).toBe(1)
      for (const name of ['p05', 'p25', 'p50', 'p75', 'p95'] as const) {
        expect(fan!.at(-1)![name] - 1).toBeCloseTo(roi[name], 12)
      }
      for (const { p05, p25, p50, p75, p95 } of fan!) {
        expect([p05, p25, p50, p75, p95]).toEqual([p05, p25, p50, p75, p95].toSorted((a, b) => a - b))
      }
    }
  })

  test('are too few to say anything below ten', () => {
    expect(monteCarlo('BOOTSTRAP', trades.slice(0, 9), 240, { seed: 1 })).toBeNull()
  })

  test('have no Sharpe ratio where they do not vary', () => {
    const constant = new Float64Array(20).fill(0.01)
    expect(monteCarlo('BOOTSTRAP', constant, 240, { seed: 1 })!.sharpeRatio).toBeNull()
  })

  test('do not recover from ruin', () => {
    const { roi, maxDrawdown } = outcomeOf(Float64Array.of(0.5, -1, 0.5), Int32Array.of(0, 1, 2), 3)
    expect(roi).toBe(-1)
    expect(maxDrawdown).toBe(1)
  })
})

describe('quantiles', () => {
  test('are ordered and are those of the statistics', () => {
    const { p05, p25, p50, p75, p95 } = quantilesOf(trades)
    expect([p05, p25, p50, p75, p95]).toEqual([0.05, 0.25, 0.5, 0.75, 0.95].map((p) => quantile(trades, p)))
  })

  test('of a Sharpe ratio pass over the runs in which it is not defined', () => {
    const run = { roi: 0.1, maxDrawdown: 0, sharpeRatio: null }
    const summary = summariseRuns('PARAMETER_JITTER', [run, { ...run, roi: -0.1, sharpeRatio: 2 }])
    expect(summary.sharpeRatio!.p50).toBe(2)
    expect(summary.probabilityOfLoss).toBe(0.5)
    expect(summariseRuns('PARAMETER_JITTER', [run]).sharpeRatio).toBeNull()
  })
})

describe('stress', () => {
  const specs: ParameterSpec[] = [
    { name: 'period', distribution: 'INTEGER', low: 5, high: 50 },
    { name: 'threshold', distribution: 'UNIFORM', low: 10, high: 40 },
  ]

  test('jitters each parameter by at most 5 % of its range', () => {
    const rows = jitteredRows(specs, [20, 25], { seed: 1 })
    expect(rows).toHaveLength(400)
    for (let at = 0; at < 400; at += 2) {
      expect(Number.isInteger(rows[at])).toBe(true)
      expect(Math.abs(rows[at] - 20)).toBeLessThanOrEqual(2)
      expect(Math.abs(rows[at + 1] - 25)).toBeLessThanOrEqual(1.5)
    }
    expect(jitteredRows(specs, [20, 25], { seed: 1 })).toEqual(rows)
  })

  test('doubles what trading costs and nothing else', () => {
    const settings = { ...DEFAULT_EXECUTION, slippage: 0.0005 }
    expect(stressedCosts(settings)).toEqual({ ...settings, feeRate: 0.002, makerFeeRate: 0.002, slippage: 0.001 })
  })
})

withShared('golden Monte Carlo', () => {
  const { tradeReturns, ...methods } = golden('validation.json').monteCarlo

  test.each(['shuffle', 'bootstrap', 'skipTenPercent', 'stationaryBlock'])('%s', (name) => {
    const expected = methods[name]
    const outcomes = expected.indices.map((indices: number[]) =>
      outcomeOf(Float64Array.from(tradeReturns), Int32Array.from(indices), 365),
    )
    outcomes.forEach(({ roi, maxDrawdown }: { roi: number; maxDrawdown: number }, run: number) => {
      expect(isClose(roi, expected.roi[run]) && isClose(maxDrawdown, expected.maxDrawdown[run]), `run ${run}`).toBe(
        true,
      )
    })
    const summary = summariseRuns('BOOTSTRAP', outcomes)
    Object.values(summary.roi).forEach((value, at) => expect(isClose(value, expected.roiQuantiles[at])).toBe(true))
    Object.values(summary.maxDrawdown).forEach((value, at) =>
      expect(isClose(value, expected.maxDrawdownQuantiles[at])).toBe(true),
    )
    expect(summary.probabilityOfLoss).toBe(expected.probabilityOfLoss)
  })
})
