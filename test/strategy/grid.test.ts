import { expect, test } from 'vitest'
import { grid } from '../../src/strategy/grid.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'

const uniform: ParameterSpec = { name: 'u', distribution: 'UNIFORM', low: 10, high: 40 }
const rate: ParameterSpec = { name: 'r', distribution: 'LOG_UNIFORM', low: 0.01, high: 100 }
const integer: ParameterSpec = { name: 'i', distribution: 'INTEGER', low: 5, high: 30, step: 5 }
const sizes: ParameterSpec = { name: 'd', distribution: 'DISCRETE', values: [2, 8, 3] }
const trend: ParameterSpec = { name: 'b', distribution: 'BOOLEAN' }
const normal: ParameterSpec = { name: 'n', distribution: 'NORMAL', mean: 0, standardDeviation: 1 }
const fixed: ParameterSpec = { name: 'f', distribution: 'UNIFORM', low: 7, high: 7 }

function values(spec: ParameterSpec, n: number): number[] {
  return [...grid([spec], n).rows]
}

test('a parameter alone takes as many levels as there are points, or as it has', () => {
  expect(values(uniform, 4)).toEqual([10, 20, 30, 40])
  expect(values(integer, 100)).toEqual([5, 10, 15, 20, 25, 30])
  expect(values(integer, 3)).toEqual([5, 20, 30])
  expect(values(sizes, 100)).toEqual([2, 8, 3])
  expect(values(sizes, 2)).toEqual([2, 3])
  expect(values(trend, 9)).toEqual([0, 1])
  expect(values(fixed, 9)).toEqual([7])
})

test('log-uniform levels are spaced by ratio, and both ends are exact', () => {
  const [first, ...rest] = values(rate, 5)
  expect(first).toBe(0.01)
  expect(rest.at(-1)).toBe(100)
  rest.forEach((value, k) => expect(value).toBeCloseTo(0.1 * 10 ** k, 9))
})

test('normal levels are quantiles', () => {
  const [low, middle, high] = values(normal, 3)
  expect(middle).toBeCloseTo(0, 14)
  expect(high).toBeCloseTo(0.967421566101701, 9)
  expect(low).toBeCloseTo(-high, 12)
})

test('a single level is the default, or the median', () => {
  expect(values(uniform, 1)).toEqual([25])
  expect(values({ ...uniform, default: 12 }, 1)).toEqual([12])
})

test.each([
  [200, [uniform, rate, normal], [6, 6, 5]],
  [200, [uniform, uniform], [14, 14]],
  [200, [uniform, sizes, trend], [33, 3, 2]],
  [200, [integer, sizes, trend, fixed], [6, 3, 2, 1]],
  [8, [uniform, uniform], [3, 2]],
  [1, [uniform, uniform], [1, 1]],
  [5, [uniform, uniform, uniform, uniform], [2, 2, 1, 1]],
])('%i points make balanced levels and no more than that', (n, specs, levels) => {
  const made = grid(specs, n)
  expect(made.levels).toEqual(levels)
  expect(made.count).toBe(levels.reduce((a, b) => a * b))
  expect(made.count).toBeLessThanOrEqual(n)
  expect(made.rows).toHaveLength(made.count * specs.length)
})

test('every combination occurs once, the last parameter changing fastest', () => {
  const { rows } = grid([trend, sizes], 6)
  expect([...rows]).toEqual([0, 2, 0, 8, 0, 3, 1, 2, 1, 8, 1, 3])
})
