import { describe, expect, test } from 'vitest'
import { estimateIndices, sobolIndices } from '../../src/models/sobol-indices.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { predictWith } from './predict-with.ts'
import { runHere } from './run-here.ts'

const uniform = (name: string, low: number, high: number): ParameterSpec => ({
  name,
  distribution: 'UNIFORM',
  low,
  high,
})

const ANGLES = ['a', 'b', 'c'].map((name) => uniform(name, -Math.PI, Math.PI))
const ishigami = predictWith(([x, y, z]) => Math.sin(x) + 7 * Math.sin(y) ** 2 + 0.1 * z ** 4 * Math.sin(x))

withShared('the golden Sobol’ indices', () => {
  const close = (found: number[], expected: number[]): boolean =>
    found.every((value, at) => isClose(value, expected[at]))

  test('of the estimators are met', () => {
    const { fA, fB, fAB, S1, ST } = golden('sensitivity.json').estimatorSmall
    const mixed = [0, 1].map((column) => Float64Array.from(fAB, (pair: number[]) => pair[column]))
    const found = estimateIndices({
      evaluations: { a: Float64Array.from(fA), b: Float64Array.from(fB), mixed },
      seed: 1,
    })!
    expect(
      close(
        found.map(({ firstOrder }) => firstOrder),
        S1,
      ),
    ).toBe(true)
    expect(
      close(
        found.map(({ total }) => total),
        ST,
      ),
    ).toBe(true)
  })

  test('of the Ishigami function on 256 points are met', async () => {
    const { N, S1, ST } = golden('sensitivity.json').ishigamiSobolSequence
    const found = (await sobolIndices(ishigami, ANGLES, runHere, 1, N))!
    expect(
      close(
        found.map(({ firstOrder }) => firstOrder),
        S1,
      ),
    ).toBe(true)
    expect(
      close(
        found.map(({ total }) => total),
        ST,
      ),
    ).toBe(true)
  })

  test('come close to the closed form', async () => {
    const { S1, ST } = golden('sensitivity.json').ishigamiAnalytic
    const found = await sobolIndices(ishigami, ANGLES, runHere, 1)
    found!.forEach(({ firstOrder, total, firstOrderInterval, totalInterval }, at) => {
      expect(Math.abs(firstOrder - S1[at])).toBeLessThan(0.02)
      expect(Math.abs(total - ST[at])).toBeLessThan(0.02)
      expect(firstOrderInterval.low).toBeLessThanOrEqual(S1[at])
      expect(firstOrderInterval.high).toBeGreaterThanOrEqual(S1[at])
      expect(totalInterval.low).toBeLessThanOrEqual(total)
      expect(totalInterval.high).toBeGreaterThanOrEqual(total)
    })
  })
})

describe('Sobol’ indices', () => {
  test('share the spread of a sum by the variances of its parts', async () => {
    const specs = [uniform('wide', 0, 2), uniform('narrow', 0, 1), uniform('idle', 0, 1)]
    const [wide, narrow, idle] = (await sobolIndices(
      predictWith(([a, b]) => a + b),
      specs,
      runHere,
      1,
    ))!
    expect(wide.firstOrder).toBeCloseTo(0.8, 2)
    expect(narrow.total).toBeCloseTo(0.2, 2)
    expect(idle).toMatchObject({ firstOrder: 0, total: 0 })
  })

  test('are zero for a parameter that is held constant', async () => {
    const specs = [uniform('a', 0, 1), { name: 'fixed', distribution: 'DISCRETE', values: [5] } satisfies ParameterSpec]
    const [a, fixed] = (await sobolIndices(
      predictWith(([a, b]) => a * b),
      specs,
      runHere,
      1,
    ))!
    expect(a.total).toBeCloseTo(1, 2)
    expect(fixed).toMatchObject({ firstOrder: 0, total: 0 })
  })

  test('do not exist where nothing varies', async () => {
    expect(
      await sobolIndices(
        predictWith(() => 3),
        [uniform('a', 0, 1)],
        runHere,
        1,
      ),
    ).toBeNull()
  })
})
