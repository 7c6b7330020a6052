import { describe, expect, test } from 'vitest'
import { matrixOf } from '../../src/models/matrix.ts'
import { backgroundRows, gridOf, partialDependence, safeRange, sensitivity } from '../../src/models/sensitivity.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { predictWith } from './predict-with.ts'
import { noise } from './surfaces.ts'

describe('the grid of a parameter', () => {
  test('has 21 even steps over a uniform range and ends exactly at its bounds', () => {
    const grid = gridOf({ name: 'p', distribution: 'UNIFORM', low: 0.1, high: 0.7 })
    expect(grid).toHaveLength(21)
    expect([grid[0], grid[20]]).toEqual([0.1, 0.7])
    expect(grid[10]).toBeCloseTo(0.4, 12)
  })

  test('steps by a constant factor over a logarithmic range', () => {
    const grid = gridOf({ name: 'p', distribution: 'LOG_UNIFORM', low: 1, high: 100 })
    expect(grid).toHaveLength(21)
    expect([grid[0], grid[20]]).toEqual([1, 100])
    expect(grid[10]).toBeCloseTo(10, 9)
  })

  test('holds each whole number once', () => {
    expect([...gridOf({ name: 'p', distribution: 'INTEGER', low: 2, high: 8, step: 2 })]).toEqual([2, 4, 6, 8])
  })

  test('holds the values of a discrete parameter in order, and at most 21 of them', () => {
    expect([...gridOf({ name: 'p', distribution: 'DISCRETE', values: [5, 1, 3, 1] })]).toEqual([1, 3, 5])
    const many = gridOf({ name: 'p', distribution: 'DISCRETE', values: Array.from({ length: 100 }, (_, i) => i) })
    expect(many).toHaveLength(21)
    expect([many[0], many[20]]).toEqual([0, 99])
  })

  test('is no and yes for a boolean', () => {
    expect([...gridOf({ name: 'p', distribution: 'BOOLEAN' })]).toEqual([0, 1])
  })
})

describe('partial dependence', () => {
  test('has bands that are as wide as the others make it', () => {
    const background = matrixOf(Array.from({ length: 11 }, (_, i) => [0, i / 10]))
    const points = partialDependence(
      predictWith(([a, b]) => a + b),
      background,
      0,
      Float64Array.of(0, 2),
    )
    expect(points.map(({ value }) => value)).toEqual([0, 2])
    expect(points[1].objective).toBeCloseTo(2.5, 12)
    expect(points[1].low).toBeCloseTo(2.1, 12)
    expect(points[1].high).toBeCloseTo(2.9, 12)
  })

  test('averages over at most 100 training rows, chosen by the seed', () => {
    const { x } = noise(300, 1)
    expect(backgroundRows(x, 1).rows).toBe(100)
    expect(backgroundRows(x, 1)).toEqual(backgroundRows(x, 1))
    expect(backgroundRows(x, 1)).not.toEqual(backgroundRows(x, 2))
    expect(backgroundRows(noise(30, 1).x, 1)).toEqual(noise(30, 1).x)
  })
})

describe('the safe range', () => {
  const grid = Float64Array.of(0, 1, 2, 3, 4, 5)

  test('reaches as far as the prediction stays within 5 % of the spread', () => {
    const curve = Float64Array.of(0, 0.96, 1, 0.97, 0.94, 1)
    expect(safeRange(grid, curve, { value: 2, objective: 1 }, 1)).toEqual({ low: 1, high: 3 })
  })

  test('begins at an optimum that is not on the grid', () => {
    const curve = Float64Array.of(0, 0, 1, 1, 0, 0)
    expect(safeRange(grid, curve, { value: 2.4, objective: 1 }, 1)).toEqual({ low: 2, high: 3 })
    expect(safeRange(grid, curve, { value: 3.5, objective: 1 }, 1)).toEqual({ low: 2, high: 3.5 })
  })

  test('is the optimum alone on a peak', () => {
    expect(safeRange(grid, Float64Array.of(0, 0, 0, 0, 0, 0), { value: 2.5, objective: 1 }, 1)).toEqual({
      low: 2.5,
      high: 2.5,
    })
  })

  test('is everything where the prediction never changes', () => {
    expect(safeRange(grid, new Float64Array(6), { value: 2, objective: 0 }, 0)).toEqual({ low: 0, high: 5 })
  })
})

test('sensitivity tells a parameter that matters from one that does not', () => {
  const [slope, idle] = sensitivity({
    predict: predictWith(([a]) => a),
    specs: [
      { name: 'slope', distribution: 'UNIFORM', low: 0, high: 1 },
      { name: 'idle', distribution: 'INTEGER', low: 1, high: 5 },
    ],
    background: matrixOf([
      [0.2, 1],
      [0.8, 5],
    ]),
    optimum: Float64Array.of(1, 3),
    spread: 1.001,
  })
  expect(slope.safeRange).toEqual({ low: 0.95, high: 1 })
  expect(idle.safeRange).toEqual({ low: 1, high: 5 })
  expect(idle.points).toHaveLength(5)
  expect(slope).toMatchObject({ parameter: 'slope', firstOrder: null, total: null })
})

withShared('the golden partial dependence', () => {
  test('is met', () => {
    const { shapleyFunction, partialDependence: expected } = golden('sensitivity.json')
    const predict = predictWith(([a, b, c, d]) => 3 * a + 2 * b * c - d ** 3)
    const grid = Float64Array.from(expected.grid)
    partialDependence(predict, matrixOf(shapleyFunction.background), expected.feature, grid).forEach((point, at) =>
      expect(isClose(point.objective, expected.value[at])).toBe(true),
    )
  })
})
