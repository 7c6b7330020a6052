import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { checkParameterSpace, checkVaried } from '../../src/strategy/parameter-check.ts'
import {
  bounds,
  clampToSpace,
  defaultRow,
  defaultValue,
  isVaried,
  levels,
  overrideSpace,
  scaleRange,
  scaleToUnit,
  spaceAround,
  toParameters,
  toRow,
  type ParameterSpec,
} from '../../src/strategy/parameter-space.ts'

const uniform: ParameterSpec = { name: 'adx_min', distribution: 'UNIFORM', low: 18, high: 25, default: 20 }
const period: ParameterSpec = { name: 'period', distribution: 'INTEGER', low: 5, high: 30, step: 5, default: 14 }
const sizes: ParameterSpec = { name: 'size', distribution: 'DISCRETE', values: [2, 8, 3, 5] }
const trend: ParameterSpec = { name: 'with_trend', distribution: 'BOOLEAN' }
const rate: ParameterSpec = { name: 'rate', distribution: 'LOG_UNIFORM', low: 0.001, high: 0.1 }
const normal: ParameterSpec = { name: 'sl', distribution: 'NORMAL', mean: 3, standardDeviation: 0.5 }
const fixed: ParameterSpec = { name: 'fixed', distribution: 'UNIFORM', low: 7, high: 7 }
const space = [uniform, period, sizes, trend, rate, normal, fixed]

/** `field: message` of everything that is wrong with one spec. */
function problems(spec: Partial<ParameterSpec>): string[] {
  const errors = checkParameterSpace([{ name: 'x', distribution: 'UNIFORM', ...spec }])
  return errors.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`)
}

function discrete(values: number[]): string[] {
  return problems({ distribution: 'DISCRETE', values })
}

function fieldErrors(action: () => unknown): [string, string][] {
  try {
    action()
  } catch (error) {
    return (error as ValidationError).fieldErrors.map(({ path, message }) => [path.join('.'), message])
  }
  return []
}

describe('checkParameterSpace', () => {
  test('accepts one of each distribution, and a constant', () => {
    expect(checkParameterSpace(space)).toEqual([])
  })

  test('takes null for a field that is not there, as the API sends it', () => {
    const nothing = { low: null, high: null, step: null, mean: null, standardDeviation: null, default: null }
    expect(problems({ distribution: 'DISCRETE', ...nothing, values: [1, 2] })).toEqual([])
    expect(problems({ distribution: 'BOOLEAN', ...nothing, values: null })).toEqual([])
  })

  test('names every problem of every parameter at once, with its place', () => {
    const errors = checkParameterSpace([
      { name: 'a', distribution: 'UNIFORM', low: 40, high: 20 },
      { name: 'b', distribution: 'NORMAL', standardDeviation: 0 },
      { name: 'a', distribution: 'INTEGER', low: 1, high: 5, step: 0 },
    ])
    expect(errors.map(({ path }) => path.join('.'))).toEqual([
      'parameterSpace.0.low',
      'parameterSpace.1.mean',
      'parameterSpace.2.name',
      'parameterSpace.2.step',
    ])
  })

  test('refuses a low above the high, with both values and what to do', () => {
    expect(problems({ low: 40, high: 20 })).toEqual(['low: 40 is above high, 20. Swap the two.'])
    expect(problems({ low: 20, high: 20 })).toEqual([])
  })

  test.each([NaN, Infinity, -Infinity])('refuses %d wherever it stands', (value) => {
    expect(problems({ low: value, high: 1 })[0]).toContain(`low: must be a finite number, not ${value}`)
    expect(problems({ low: 0, high: 1, default: value })[0]).toContain('default: must be a finite number')
    expect(problems({ distribution: 'DISCRETE', values: [1, value] })[0]).toContain('values: must be finite numbers')
  })

  test('refuses numbers whose square or range would not be finite', () => {
    expect(problems({ low: -1e308, high: 1e308 })).toHaveLength(2)
    expect(problems({ distribution: 'DISCRETE', values: [1, 1e200] })[0]).toContain('1e100')
  })

  test('refuses a missing field and one that does not belong', () => {
    expect(problems({})).toEqual([
      'low: is missing; UNIFORM needs low and high.',
      'high: is missing; UNIFORM needs low and high.',
    ])
    expect(problems({ low: 1, high: 2, step: 0.1 })[0]).toContain(
      'step: does not belong to UNIFORM. Leave it out, or use INTEGER',
    )
    expect(problems({ distribution: 'BOOLEAN', low: 0 })).toEqual(['low: does not belong to BOOLEAN. Leave it out.'])
    expect(problems({ distribution: 'DISCRETE', values: [1], mean: 1 })[0]).toContain('Leave it out and give values.')
  })

  test('refuses a distribution that it does not know', () => {
    expect(problems({ distribution: 'CAUCHY' as 'NORMAL' })[0]).toContain(
      'distribution: CAUCHY is not a distribution. Use one of UNIFORM',
    )
  })

  test('refuses a LOG_UNIFORM from 0 down', () => {
    for (const low of [0, -1]) {
      expect(problems({ distribution: 'LOG_UNIFORM', low, high: 1 })[0]).toContain(
        `must be above 0 for LOG_UNIFORM, not ${low}`,
      )
    }
  })

  test('refuses fractions and useless steps of an INTEGER', () => {
    const integer = { distribution: 'INTEGER', low: 5, high: 12 } as const
    expect(problems(integer)).toEqual([])
    expect(problems({ ...integer, low: 5.5 })[0]).toContain('low: must be a whole number for INTEGER, not 5.5')
    expect(problems({ ...integer, step: 0.5 })[0]).toContain('step: must be a whole number')
    expect(problems({ ...integer, step: 0 })[0]).toContain('step: must be above 0, not 0')
    expect(problems({ ...integer, step: -1 })[0]).toContain('step: must be above 0, not -1')
    expect(problems({ ...integer, step: 8 })[0]).toContain('step: 8 is larger than the range 5 … 12')
    expect(problems({ ...integer, high: 2 ** 60 })[0]).toContain('high: must be a whole number')
  })

  test('refuses a NORMAL without spread, or with bounds out of its reach', () => {
    const normal = { distribution: 'NORMAL', mean: 0, standardDeviation: 1 } as const
    expect(problems(normal)).toEqual([])
    expect(problems({ ...normal, low: 2, high: 3 })).toEqual([])
    expect(problems({ ...normal, standardDeviation: 0 })[0]).toContain('standardDeviation: must be above 0, not 0')
    expect(problems({ ...normal, standardDeviation: -1 })[0]).toContain('not -1')
    expect(problems({ ...normal, low: 38 })[0]).toContain(
      'low: 38 is more than 37 standard deviations above the mean, 0',
    )
    expect(problems({ ...normal, high: -38 })[0]).toContain(
      'high: -38 is more than 37 standard deviations below the mean, 0',
    )
  })

  test('refuses values that are none, twice or too many', () => {
    expect(discrete([])).toEqual(['values: is empty. List at least one value.'])
    expect(discrete([1, 2, 1, 1])).toEqual(['values: has 1 more than once. List each value once.'])
    expect(discrete(Array.from({ length: 1000 }, (_, i) => i))).toEqual([])
    expect(discrete(Array.from({ length: 1001 }, (_, i) => i))[0]).toContain('has 1001 values; at most 1000')
  })

  test('refuses a default that the parameter could not have', () => {
    expect(problems({ low: 1, high: 2, default: 3 })).toEqual(['default: must be at most 2, not 3.'])
    expect(problems({ low: 1, high: 2, default: 0 })).toEqual(['default: must be at least 1, not 0.'])
    expect(problems({ distribution: 'INTEGER', low: 1, high: 9, default: 1.5 })[0]).toContain('whole number')
    expect(problems({ distribution: 'DISCRETE', values: [1, 2], default: 3 })).toEqual([
      'default: must be one of 1, 2, not 3.',
    ])
    expect(problems({ distribution: 'BOOLEAN', default: 2 })).toEqual(['default: must be 0 (no) or 1 (yes), not 2.'])
    expect(problems({ distribution: 'NORMAL', mean: 0, standardDeviation: 1, low: -1, default: -2 })).toHaveLength(1)
    expect(problems({ distribution: 'INTEGER', low: 5, high: 30, step: 5, default: 14 })).toEqual([])
  })

  test.each([
    '',
    '1st',
    'stopLoss',
    'stop-loss',
    'a b',
    'ä',
    'x'.repeat(65),
    'a\n',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
  ])('refuses %j as a name', (name) => expect(problems({ name, low: 0, high: 1 })[0]).toMatch(/^name: /))

  test('accepts names of up to 64 characters', () => {
    expect(problems({ name: '_x9'.padEnd(64, 'y'), low: 0, high: 1 })).toEqual([])
  })

  test('refuses the same name twice, naming the first use', () => {
    const errors = checkParameterSpace([uniform, period, uniform])
    expect(errors).toEqual([
      { path: ['parameterSpace', '2', 'name'], message: expect.stringContaining('already the name of parameter 0') },
    ])
  })

  test('refuses more than 64 parameters', () => {
    const many = Array.from({ length: 65 }, (_, i) => ({ ...uniform, name: `p${i}` }))
    expect(checkParameterSpace(many)).toEqual([
      { path: ['parameterSpace'], message: expect.stringContaining('has 65 parameters; at most 64') },
    ])
    expect(checkParameterSpace(many.slice(1))).toEqual([])
  })
})

test('a space of constants, or of nothing, cannot be tuned', () => {
  expect(checkVaried([fixed, uniform])).toEqual([])
  expect(checkVaried([fixed])[0].message).toContain('only constants')
  expect(checkVaried([])[0].message).toContain('no parameters')
})

describe('what a parameter can be', () => {
  test('levels counts the different values', () => {
    expect(space.map(levels)).toEqual([Infinity, 6, 4, 2, Infinity, Infinity, 1])
    expect(levels({ name: 'x', distribution: 'INTEGER', low: 10, high: 52, step: 5 })).toBe(9)
    expect(levels({ name: 'x', distribution: 'INTEGER', low: 1, high: 1, step: 1 })).toBe(1)
    expect(isVaried(fixed)).toBe(false)
    expect(isVaried(trend)).toBe(true)
  })

  test('bounds are the extremes of what can be drawn', () => {
    expect(bounds(uniform)).toEqual({ low: 18, high: 25 })
    expect(bounds({ name: 'x', distribution: 'INTEGER', low: 10, high: 52, step: 5 })).toEqual({ low: 10, high: 50 })
    expect(bounds(sizes)).toEqual({ low: 2, high: 8 })
    expect(bounds(trend)).toEqual({ low: 0, high: 1 })
    expect(bounds({ ...normal, low: 2, high: 9 })).toEqual({ low: 2, high: 9 })
    expect(bounds(normal).low).toBeCloseTo(3 - 0.5 * 6.337957754553789, 9)
  })

  test('a normal parameter without bounds is scaled by four standard deviations to each side', () => {
    const { low, high } = scaleRange(normal)
    expect(low).toBeCloseTo(1, 12)
    expect(high).toBeCloseTo(5, 12)
    expect(scaleToUnit(normal, 3)).toBeCloseTo(0.5, 12)
    expect(scaleToUnit(normal, 6)).toBeGreaterThan(1)
  })

  test('a normal parameter with one bound far above its mean still has a range', () => {
    const { low, high } = scaleRange({ ...normal, low: 10 })
    expect(low).toBe(10)
    expect(high).toBeGreaterThan(10)
  })

  test('the position in the range is logarithmic where the distribution is', () => {
    expect(scaleToUnit(uniform, 21.5)).toBe(0.5)
    expect(scaleToUnit(rate, 0.01)).toBeCloseTo(0.5, 12)
    expect(scaleToUnit(sizes, 5)).toBe(0.5)
    expect(scaleToUnit(fixed, 7)).toBe(0)
  })

  test('the nearest point of the space respects bounds, steps and lists', () => {
    expect([...clampToSpace(space, [99, 13, 4.4, 0.7, -1, 2.9, 3])]).toEqual([25, 15, 5, 1, 0.001, 2.9, 7])
    expect([...clampToSpace([period], [99])]).toEqual([30])
    expect([...clampToSpace([{ name: 'x', distribution: 'INTEGER', low: 10, high: 52, step: 5 }], [52])]).toEqual([50])
  })
})

describe('defaults', () => {
  test('make a row where every parameter has one; a constant is its own', () => {
    expect(defaultValue(uniform)).toBe(20)
    expect(defaultValue(sizes)).toBeNull()
    expect(defaultValue(fixed)).toBe(7)
    expect([...defaultRow([uniform, period, fixed])!]).toEqual([20, 14, 7])
    expect(defaultRow(space)).toBeNull()
  })

  test('of 0 are defaults too', () => {
    expect(defaultValue({ ...trend, default: 0 })).toBe(0)
  })
})

describe('rows and parameters', () => {
  const row = [20, 14, 3, 1, 0.02, 3.3, 7]

  test('turn into each other', () => {
    const parameters = toParameters(space, row)
    expect({ ...parameters }).toEqual({
      adx_min: 20,
      period: 14,
      size: 3,
      with_trend: 1,
      rate: 0.02,
      sl: 3.3,
      fixed: 7,
    })
    expect([...toRow(space, parameters)]).toEqual(row)
  })

  test('parameters have no prototype to pollute', () => {
    expect(Object.getPrototypeOf(toParameters(space, row))).toBeNull()
    const hostile = JSON.parse('{"adx_min": 20, "__proto__": {"polluted": 1}}') as Record<string, number>
    expect(fieldErrors(() => toRow([uniform], hostile))[0][0]).toBe('parameters.__proto__')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('a row takes nothing from a prototype', () => {
    const spec: ParameterSpec = { name: 'valueof', distribution: 'UNIFORM', low: 0, high: 1 }
    expect(fieldErrors(() => toRow([spec], Object.create({ valueof: 0.5 }) as Record<string, number>))).toEqual([
      ['parameters.valueof', 'is missing. Every parameter needs a value.'],
    ])
  })

  test('name everything that is missing, unknown or out of range at once', () => {
    const errors = fieldErrors(() =>
      toRow([uniform, period, sizes, trend], { adx_mim: 20, period: 14.5, size: 4, with_trend: 2 }),
    )
    expect(errors).toEqual([
      ['parameters.adx_mim', 'is not a parameter of this strategy. Did you mean adx_min?'],
      ['parameters.adx_min', 'is missing. Every parameter needs a value.'],
      ['parameters.period', 'must be a whole number, not 14.5.'],
      ['parameters.size', 'must be one of 2, 8, 3, 5, not 4.'],
      ['parameters.with_trend', 'must be 0 (no) or 1 (yes), not 2.'],
    ])
  })

  test('refuse what is not finite, and take any finite value of an unbounded parameter', () => {
    expect(fieldErrors(() => toRow([normal], { sl: NaN }))[0][1]).toBe('must be a finite number, not NaN.')
    expect([...toRow([normal], { sl: -40 })]).toEqual([-40])
  })

  test('say where in the input the parameters stood', () => {
    expect(fieldErrors(() => toRow([uniform], {}, ['input', 'candidates', '3']))[0][0]).toBe(
      'input.candidates.3.adx_min',
    )
  })
})

describe('overrideSpace', () => {
  test('replaces whole parameters and keeps the order', () => {
    const narrower: ParameterSpec = { name: 'period', distribution: 'INTEGER', low: 10, high: 15 }
    expect(overrideSpace([uniform, period, sizes], [narrower])).toEqual([uniform, narrower, sizes])
    expect(overrideSpace([uniform], [])).toEqual([uniform])
  })

  test('refuses an unknown name with the nearest one, and a name given twice', () => {
    const errors = fieldErrors(() => overrideSpace([uniform, period], [{ ...period, name: 'perod' }, uniform, uniform]))
    expect(errors).toEqual([
      ['parameterSpace.0.name', '"perod" is not a parameter of this strategy. Did you mean period?'],
      ['parameterSpace.2.name', '"adx_min" is replaced twice. Give each parameter once.'],
    ])
  })

  test('lists the parameters where no name is near', () => {
    const [[, message]] = fieldErrors(() => overrideSpace([uniform, period], [{ ...period, name: 'zzz' }]))
    expect(message).toContain('Its parameters are adx_min, period.')
  })
})

describe('a space around given values', () => {
  const own: ParameterSpec[] = [
    { name: 'threshold', distribution: 'UNIFORM', low: 20, high: 30 },
    { name: 'period', distribution: 'INTEGER', low: 5, high: 50 },
    { name: 'kind', distribution: 'DISCRETE', values: [1, 2] },
  ]

  test('is widened just as far as the values lie outside', () => {
    expect(spaceAround(own, { threshold: 40, period: 3, kind: 7 })).toEqual([
      { name: 'threshold', distribution: 'UNIFORM', low: 20, high: 40 },
      { name: 'period', distribution: 'INTEGER', low: 3, high: 50 },
      { name: 'kind', distribution: 'DISCRETE', values: [1, 2, 7] },
    ])
  })

  test('is the space itself where all values lie inside, are missing or can never be', () => {
    expect(spaceAround(own, { threshold: 25, period: 3.5, unknown: 1 })).toEqual(own)
  })
})
