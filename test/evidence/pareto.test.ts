import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { byFeasibility, violationOf, type Constrained } from '../../src/evidence/feasibility.ts'
import { hypervolume } from '../../src/evidence/hypervolume.ts'
import { dominates, nonDominated, scalePoint } from '../../src/evidence/pareto.ts'
import { golden, isClose, withShared } from '../shared.ts'

/** On a coarse grid, so that there are duplicates and ties. */
function points(n: number, objectives: number, seed: number, levels = 8): number[][] {
  const random = new Random(seed)
  return Array.from({ length: n }, () => Array.from({ length: objectives }, () => random.int(levels) / levels))
}

/** By the definition. */
function plainFront(all: readonly number[][]): number[] {
  return [...all.keys()].filter((at) => !all.some((other) => dominates(other, all[at])))
}

/** The front, that of the others, and so on. */
function peeled(all: readonly number[][]): number[][] {
  const fronts: number[][] = []
  let left = [...all.keys()]
  while (left.length > 0) {
    const front = nonDominated(left.map((at) => all[at])).map((place) => left[place])
    fronts.push(front)
    left = left.filter((at) => !front.includes(at))
  }
  return fronts
}

/** Share of the cells of a grid that some point dominates: exact for points on the grid. */
function plainVolume(all: readonly number[][], objectives: number, levels: number): number {
  let inside = 0
  for (let cell = 0; cell < levels ** objectives; cell++) {
    const corner = Array.from({ length: objectives }, (_, i) => (Math.floor(cell / levels ** i) % levels) + 1)
    if (all.some((point) => point.every((value, i) => value * levels >= corner[i]))) inside++
  }
  return inside / levels ** objectives
}

describe('dominance', () => {
  test('is to be nowhere worse and somewhere better', () => {
    expect(dominates([1, 2], [1, 1])).toBe(true)
    expect(dominates([1, 2], [2, 1])).toBe(false)
    expect(dominates([1, 1], [1, 1])).toBe(false)
  })

  test('puts what is not defined below every number', () => {
    expect(dominates([1, -5], [1, NaN])).toBe(true)
    expect(dominates([NaN, 1], [NaN, 1])).toBe(false)
    expect(dominates([NaN, 2], [0, 1])).toBe(false)
  })
})

describe('the front', () => {
  test.each([1, 2, 3, 4])('is what nothing dominates, with %i objectives', (objectives) => {
    for (let seed = 0; seed < 10; seed++) {
      const all = points(80, objectives, seed)
      expect(nonDominated(all)).toEqual(plainFront(all))
    }
  })

  test('of nothing is nothing, of equal points all', () => {
    const equal = [
      [1, 1],
      [1, 1],
    ]
    expect(nonDominated([])).toEqual([])
    expect(nonDominated(equal)).toEqual([0, 1])
  })
})

describe('hypervolume', () => {
  test.each([1, 2, 3, 4])('is the share of cells that are dominated, with %i objectives', (objectives) => {
    for (let seed = 0; seed < 10; seed++) {
      const all = points(12, objectives, seed, 6)
      const reference = all[0].map(() => 0)
      expect(hypervolume(all, reference)).toBeCloseTo(plainVolume(all, objectives, 6), 12)
    }
  })

  test('grows with a new point of the front and not with a dominated one', () => {
    const front = [
      [0.2, 0.9],
      [0.9, 0.2],
    ]
    const before = hypervolume(front, [0, 0])
    expect(hypervolume([...front, [0.1, 0.1]], [0, 0])).toBeCloseTo(before, 12)
    expect(hypervolume([...front, [0.6, 0.6]], [0, 0])).toBeGreaterThan(before)
  })

  test('does not count what the reference point is not beaten by', () => {
    expect(hypervolume([[0.5, 0]], [0, 0])).toBe(0)
    expect(hypervolume([[NaN, 1]], [0, 0])).toBe(0)
    expect(hypervolume([], [0, 0])).toBe(0)
  })

  test('is taken on scales that are fixed', () => {
    const ranges = [
      { low: -1, high: 3 },
      { low: 0, high: 0.5 },
    ]
    expect([...scalePoint([1, 0.25], ranges)]).toEqual([0.5, 0.5])
    expect([...scalePoint([9, NaN], ranges)]).toEqual([1, 0])
  })
})

describe('feasibility', () => {
  test('adds up what exceeds each limit, as a share of it', () => {
    expect(
      violationOf([
        { value: 0.3, limit: 0.2, kind: 'AT_MOST' },
        { value: 15, limit: 20, kind: 'AT_LEAST' },
        { value: 0.6, limit: 0.5, kind: 'AT_LEAST' },
      ]),
    ).toBeCloseTo(0.75, 12)
    expect(violationOf([{ value: null, limit: 1, kind: 'AT_LEAST' }])).toBe(1)
    expect(violationOf([])).toBe(0)
  })

  test('sorts what keeps the limits first, then the better, then the smaller violation, then what is not defined', () => {
    const results: Constrained[] = [
      { objective: null, violation: 0 },
      { objective: 9, violation: 0.5 },
      { objective: 1, violation: 0 },
      { objective: 2, violation: 0 },
      { objective: 0, violation: 0.1 },
    ]
    expect(results.sort(byFeasibility).map(({ objective }) => objective)).toEqual([2, 1, null, 0, 9])
  })
})

withShared('golden several objectives', () => {
  const file = golden('validation.json')

  test.each(['pareto2', 'pareto3'])('%s', (name) => {
    const { points, fronts, referencePoint, hypervolume: volume } = file[name]
    expect(peeled(points)).toEqual(fronts)
    expect(isClose(hypervolume(points, referencePoint), volume)).toBe(true)
  })

  test('feasibility rule', () => {
    for (const { a, b, winner } of file.feasibilityRule.table) {
      expect(byFeasibility(a, b) < 0 ? 'a' : 'b').toBe(winner)
    }
  })
})
