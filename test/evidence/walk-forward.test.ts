import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { annualSharpe } from '../../src/evidence/returns.ts'
import {
  parameterDrift,
  planFor,
  profitableShare,
  stitch,
  walkForwardEfficiency,
  walkForwardWindows,
  yearlyRoi,
} from '../../src/evidence/walk-forward.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { noiseMatrix } from './returns.ts'

describe('walk-forward windows', () => {
  test('never test on what they were trained on, and test without a gap from window to window', () => {
    for (const anchored of [false, true]) {
      const windows = walkForwardWindows(997, { training: 300, test: 70, embargo: 5, anchored })
      windows.forEach(({ training, test }, at) => {
        expect(test.from - training.to).toBe(5)
        expect(training.from).toBe(anchored ? 0 : at * 70)
        if (at > 0) expect(test.from).toBe(windows[at - 1].test.to)
      })
      expect(windows.at(-1)!.test.to).toBeLessThanOrEqual(997)
      expect(windows.at(-1)!.test.to).toBeGreaterThan(997 - 70)
    }
  })

  test('come in the number that was planned for', () => {
    for (const windows of [1, 5, 12]) {
      for (const length of [100, 259_200]) {
        const plan = planFor(length, windows, { embargo: 3 })
        const planned = walkForwardWindows(length, plan)
        expect(planned).toHaveLength(windows)
        expect(planned.at(-1)!.test.to).toBe(length)
        expect(Math.floor(plan.training / plan.test)).toBeGreaterThanOrEqual(3)
      }
    }
  })

  test('name every length that cannot be', () => {
    const plan = () => walkForwardWindows(100, { training: 0, test: NaN, embargo: -1 })
    expect(plan).toThrow(ValidationError)
    expect(plan).toThrow(/walkForward.training: .*\n.*walkForward.test: .*\n.*walkForward.embargo: /)
  })
})

describe('walk-forward summary', () => {
  test('has no efficiency where training earned nothing, or nothing is defined', () => {
    expect(walkForwardEfficiency([-0.1, 0.05], [0.2, 0.2])).toBeNull()
    expect(walkForwardEfficiency([], [])).toBeNull()
    expect(walkForwardEfficiency([null, 2], [1, null])).toBeNull()
  })

  test('leaves a window out of the efficiency in which one side is not defined', () => {
    expect(walkForwardEfficiency([2, null, 4], [1, 100, 2])).toBe(0.5)
  })

  test('counts a window that ends where it began as no gain', () => {
    expect(profitableShare([0.1, 0, -0.1, 0.2])).toBe(0.5)
    expect(profitableShare([])).toBeNull()
  })

  test('measures drift against the range of each parameter, on its own scale', () => {
    const specs: ParameterSpec[] = [
      { name: 'a', distribution: 'UNIFORM', low: 0, high: 10 },
      { name: 'b', distribution: 'LOG_UNIFORM', low: 1, high: 100 },
      { name: 'c', distribution: 'UNIFORM', low: 0, high: 1 },
    ]
    const [a, b, c] = parameterDrift(specs, [
      [4, 1, 0.5],
      [6, 10, 0.5],
      [5, 100, 0.5],
    ])
    expect(a).toBeCloseTo(0.1, 12)
    expect(b).toBeCloseTo(0.5, 12)
    expect(c).toBe(0)
    expect(parameterDrift(specs, [[4, 1, 0.5]])).toEqual([null, null, null])
  })
})

describe('stitched test windows', () => {
  const run = (equity: number[], returns: number[] = []) => ({
    equity: Float64Array.from(equity),
    returns: Float64Array.from(returns),
  })

  test('compound: each starts with what the last one left', () => {
    const { equity, roi, maxDrawdown } = stitch([run([110, 120]), run([100, 50]), run([100, 150])], 100)
    expect([...equity].map((value) => Number(value.toFixed(12)))).toEqual([1.1, 1.2, 1.2, 0.6, 0.6, 0.9])
    expect(roi).toBeCloseTo(-0.1, 12)
    expect(maxDrawdown).toBeCloseTo(0.5, 12)
  })

  test('fall from the start too, and across windows', () => {
    expect(stitch([run([90]), run([90])], 100).maxDrawdown).toBeCloseTo(0.19, 12)
  })

  test('have the Sharpe ratio of all their days', () => {
    const days = [...noiseMatrix(40, 1, 3).values]
    const { sharpeRatio } = stitch([run([1], days.slice(0, 15)), run([1], days.slice(15))], 1)
    expect(sharpeRatio).toBe(annualSharpe(days, 365))
    expect(stitch([run([1], days.slice(0, 9))], 1).sharpeRatio).toBeNull()
  })

  test('do not come back from ruin, and are nothing without a window', () => {
    expect(stitch([run([0]), run([200])], 100).roi).toBe(-1)
    expect(stitch([], 100)).toEqual({ equity: new Float64Array(0), roi: 0, maxDrawdown: 0, sharpeRatio: null })
  })
})

withShared('golden walk-forward', () => {
  const { walkForward, walkForwardEfficiency: golden_ } = golden('validation.json')

  test('schedules', () => {
    for (const { bars, train, test: length, embargo, anchored, windows } of walkForward.table) {
      const planned = walkForwardWindows(bars, { training: train, test: length, embargo, anchored })
      const shown = planned.map(({ training, test }) => ({
        train: [training.from, training.to],
        test: [test.from, test.to],
      }))
      expect(shown).toEqual(windows)
    }
  })

  test('efficiency, profitable share and stitched return', () => {
    const { isRoi, oosRoi, isDays, oosDays, efficiency, profitableShare: share, stitchedRoi } = golden_
    const yearly = (rois: number[], days: number): number[] => rois.map((roi) => yearlyRoi(roi, days))
    expect(isClose(walkForwardEfficiency(yearly(isRoi, isDays), yearly(oosRoi, oosDays)), efficiency)).toBe(true)
    expect(profitableShare(oosRoi)).toBe(share)
    const runs = oosRoi.map((roi: number) => ({ equity: Float64Array.of(1 + roi), returns: new Float64Array(0) }))
    expect(isClose(stitch(runs, 1).roi, stitchedRoi)).toBe(true)
  })
})
