import { describe, expect, test } from 'vitest'
import {
  betaCdf,
  betaQuantile,
  kolmogorovSmirnov,
  pageHinkley,
  populationStability,
  regression,
  shapeOf,
  studentTCdf,
  studentTTwoSided,
  wilsonInterval,
} from '../../src/evidence/statistics.ts'
import { Random } from '../../src/engine/random.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { noise } from './returns.ts'

function uniform(n: number, seed: number, shift = 0): Float64Array {
  const random = new Random(seed)
  return Float64Array.from({ length: n }, () => random.float() + shift)
}

/** Of the interval around one half. */
function width(n: number, confidence: number): number {
  const { low, high } = wilsonInterval(n / 2, n, confidence)!
  return high - low
}

describe('Wilson interval', () => {
  test('stays within [0, 1] and is open to the other side for none or all of n', () => {
    expect(wilsonInterval(0, 10)!.low).toBe(0)
    expect(wilsonInterval(0, 10)!.high).toBeGreaterThan(0.2)
    expect(wilsonInterval(10, 10)!.high).toBe(1)
    expect(wilsonInterval(10, 10)!.low).toBeLessThan(0.8)
  })

  test('is null without an observation', () => {
    expect(wilsonInterval(0, 0)).toBeNull()
  })

  test('narrows with more observations and widens with more confidence', () => {
    expect(width(1000, 0.95)).toBeLessThan(width(100, 0.95))
    expect(width(100, 0.99)).toBeGreaterThan(width(100, 0.9))
  })
})

describe('shape', () => {
  test('is 0 and 3 for a normal sample, and 1 for a coin', () => {
    const normal = Float64Array.from({ length: 20_000 }, (_, i) => noise(new Random(i)))
    expect(Math.abs(shapeOf(normal)!.skewness)).toBeLessThan(0.06)
    expect(Math.abs(shapeOf(normal)!.kurtosis - 3)).toBeLessThan(0.2)
    expect(shapeOf([-1, 1, -1, 1])).toEqual({ skewness: 0, kurtosis: 1 })
  })

  test('leans to the side of the longer tail', () => {
    expect(shapeOf([1, 1, 1, -5])!.skewness).toBeLessThan(0)
    expect(shapeOf([1, 1, 1, 9])!.skewness).toBeGreaterThan(0)
  })

  test('is not defined for values that do not vary', () => {
    expect(shapeOf([2, 2, 2])).toBeNull()
    expect(shapeOf([])).toBeNull()
  })
})

describe('regression', () => {
  test('finds a line', () => {
    const { slope, intercept } = regression([0, 1, 2, 5], [1, 3, 5, 11])!
    expect(slope).toBeCloseTo(2, 14)
    expect(intercept).toBeCloseTo(1, 14)
  })

  test('is not defined over a single place', () => {
    expect(regression([1, 1], [2, 3])).toBeNull()
  })
})

describe('Beta and t distribution', () => {
  test('are null where they do not exist', () => {
    expect(betaCdf(0.5, 0, 1)).toBeNull()
    expect(betaQuantile(0.5, 1, -1)).toBeNull()
    expect(betaQuantile(1.5, 1, 1)).toBeNull()
    expect(studentTCdf(1, 0)).toBeNull()
    expect(studentTTwoSided(NaN, 5)).toBeNull()
  })

  test('the textbook t of 2.228 has a two-sided p of 5 % at 10 degrees of freedom', () => {
    expect(studentTTwoSided(2.228138851986275, 10)).toBeCloseTo(0.05, 12)
    expect(studentTTwoSided(-2.228138851986275, 10)).toBeCloseTo(0.05, 12)
    expect(studentTTwoSided(0, 10)).toBe(1)
  })

  test('half of a symmetric Beta lies below one half', () => {
    expect(betaCdf(0.5, 7, 7)).toBeCloseTo(0.5, 14)
    expect(betaQuantile(0.5, 7, 7)).toBeCloseTo(0.5, 14)
  })
})

describe('Kolmogorov-Smirnov', () => {
  test('finds no difference between a sample and itself, ties included', () => {
    expect(kolmogorovSmirnov([1, 2, 2, 3], [3, 2, 1, 2])).toEqual({ statistic: 0, pValue: 1 })
  })

  test('finds samples apart that do not overlap', () => {
    const { statistic, pValue } = kolmogorovSmirnov(uniform(50, 1), uniform(40, 2, 5))!
    expect(statistic).toBe(1)
    expect(pValue).toBeLessThan(1e-15)
  })

  test('gives a uniform p where there is nothing to find', () => {
    let below = 0
    for (let seed = 0; seed < 400; seed++) {
      if (kolmogorovSmirnov(uniform(200, 2 * seed), uniform(200, 2 * seed + 1))!.pValue < 0.1) below++
    }
    expect(below / 400).toBeGreaterThan(0.05)
    expect(below / 400).toBeLessThan(0.14)
  })

  test('is null for an empty sample or a missing value', () => {
    expect(kolmogorovSmirnov([], [1])).toBeNull()
    expect(kolmogorovSmirnov([1, NaN], [1, 2])).toBeNull()
  })
})

describe('population stability index', () => {
  test('is 0 for the same sample, small for the same distribution, major for a shifted one', () => {
    const reference = uniform(2000, 1)
    expect(populationStability(reference, reference)).toBe(0)
    expect(populationStability(reference, uniform(2000, 2))!).toBeLessThan(0.1)
    expect(populationStability(reference, uniform(2000, 2, 0.3))!).toBeGreaterThan(0.25)
  })

  test('stays finite where a bin is empty', () => {
    expect(populationStability(uniform(100, 1), [9, 9, 9])).toBeLessThan(100)
  })

  test('is null where there is nothing to compare', () => {
    expect(populationStability([], [1])).toBeNull()
    expect(populationStability([1], [])).toBeNull()
  })
})

describe('Page-Hinkley', () => {
  test('raises no alarm while the mean stays', () => {
    expect(pageHinkley(uniform(500, 3)).alarmAt).toBeNull()
  })

  test('raises one soon after the mean falls, and not before', () => {
    const falling = Float64Array.from([...uniform(100, 3, 2), ...uniform(100, 4)])
    const { alarmAt, statistic } = pageHinkley(falling)
    expect(alarmAt).toBeGreaterThan(100)
    expect(alarmAt).toBeLessThan(120)
    expect(statistic).toHaveLength(200)
  })

  test('waits for the least number of values', () => {
    const falling = [0, ...Array.from({ length: 60 }, () => -50)]
    expect(pageHinkley(falling).alarmAt).toBe(29)
  })

  test('has nothing to say of no values', () => {
    expect(pageHinkley([])).toEqual({ statistic: new Float64Array(0), alarmAt: null })
  })
})

withShared('golden statistics', () => {
  const file = golden('statistics.json')

  test('Wilson intervals', () => {
    for (const { successes, n, confidence, low, high } of file.wilson.table) {
      const interval = wilsonInterval(successes, n, confidence)!
      expect(isClose(interval.low, low) && isClose(interval.high, high), `${successes} of ${n}`).toBe(true)
    }
  })

  test('Beta quantiles of shrunk win rates', () => {
    for (const { wins, n, overallRate, strength, low90, high90 } of file.betaBinomial.table) {
      const a = wins + strength * overallRate
      const b = n - wins + strength * (1 - overallRate)
      expect(isClose(betaQuantile(0.05, a, b), low90) && isClose(betaQuantile(0.95, a, b), high90)).toBe(true)
    }
  })

  test('Kolmogorov-Smirnov and population stability', () => {
    const { a, b, D, pAsymptotic } = file.kolmogorovSmirnov
    const { statistic, pValue } = kolmogorovSmirnov(a, b)!
    expect(isClose(statistic, D)).toBe(true)
    expect(isClose(pValue, pAsymptotic)).toBe(true)
    expect(isClose(populationStability(a, b, file.psi.bins), file.psi.value)).toBe(true)
  })

  test('Page-Hinkley, value by value', () => {
    const { x, delta, lambda_: lambda, minSamples: minimum, statistic, firstAlarmIndex } = file.pageHinkley
    const result = pageHinkley(x, { delta, lambda, minimum })
    expect(result.alarmAt).toBe(firstAlarmIndex)
    statistic.forEach((value: number, i: number) => expect(isClose(result.statistic[i], value), `at ${i}`).toBe(true))
  })
})
