import { describe, expect, test } from 'vitest'
import { mean } from '../../src/engine/statistics.ts'
import { expectedImprovement } from '../../src/models/expected-improvement.ts'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { proposalCandidates, proposeBatch } from '../../src/models/proposals.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { hypercube, searchByHypercube, searchByProposals } from './search-by-proposals.ts'
import { TEST_FUNCTIONS } from './test-functions.ts'

withShared('the golden expected improvement', () => {
  test('is met', () => {
    const { mean, latentSd, best, xi, expectedImprovement: expected } = golden('validation.json').gaussianProcess
    expected.forEach((value: number, at: number) =>
      expect(isClose(expectedImprovement(mean[at], latentSd[at], best, xi), value)).toBe(true),
    )
  })
})

describe('expected improvement', () => {
  test('without doubt is the improvement itself', () => {
    expect(expectedImprovement(2, 0, 1, 0.25)).toBe(0.75)
    expect(expectedImprovement(1, 0, 2)).toBe(0)
  })

  test('grows with the mean and with the doubt', () => {
    expect(expectedImprovement(1, 0.5, 1)).toBeGreaterThan(expectedImprovement(0.8, 0.5, 1))
    expect(expectedImprovement(0.8, 0.6, 1)).toBeGreaterThan(expectedImprovement(0.8, 0.5, 1))
  })
})

describe('candidates', () => {
  const [branin, , plateau] = TEST_FUNCTIONS
  const points = hypercube(plateau, 20, 1)
  const values = Float64Array.from({ length: 20 }, (_, row) => plateau.at(rowOf(points, row)))
  const request = { points, values, levels: plateau.levels, count: 400, seed: 1 }

  test('stand on the levels of their parameters, inside the cube', () => {
    const { rows, columns, values: cells } = proposalCandidates(request)
    expect(rows).toBeGreaterThan(300)
    cells.forEach((value, cell) => {
      const levels = plateau.levels[cell % columns]
      expect(value >= 0 && value < 1).toBe(true)
      if (levels > 0) expect(value * levels - 0.5).toBeCloseTo(Math.round(value * levels - 0.5), 9)
    })
  })

  test('are all different and new', () => {
    const key = (row: Float64Array): string => row.join()
    const candidates = proposalCandidates(request)
    const keys = Array.from({ length: candidates.rows }, (_, row) => key(rowOf(candidates, row)))
    expect(new Set(keys).size).toBe(keys.length)
    for (let row = 0; row < points.rows; row++) expect(keys).not.toContain(key(rowOf(points, row)))
  })

  test('gather around the best samples', () => {
    const centre = hypercube(branin, 1, 3)
    const candidates = proposalCandidates({
      points: centre,
      values: Float64Array.of(1),
      levels: [0, 0],
      count: 200,
      seed: 1,
    })
    const near = Array.from({ length: candidates.rows }, (_, row) => rowOf(candidates, row)).filter((row) =>
      row.every((value, j) => Math.abs(value - centre.values[j]) < 0.06),
    )
    expect(near.length).toBeGreaterThan(50)
  })

  test('spread over the cube while there is nothing to gather around', () => {
    const nothing = {
      points: matrixOf([[0.5, 0.5]]),
      values: Float64Array.of(NaN),
      levels: [0, 0],
      count: 100,
      seed: 1,
    }
    expect(proposalCandidates(nothing).rows).toBe(50)
  })
})

describe('a batch of proposals', () => {
  const line = (values: readonly number[]) => matrixOf(values.map((value) => [value]))

  test('goes where the surface promises most, and the same way for the same seed', () => {
    const points = line([0, 0.2, 0.4, 0.8, 1])
    const values = points.values.map((x) => -((x - 0.6) ** 2))
    const candidates = line([0.05, 0.1, 0.3, 0.58, 0.61, 0.9])
    const request = { points, values, candidates, count: 2, seed: 1 }
    expect([3, 4]).toContain(proposeBatch(request)[0])
    expect(proposeBatch(request)).toEqual(proposeBatch(request))
  })

  test('does not put all its points on one spot', () => {
    const points = line([0, 0.25, 0.5, 0.75, 1])
    const values = points.values.map((x) => Math.sin(9 * x))
    const candidates = line(Array.from({ length: 101 }, (_, at) => at / 100))
    const picks = proposeBatch({ points, values, candidates, count: 3, seed: 1 })
    expect(new Set(picks).size).toBe(3)
    expect(Math.abs(picks[0] - picks[1])).toBeGreaterThan(3)
  })

  test('keeps away from where samples broke the limits', () => {
    const points = line([0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95])
    const values = points.values.map((x) => (x > 0.6 ? NaN : x))
    const candidates = line([0.3, 0.5, 0.58, 0.7, 0.8, 0.9, 0.97])
    const [pick] = proposeBatch({ points, values, candidates, count: 1, seed: 1 })
    expect(candidates.values[pick]).toBeLessThan(0.6)

    const known = { points: line([...points.values.subarray(0, 6)]), values: values.slice(0, 6) }
    const [careless] = proposeBatch({ ...known, candidates, count: 1, seed: 1 })
    expect(candidates.values[careless]).toBeGreaterThan(0.6)
  })

  test('explores while no sample says anything', () => {
    const points = line([0.1, 0.2])
    const candidates = line([0.12, 0.25, 0.9])
    const picks = proposeBatch({ points, values: Float64Array.of(NaN, NaN), candidates, count: 1, seed: 1 })
    expect([...picks]).toEqual([2])
  })

  test('ends with the candidates', () => {
    const points = line([0.1, 0.2, 0.7])
    const picks = proposeBatch({
      points,
      values: Float64Array.of(1, 2, 3),
      candidates: line([0.3, 0.5]),
      count: 5,
      seed: 1,
    })
    expect(picks.toSorted()).toEqual(Int32Array.of(0, 1))
  })
})

describe.each(TEST_FUNCTIONS)('searching the $name function', (f) => {
  test('by proposals ends higher than a Latin hypercube of the same size, with 60 samples', () => {
    const seeds = [1, 2, 3]
    const proposed = seeds.map((seed) => searchByProposals(f, 60, 6, seed))
    const plain = seeds.map((seed) => searchByHypercube(f, 60, seed))
    expect(mean(proposed)).toBeGreaterThan(mean(plain))
    for (const value of proposed) expect(value).toBeLessThan(f.best + 1e-4)
  })
})
