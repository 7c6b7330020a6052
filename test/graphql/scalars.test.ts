import { GraphQLError, parseConstValue, type GraphQLScalarType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseDateTime } from '../../src/graphql/scalars.ts'
import { schema } from '../../src/server/schema.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { asker, type Ask } from './ask.ts'

let ctx: TestContext
let ask: Ask
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
})
afterAll(() => ctx.close())

function read(scalar: string, value: unknown): unknown {
  return (schema.getType(scalar) as GraphQLScalarType).coerceInputValue(value)
}

function readLiteral(scalar: string, literal: string): unknown {
  const type = schema.getType(scalar) as GraphQLScalarType
  const node = parseConstValue(literal)
  return type.coerceInputLiteral ? type.coerceInputLiteral(node) : type.parseLiteral(node, {})
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof GraphQLError && error.extensions.code === 'BAD_USER_INPUT') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

describe('DateTime', () => {
  test.each([
    ['2025-05-20T00:00:00Z', '2025-05-20T00:00:00.000Z'],
    ['2025-05-20T00:00Z', '2025-05-20T00:00:00.000Z'],
    ['2025-05-20T02:30:00.5+02:30', '2025-05-20T00:00:00.500Z'],
    ['2025-05-20', '2025-05-20T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseDateTime(text)?.toISOString()).toBe(expected)
  })

  test.each([
    '2025-02-30',
    '2025-02-29T00:00:00Z',
    '2025-13-01',
    '2025-00-10',
    '2025-05-20T25:00:00Z',
    '2025-05-20T00:00:00', // whose midnight?
    '20 May 2025',
    '1747699200000',
    '+010000-01-01T00:00:00Z',
    '10000-01-01',
    'infinity',
    'now',
    '',
  ])('does not read %j', (text) => {
    expect(refusal(() => read('DateTime', text))).toBe(
      `${JSON.stringify(text)} is not a date-time. Write it as 2025-05-20T00:00:00Z.`,
    )
  })

  test.each([1_747_699_200_000, null, true, ['2025-05-20'], { year: 2025 }])('does not read %j', (value) => {
    expect(refusal(() => read('DateTime', value))).toContain('is not a date-time')
  })

  test('is written in UTC', () => {
    const type = schema.getType('DateTime') as GraphQLScalarType
    expect(type.coerceOutputValue(new Date(Date.UTC(2025, 4, 20)))).toBe('2025-05-20T00:00:00.000Z')
  })
})

describe('Parameters', () => {
  test('reads numbers, and booleans as 0 and 1', () => {
    expect(read('Parameters', { a: 1.5, b: true, c: false })).toEqual({ a: 1.5, b: 1, c: 0 })
    expect(readLiteral('Parameters', '{a: 1.5, b: true}')).toEqual({ a: 1.5, b: 1 })
  })

  test('has no prototype that a name could reach', () => {
    const parameters = read('Parameters', JSON.parse('{"__proto__": 1, "constructor": 2}')) as object
    expect(Object.getPrototypeOf(parameters)).toBeNull()
    expect(Object.keys(parameters)).toEqual(['__proto__', 'constructor'])
  })

  test.each([
    [{ a: '1' }, 'Parameter "a" is "1"; it must be a finite number.'],
    [{ a: null }, 'Parameter "a" is null; it must be a finite number.'],
    [{ a: Infinity }, 'Parameter "a" is Infinity; it must be a finite number.'],
    [{ a: [1] }, 'Parameter "a" is [1]; it must be a finite number.'],
    [[1, 2], '[1,2] is not an object of parameter name to number.'],
    ['{"a": 1}', String.raw`"{\"a\": 1}" is not an object of parameter name to number.`],
    [7, '7 is not an object of parameter name to number.'],
  ])('does not read %j', (value, message) => {
    expect(refusal(() => read('Parameters', value))).toBe(message)
  })

  test('does not read a literal without end', () => {
    expect(refusal(() => readLiteral('Parameters', '{a: 1e999}'))).toBe(
      'Parameter "a" is Infinity; it must be a finite number.',
    )
  })

  test('shows no more of a hostile value than it takes to recognise it', () => {
    expect(refusal(() => read('Parameters', 'x'.repeat(1e6))).length).toBeLessThan(120)
    expect(refusal(() => read('Parameters', { ['y'.repeat(1e6)]: 'z' })).length).toBeLessThan(150)
  })
})

describe('Float64Base64', () => {
  const pack = (...values: number[]) => Buffer.from(Float64Array.from(values).buffer).toString('base64')

  test('reads and writes the same bits', () => {
    const type = schema.getType('Float64Base64') as GraphQLScalarType
    const values = Float64Array.of(0.1, -0, 1e308, 5e-324, 3)
    const text = type.coerceOutputValue(values.subarray(1)) as string
    expect(text).toBe(pack(-0, 1e308, 5e-324, 3))
    expect(read('Float64Base64', text)).toEqual(values.slice(1))
  })

  test.each([
    ['', 'Packed columns hold 0 bytes; that is not a whole number of float64 values.'],
    [pack(1).slice(0, 8), 'Packed columns hold 6 bytes; that is not a whole number of float64 values.'],
    [`${pack(1)}!`, 'Packed columns are not base64: A to Z, a to z, 0 to 9, + and /.'],
    [`  ${pack(1)}`, 'Packed columns are not base64: A to Z, a to z, 0 to 9, + and /.'],
    [pack(-1.9).replaceAll('/', '_'), 'Packed columns are not base64: A to Z, a to z, 0 to 9, + and /.'],
    [pack(1).replace('=', ''), 'Packed columns are not base64: A to Z, a to z, 0 to 9, + and /.'],
    [[1, 2], 'Packed columns are a base64 string, not [1,2].'],
    [null, 'Packed columns are a base64 string, not null.'],
  ])('does not read %j', (value, message) => {
    expect(refusal(() => read('Float64Base64', value))).toBe(message)
  })
})

describe('Float', () => {
  test('reads numbers, of variables and of literals', () => {
    expect([read('Float', 1), read('Float', -0.5), readLiteral('Float', '1e3'), readLiteral('Float', '7')]).toEqual([
      1, -0.5, 1000, 7,
    ])
  })

  test.each(['1', true, null, NaN, Infinity])('does not read %s', (value) => {
    expect(() => read('Float', value)).toThrow(GraphQLError)
  })

  test.each(['"1"', 'true'])('does not read the literal %s', (literal) => {
    expect(() => readLiteral('Float', literal)).toThrow(GraphQLError)
  })

  test.each(['1e999', '-1e999'])('does not read the literal %s', (literal) => {
    expect(refusal(() => readLiteral('Float', literal))).toMatch(/^-?Infinity is not a finite number\.$/)
  })

  test('without end is refused before anything runs', async () => {
    const { data, errors } = await ask(
      '{ tuningJob(id: "job_1") { samples(filter: { minObjective: 1e999 }) { totalCount } } }',
    )
    expect(data).toBeUndefined()
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    expect(errors![0].message).toContain('Infinity is not a finite number.')
  })
})

describe('ID', () => {
  test.each([
    '',
    'job_',
    'nonsense',
    'job_ffffffffffffffffffffffffffffffff',
    'sample_ffffffffffffffffffffffffffffffff_0',
    'sample_1_2_3_4',
    "job_' or 1=1 --",
    'job_%',
    'a\0b',
    'job_\ud800',
    '__proto___x',
    'toString_x',
    'x'.repeat(1000),
  ])('%j belongs to nothing', async (id) => {
    const { data, errors } = await ask(
      'query ($id: ID!) { node(id: $id) { id } market(id: $id) { id } strategy(id: $id) { id } tuningJob(id: $id) { id } model(id: $id) { id } }',
      { id },
    )
    expect(errors).toBeUndefined()
    expect(data).toEqual({ node: null, market: null, strategy: null, tuningJob: null, model: null })
  })
})
