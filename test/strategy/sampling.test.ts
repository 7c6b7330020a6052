import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { inverseCdf } from '../../src/strategy/inverse-cdf.ts'
import { bounds, objectionTo, type Distribution, type ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { combinations, drawSamples, SAMPLERS, type Samples, type SampleRequest } from '../../src/strategy/sampling.ts'
import { golden, isClose, withShared } from '../shared.ts'

const space: ParameterSpec[] = [
  { name: 'fast', distribution: 'INTEGER', low: 5, high: 30 },
  { name: 'slow', distribution: 'INTEGER', low: 10, high: 60, step: 5 },
  { name: 'sl', distribution: 'NORMAL', mean: 0.03, standardDeviation: 0.01, low: 0.01, high: 0.08 },
  { name: 'rate', distribution: 'LOG_UNIFORM', low: 0.001, high: 0.1 },
  { name: 'fixed', distribution: 'UNIFORM', low: 7, high: 7 },
  { name: 'size', distribution: 'DISCRETE', values: [2, 3, 5, 8] },
  { name: 'trend', distribution: 'BOOLEAN' },
  { name: 'adx', distribution: 'UNIFORM', low: 18, high: 25 },
]
const [fast, slow] = space

const fastBelowSlow = (row: Float64Array): string | null => (row[0] < row[1] ? null : 'fast < slow')

function draw(request: Partial<SampleRequest> = {}): Samples {
  return drawSamples({ specs: space, sampler: 'LATIN_HYPERCUBE', count: 200, seed: 1, ...request })
}

function rowsOf({ rows, count }: Samples): Float64Array[] {
  const d = rows.length / count
  return Array.from({ length: count }, (_, i) => rows.slice(i * d, (i + 1) * d))
}

function columnOf(samples: Samples, j: number): number[] {
  return rowsOf(samples).map((row) => row[j])
}

describe.each(SAMPLERS)('%s', (sampler) => {
  test('draws different rows that lie in the space', () => {
    const samples = draw({ sampler })
    expect(new Set(rowsOf(samples).map((row) => row.join())).size).toBe(samples.count)
    for (const row of rowsOf(samples)) {
      space.forEach((spec, j) => expect(objectionTo(spec, row[j]), `${spec.name} = ${row[j]}`).toBeNull())
    }
  })

  test('draws the same rows for the same seed', () => {
    expect(draw({ sampler, violated: fastBelowSlow })).toEqual(draw({ sampler, violated: fastBelowSlow }))
  })

  test('never violates a constraint, and counts what did', () => {
    let refused = 0
    const violated = (row: Float64Array): string | null => {
      const constraint = fastBelowSlow(row)
      if (constraint) refused++
      return constraint
    }
    const samples = draw({ sampler, violated })
    expect(rowsOf(samples).every((row) => row[0] < row[1])).toBe(true)
    expect(samples.rejected).toBe(refused)
    expect(samples.rejected).toBeGreaterThan(0)
    expect(samples.notes.join()).toContain(`${samples.rejected} `)
  })

  test('names the constraint that cannot be met', () => {
    const request = { sampler, count: 20, violated: () => 'fast > slow + 100' }
    expect(() => draw(request)).toThrow(ValidationError)
    expect(() => draw(request)).toThrow('"fast > slow + 100" refused')
  })

  test('takes the whole space where that is smaller than the count', () => {
    const samples = draw({ sampler, specs: [fast, slow], count: 1000 })
    expect(samples.count).toBe(26 * 11)
  })
})

describe('the number of samples', () => {
  test('is the one asked for, rounded up to a power of 2 for SOBOL and down to a grid for GRID', () => {
    expect(draw().count).toBe(200)
    expect(draw({ sampler: 'RANDOM' }).count).toBe(200)
    const sobol = draw({ sampler: 'SOBOL' })
    expect(sobol.count).toBe(256)
    expect(sobol.notes[0]).toContain('200 samples became 256')
    const grid = draw({ sampler: 'GRID' })
    expect(grid.count).toBeLessThanOrEqual(200)
    expect(grid.notes[0]).toBe(
      'A grid of 3 × 2 × 2 × 2 × 1 × 2 × 2 × 2 levels (fast, slow, sl, rate, fixed, size, trend, adx): 192 points.',
    )
  })

  test('of a power of 2 stays as it is', () => {
    expect(draw({ sampler: 'SOBOL', count: 64 }).count).toBe(64)
    expect(draw({ sampler: 'SOBOL', count: 64 }).notes).toEqual([])
  })

  test('of one is fine', () => {
    for (const sampler of SAMPLERS) expect(draw({ sampler, count: 1 }).count).toBe(1)
  })

  test('is one for a space without freedom', () => {
    expect(draw({ specs: [space[4]], count: 50 })).toMatchObject({ count: 1, rows: new Float64Array([7]) })
    expect(draw({ specs: [], count: 50 }).count).toBe(1)
  })
})

describe('repetitions', () => {
  test('are drawn again while the space allows', () => {
    const samples = draw({ specs: [fast, slow], count: 280, sampler: 'RANDOM' })
    expect(combinations([fast, slow])).toBe(286)
    expect(new Set(rowsOf(samples).map((row) => row.join())).size).toBe(280)
    expect(samples.duplicates).toBeGreaterThan(0)
    expect(samples.notes.join()).toContain(`${samples.duplicates} draws repeated`)
  })

  test('end with every row that satisfies the constraints, and a note', () => {
    const samples = draw({
      specs: [fast, slow],
      count: 50,
      violated: ([a, b]) => (a + b <= 18 ? null : 'fast + slow <= 18'),
    })
    expect(columnOf(samples, 0).sort((a, b) => a - b)).toEqual([5, 6, 7, 8])
    expect(samples.notes).toEqual([
      'Within its constraints the space has no more different parameter sets than 4; 50 were asked for.',
    ])
  })

  test('end the same way in a range of two neighbouring floats', () => {
    const narrow: ParameterSpec = { name: 'x', distribution: 'UNIFORM', low: 1, high: 1 + Number.EPSILON }
    const samples = draw({ specs: [narrow], count: 8, sampler: 'RANDOM' })
    expect(columnOf(samples, 0).sort((a, b) => a - b)).toEqual([1, 1 + Number.EPSILON])
    expect(samples.notes.join()).toContain('no more different parameter sets than 2')
  })
})

test('a constraint that hardly anything satisfies is an error after 100 draws a sample', () => {
  let calls = 0
  const violated = (row: Float64Array): string | null => {
    calls++
    return row[3] < 0.001001 ? null : 'rate < 0.001001'
  }
  expect(() => draw({ count: 20, violated })).toThrow(
    /of 20 parameter sets found in \d+ draws: "rate < 0.001001" refused/,
  )
  expect(calls).toBeLessThan(20 * 101)
})

test('the redraws of a sample do not depend on how many samples there are', () => {
  const first = rowsOf(draw({ sampler: 'RANDOM', count: 20, violated: fastBelowSlow }))
  const more = rowsOf(draw({ sampler: 'RANDOM', count: 500, violated: fastBelowSlow }))
  expect(more.slice(0, 20)).toEqual(first)
})

test('a Latin hypercube of a continuous space keeps one value per slice; a constant takes no part', () => {
  const specs: ParameterSpec[] = [space[4], space[7]]
  const samples = draw({ specs, count: 100 })
  const slices = columnOf(samples, 1).map((value) => Math.floor(((value - 18) / 7) * 100))
  expect(new Set(slices).size).toBe(100)
  expect(columnOf(samples, 0).every((value) => value === 7)).toBe(true)
  expect(samples).toMatchObject({ maximin: true, notes: [] })
})

test('only Latin hypercubes of up to 300 points are searched for the widest spread', () => {
  expect(draw({ count: 300 }).maximin).toBe(true)
  expect(draw({ count: 301 }).maximin).toBe(false)
  expect(draw({ sampler: 'SOBOL' }).maximin).toBe(false)
})

test('the discrepancy of the design is reported, but not for a grid or a very large design', () => {
  const latin = draw({ specs: space.slice(2, 4) }).discrepancy!
  const random = draw({ specs: space.slice(2, 4), sampler: 'RANDOM' }).discrepancy!
  expect(latin).toBeLessThan(random)
  expect(draw({ sampler: 'GRID' }).discrepancy).toBeNull()
  expect(draw({ sampler: 'RANDOM', count: 5000 }).discrepancy).toBeNull()
})

describe('frequencies', () => {
  const wide: ParameterSpec = { name: 'wide', distribution: 'UNIFORM', low: 0, high: 1 }

  test.each<[Distribution, ParameterSpec, number[]]>([
    ['INTEGER', { name: 'x', distribution: 'INTEGER', low: 10, high: 32, step: 5 }, [10, 15, 20, 25, 30]],
    ['DISCRETE', { name: 'x', distribution: 'DISCRETE', values: [8, 2, 5] }, [8, 2, 5]],
    ['BOOLEAN', { name: 'x', distribution: 'BOOLEAN' }, [1, 0]],
  ])('of %s values are equal', (_, spec, values) => {
    for (const sampler of ['LATIN_HYPERCUBE', 'SOBOL', 'RANDOM'] as const) {
      const samples = draw({ specs: [spec, wide], sampler, count: 4096 })
      const drawn = columnOf(samples, 0)
      for (const value of values) {
        const share = drawn.filter((each) => each === value).length / samples.count
        const tolerance = sampler === 'RANDOM' ? 0.03 : 0.001
        expect(Math.abs(share - 1 / values.length), `${sampler}: ${value}`).toBeLessThan(tolerance)
      }
    }
  })

  test('of a normal parameter follow its bell', () => {
    const drawn = columnOf(
      draw({ specs: [{ name: 'x', distribution: 'NORMAL', mean: 3, standardDeviation: 2 }], count: 1000 }),
      0,
    )
    const within = drawn.filter((value) => Math.abs(value - 3) < 2).length / 1000
    expect(within).toBeCloseTo(0.683, 2)
  })
})

describe('inverseCdf', () => {
  test('reaches both ends of the bounds and nothing beyond', () => {
    for (const spec of space) {
      const { low, high } = bounds(spec)
      const values = [0, 2 ** -33, 0.5, 1 - 2 ** -33, 1 - 2 ** -53].map((u) => inverseCdf(spec, u))
      expect(Math.min(...values), spec.name).toBeCloseTo(low, 5)
      expect(Math.max(...values), spec.name).toBeCloseTo(high, 5)
      for (const value of values) expect(objectionTo(spec, value)).toBeNull()
    }
  })
})

withShared('golden inverseCdf', () => {
  interface Golden {
    type: string
    u: number[]
    x: unknown[]
    low?: number
    high?: number
    step?: number
    values?: unknown[]
    weights?: number[]
    p?: number
  }
  const all = Object.values<Golden>(golden('sampling.json').inverseCdf)
  // weights and probabilities other than equal ones cannot be said in a ParameterSpec
  const cases = all.filter(({ weights, p }) => (p ?? 0.5) === 0.5 && new Set(weights).size <= 1)

  test('leaves out only the two cases with unequal weights', () => {
    expect(cases).toHaveLength(all.length - 2)
  })

  test.each(cases)('$type $low $high $values', ({ type, u, x, low, high, step, values }) => {
    const spec: ParameterSpec = { name: 'x', distribution: type.toUpperCase() as Distribution }
    if (type === 'discrete') spec.values = values!.map((_, index) => index)
    else Object.assign(spec, { low, high, step })
    u.forEach((share, i) => {
      const expected = type === 'discrete' ? values!.indexOf(x[i]) : Number(x[i])
      expect(isClose(inverseCdf(spec, share), expected), `u = ${share}`).toBe(true)
    })
  })
})
