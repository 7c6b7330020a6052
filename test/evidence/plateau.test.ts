import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { neighbourhood } from '../../src/evidence/neighbourhood.ts'
import { onBoundary, plateau, plateauPoints, plateauScore } from '../../src/evidence/plateau.ts'
import { objectionTo, type ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { golden, isClose, withShared } from '../shared.ts'

const specs: ParameterSpec[] = [
  { name: 'uniform', distribution: 'UNIFORM', low: 0, high: 10 },
  { name: 'log', distribution: 'LOG_UNIFORM', low: 0.001, high: 1 },
  { name: 'integer', distribution: 'INTEGER', low: 2, high: 8, step: 2 },
  { name: 'discrete', distribution: 'DISCRETE', values: [5, 10, 50] },
  { name: 'switch', distribution: 'BOOLEAN' },
  { name: 'normal', distribution: 'NORMAL', mean: 0, standardDeviation: 1 },
  { name: 'constant', distribution: 'UNIFORM', low: 3, high: 3 },
]
const centre = [5, 0.01, 4, 10, 1, 0, 3]

function columns(rows: Float64Array): number[][] {
  return specs.map((_, at) => [...rows].filter((_, place) => place % specs.length === at))
}

describe('neighbourhood', () => {
  const rows = plateauPoints(specs, centre, { seed: 1 })
  const [uniform, log, integer, discrete, boolean, normal, constant] = columns(rows)
  const extremes = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)]

  test('has 64 points that can all be drawn', () => {
    expect(rows).toHaveLength(64 * specs.length)
    columns(rows).forEach((values, at) => {
      if (specs[at].distribution !== 'NORMAL')
        values.forEach((value) => expect(objectionTo(specs[at], value)).toBeNull())
    })
  })

  test('reaches a tenth of the range to either side', () => {
    const [low, high] = extremes(uniform)
    expect([low >= 4, low < 4.2, high > 5.8, high <= 6]).toEqual([true, true, true, true])
    expect(extremes(normal)[1]).toBeLessThanOrEqual(0.8)
    expect(extremes(normal)[1]).toBeGreaterThan(0.6)
  })

  test('moves a logarithmic parameter by factors', () => {
    const factor = 1000 ** 0.1
    const [low, high] = extremes(log.map((value) => value / 0.01))
    expect(low).toBeGreaterThanOrEqual(1 / factor - 1e-12)
    expect(high).toBeLessThanOrEqual(factor + 1e-12)
    expect(low * high).toBeCloseTo(1, 0)
  })

  test('takes at least a step where there are steps', () => {
    expect([...new Set(integer)].sort((a, b) => a - b)).toEqual([2, 4, 6])
    expect([...new Set(discrete)].sort((a, b) => a - b)).toEqual([5, 10, 50])
  })

  test('leaves switches and constants alone', () => {
    expect(new Set(boolean)).toEqual(new Set([1]))
    expect(new Set(constant)).toEqual(new Set([3]))
  })

  test('stays within the bounds at their edge', () => {
    const [atEdge] = columns(plateauPoints(specs, [10, 1, 8, 50, 0, 0, 3], { seed: 1 }))
    expect(Math.max(...atEdge)).toBe(10)
  })

  test('keeps the constraints, with fewer points where they leave little room', () => {
    const upper = plateauPoints(specs, centre, { seed: 1, satisfies: (row) => row[0] > 5 })
    expect(upper).toHaveLength(64 * specs.length)
    expect(columns(upper)[0].every((value) => value > 5)).toBe(true)
    expect(plateauPoints(specs, centre, { seed: 1, satisfies: () => false })).toHaveLength(0)
  })

  test('is another one for each candidate and the same for the same one', () => {
    expect(plateauPoints(specs, centre, { seed: 1, item: 2 })).toEqual(
      plateauPoints(specs, centre, { seed: 1, item: 2 }),
    )
    expect(plateauPoints(specs, centre, { seed: 1, item: 2 })).not.toEqual(rows)
    const drawn = neighbourhood(specs, centre, { count: 3, reach: 0, random: new Random(1) })
    expect(columns(drawn)[0]).toEqual([5, 5, 5])
  })
})

describe('plateau', () => {
  test('takes what is not defined for the worst', () => {
    expect(plateau([NaN, ...Array.from({ length: 20 }, () => 1)])).toBe(1)
    expect(plateau([NaN, NaN, NaN, 1, 1])).toBeNull()
    expect(plateau([])).toBeNull()
  })

  test('scores a needle with 0 and a plateau with 100', () => {
    expect(plateauScore(10, [0, 1, 0, 0], 0)).toBe(0)
    expect(plateauScore(10, [10, 10, 9.9, 10], 0)).toBe(100)
    expect(plateauScore(10, [5, 5, 5], 0)).toBe(50)
  })

  test('scores 0 where the best is no better than the ordinary, or its neighbours are not defined', () => {
    expect(plateauScore(1, [1, 1], 1)).toBe(0)
    expect(plateauScore(1, [NaN, NaN, 1], 0)).toBe(0)
    expect(plateauScore(NaN, [1], 0)).toBe(0)
  })
})

describe('boundary', () => {
  test('is within 1 % of a bound, on the scale of the parameter', () => {
    expect(onBoundary(specs, [0.05, 0.5, 8, 50, 1, 0, 3])).toEqual([true, false, true, false, false, false, false])
    expect(onBoundary(specs, [9.95, 0.00105, 4, 10, 0, 20, 3])).toEqual([true, true, false, false, false, false, false])
    expect(onBoundary(specs, [5, 0.97, 2, 10, 0, 0, 3])).toEqual([false, true, true, false, false, false, false])
  })

  test('has only the bounds that were given', () => {
    const halfOpen: ParameterSpec[] = [{ name: 'n', distribution: 'NORMAL', mean: 0, standardDeviation: 1, low: -1 }]
    expect(onBoundary(halfOpen, [-1])).toEqual([true])
    expect(onBoundary(halfOpen, [4])).toEqual([false])
  })
})

withShared('golden plateau', () => {
  test('quantile and score', () => {
    for (const { best, neighbours, populationMedian, plateau: quantile, score } of golden('validation.json').plateau
      .table) {
      expect(isClose(plateau(neighbours), quantile)).toBe(true)
      expect(isClose(plateauScore(best, neighbours, populationMedian), score)).toBe(true)
    }
  })
})
