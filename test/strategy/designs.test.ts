import { describe, expect, test } from 'vitest'
import { centredDiscrepancy, latinHypercube, minDistance, random, sobol } from '../../src/strategy/designs.ts'
import { SOBOL_DIMENSIONS } from '../../src/strategy/sobol.ts'
import { golden, isClose, withShared } from '../shared.ts'

/** Does every one of the n slices of every column hold exactly one point? */
function isLatin(points: ArrayLike<number>, n: number, d: number): boolean {
  return Array.from({ length: d }, (_, j) => j).every((j) => {
    const slices = Array.from({ length: n }, (_, i) => Math.floor(points[i * d + j] * n))
    return new Set(slices).size === n && slices.every((slice) => slice >= 0 && slice < n)
  })
}

function column(points: Float64Array, d: number, j: number): Float64Array {
  return points.filter((_, at) => at % d === j)
}

describe('Latin hypercube', () => {
  test.each([
    [1, 1],
    [2, 3],
    [49, 2],
    [300, 7],
    [1000, 20],
    [5000, 2],
  ])('of %i points in %i dimensions has one point in every slice', (n, d) => {
    for (const options of [{}, { centred: true }, { maximin: true }]) {
      expect(isLatin(latinHypercube(n, d, 11, options), n, d)).toBe(true)
    }
  })

  test('is the same for the same seed and another for another', () => {
    expect(latinHypercube(50, 4, 1, { maximin: true })).toEqual(latinHypercube(50, 4, 1, { maximin: true }))
    expect(latinHypercube(50, 4, 1)).not.toEqual(latinHypercube(50, 4, 2))
  })

  test('stands in the middle of its slices where that is asked for', () => {
    for (const u of latinHypercube(8, 3, 5, { centred: true })) expect((u * 8) % 1).toBe(0.5)
  })

  test('of a maximin search keeps its points further apart', () => {
    for (const seed of [1, 2, 3, 4]) {
      const distances = [true, false].map((maximin) => minDistance(latinHypercube(100, 5, seed, { maximin }), 100, 5))
      expect(distances[0]).toBeGreaterThan(distances[1])
    }
  })

  test('fills the cube more evenly than random points', () => {
    const latin = centredDiscrepancy(latinHypercube(200, 4, 1), 200, 4)
    expect(latin).toBeLessThan(0.5 * centredDiscrepancy(random(200, 4, 1), 200, 4))
  })

  test('has columns that know nothing of each other', () => {
    const points = latinHypercube(2000, 3, 9)
    const [a, b] = [column(points, 3, 0), column(points, 3, 1)]
    const covariance = a.reduce((sum, u, i) => sum + (u - 0.5) * (b[i] - 0.5), 0) / 2000
    expect(Math.abs(covariance * 12)).toBeLessThan(0.08)
  })
})

describe("Sobol' sequence", () => {
  test('begins at the origin, and every dimension halves and quarters evenly', () => {
    const points = sobol(256, SOBOL_DIMENSIONS, null)
    expect(points.subarray(0, SOBOL_DIMENSIONS).every((u) => u === 0)).toBe(true)
    expect(isLatin(points, 256, SOBOL_DIMENSIONS)).toBe(true)
  })

  test('keeps its balance under a random shift, which no longer begins at the origin', () => {
    const points = sobol(128, 10, 42)
    expect(isLatin(points, 128, 10)).toBe(true)
    expect(points.subarray(0, 10).some((u) => u === 0)).toBe(false)
    expect(points).toEqual(sobol(128, 10, 42))
    expect(points).not.toEqual(sobol(128, 10, 43))
  })

  test('grows at the end only', () => {
    expect(sobol(256, 3, 1).subarray(0, 3 * 100)).toEqual(sobol(100, 3, 1))
  })

  test('has different numbers in every dimension', () => {
    const points = sobol(1024, SOBOL_DIMENSIONS, null)
    const columns = Array.from({ length: SOBOL_DIMENSIONS }, (_, j) => column(points, SOBOL_DIMENSIONS, j).join())
    expect(new Set(columns).size).toBe(SOBOL_DIMENSIONS)
  })

  test('says how many dimensions it has', () => {
    expect(() => sobol(2, SOBOL_DIMENSIONS + 1, null)).toThrow(`at most ${SOBOL_DIMENSIONS} dimensions, not 129`)
  })
})

describe('random points', () => {
  test('depend on the seed and their own number only', () => {
    expect(random(1000, 3, 7).subarray(0, 30)).toEqual(random(10, 3, 7))
  })

  test('lie in [0, 1) and are spread over it', () => {
    const points = random(10_000, 1, 1)
    expect(points.every((u) => u >= 0 && u < 1)).toBe(true)
    const shares = Array.from({ length: 10 }, (_, k) => points.filter((u) => Math.floor(u * 10) === k).length / 10_000)
    for (const share of shares) expect(Math.abs(share - 0.1)).toBeLessThan(0.015)
  })
})

test('fewer than two points have no distance', () => {
  expect(minDistance(new Float64Array([0.5, 0.5]), 1, 2)).toBe(Infinity)
})

withShared('golden designs', () => {
  const file = golden('sampling.json')

  test.each(['dims6', 'dims40'])("the plain Sobol' sequence, %s", (key) => {
    const points: number[][] = file.sobol[key].points
    expect([...sobol(points.length, points[0].length, null)]).toEqual(points.flat())
  })

  test.each((file.cases as { name: string }[]).map(({ name }) => name))('%s', (name) => {
    const one = file.cases.find((each: { name: string }) => each.name === name)
    const [n, d] = [one.points.length, one.points[0].length]
    const points = Float64Array.from(one.points.flat())
    expect(isLatin(points, n, d)).toBe(one.isLatinHypercube)
    expect(isClose(centredDiscrepancy(points, n, d), one.centeredDiscrepancy)).toBe(true)
    expect(isClose(minDistance(points, n, d), one.minDistance)).toBe(true)
  })
})
