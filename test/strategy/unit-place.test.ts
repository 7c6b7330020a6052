import { expect, test } from 'vitest'
import { inverseCdf } from '../../src/strategy/inverse-cdf.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { unitPlace } from '../../src/strategy/unit-place.ts'

const SPECS: ParameterSpec[] = [
  { name: 'a', distribution: 'UNIFORM', low: -2, high: 3 },
  { name: 'a', distribution: 'LOG_UNIFORM', low: 0.001, high: 10 },
  { name: 'a', distribution: 'NORMAL', mean: 5, standardDeviation: 2 },
  { name: 'a', distribution: 'NORMAL', mean: 5, standardDeviation: 2, low: 4, high: 6 },
  { name: 'a', distribution: 'NORMAL', mean: 5, standardDeviation: 2, low: 4 },
  { name: 'a', distribution: 'INTEGER', low: 3, high: 20, step: 4 },
  { name: 'a', distribution: 'DISCRETE', values: [7, 1, 4] },
  { name: 'a', distribution: 'BOOLEAN' },
]

test.each(SPECS)('the place of a value gives this value again: $distribution', (spec) => {
  for (const u of [0.01, 0.2, 0.49, 0.51, 0.8, 0.99]) {
    const value = inverseCdf(spec, u)
    const place = unitPlace(spec, value)
    expect(place).toBeGreaterThanOrEqual(0)
    expect(place).toBeLessThanOrEqual(1)
    expect(inverseCdf(spec, place)).toBeCloseTo(value, 9)
  }
})

test('a value beyond all draws stands at the end', () => {
  expect(unitPlace({ name: 'a', distribution: 'UNIFORM', low: 0, high: 1 }, 7)).toBe(1)
  const far = { name: 'a', distribution: 'NORMAL', mean: 0, standardDeviation: 1, low: 40, high: 41 } as const
  expect(unitPlace(far, 40.5)).toBeCloseTo(0.5, 12) // no part of the curve is left to tell shares of
})
