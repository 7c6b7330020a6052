import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getIntrospectionQuery, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refuseComplex } from '../../src/server/complexity.ts'
import { Documents } from '../../src/server/document.ts'
import { schema } from '../../src/server/schema.ts'
import { cpuMs } from '../cpu-ms.ts'
import { ATTACKS } from './documents.ts'
import { errorsOf, GRAPHQL_RESPONSE, target, type Target } from './server.ts'

let victim: Target
beforeAll(async () => {
  victim = await target()
  await victim.ask('{ __typename }')
})
afterAll(() => victim.close())

/** No word of ours, and nothing of what was sent. */
function expectDiscreet(text: string): void {
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048)
  expect(text).not.toMatch(/Did you mean|node_modules|\n\s+at |a{61}|x{61}/)
}

describe('a document that asks for too much', () => {
  test.each(ATTACKS)('is refused over HTTP: $name', async ({ query, variables, code, status }) => {
    const answer = await victim.ask(query, variables)
    expect(answer.status).toBe(status)
    expectDiscreet(answer.text)
    const errors = errorsOf(answer)
    expect(errors.length).toBeLessThanOrEqual(5)
    expect(errors[0].extensions).toMatchObject({ code, requestId: answer.headers['x-request-id'] })
    expect(JSON.parse(answer.text)).not.toHaveProperty('data')
  })

  const short = ATTACKS.filter(({ query, variables = '' }) => query.length + variables.length < 500_000)
  test.each(short)('is refused over a WebSocket: $name', async ({ query, variables, code }) => {
    const { type, payload } = await victim.askSocket(query, variables)
    expect(type).toBe('error')
    expect(payload).toMatchObject([{ extensions: { code, requestId: expect.any(String) } }])
    expectDiscreet(JSON.stringify(payload))
  })

  test('is refused as Server-Sent Events too', async () => {
    const body = JSON.stringify({ query: 'subscription { ...A } fragment A on Subscription { ...A }' })
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
    expect(errorsOf({ text: /data: (.*)/.exec((await victim.send(body, headers)).text)![1] })).toMatchObject([
      { extensions: { code: 'QUERY_TOO_COMPLEX' } },
    ])
  })

  test.each(ATTACKS)('holds up nobody: $name', async ({ query, variables }) => {
    expect(await cpuMs(() => victim.ask(query, variables))).toBeLessThan(200)
  })

  test('costs microseconds to weigh, however large it would become', async () => {
    const bombs = ATTACKS.filter(({ name }) => name.includes('fragment bomb')).map(({ query }) => parse(query))
    const weigh = () => {
      for (const bomb of bombs) expect(() => refuseComplex(schema, bomb)).toThrow('asks for')
    }
    expect(bombs.length).toBeGreaterThan(0)
    expect(await cpuMs(weigh)).toBeLessThan(20)
  })

  test('is found out by its variables, though the same text was light before', async () => {
    const text = 'query ($first: Int) { markets(first: $first) { nodes { id } } }'
    expect((await victim.ask(text, '{"first":5}')).status).toBe(200)
    expect((await victim.ask(text, '{"first":1000}')).status).toBe(400)
    expect(refuseComplex(schema, parse(text), { first: 5 })).toBe(true)
    expect(refuseComplex(schema, parse('{ markets(first: 5) { nodes { id } } }'))).toBe(false)
  })

  test('is refused in an operation that is not the one to be run, too: all are validated', async () => {
    const query = `query A { __typename } query B { ${Array.from({ length: 60 }, (_, i) => `a${i}: __typename`).join(' ')} }`
    const body = JSON.stringify({ query, operationName: 'A' })
    const answer = await victim.send(body, { 'content-type': 'application/json' })
    expect(errorsOf(answer)[0].extensions.code).toBe('QUERY_TOO_COMPLEX')
  })
})

describe('an honest document', () => {
  test('is read once as long as it is asked again and again, whatever else is asked once', () => {
    const documents = new Documents()
    const favourite = documents.read('{ favourite }')
    for (let other = 0; other < 1000; other++) {
      documents.read(`{ other${other} }`)
      expect(documents.read('{ favourite }')).toBe(favourite)
    }
    const first = documents.read('{ other0 }')
    for (let other = 1; other < 200; other++) documents.read(`{ other${other} }`)
    expect(documents.read('{ other0 }')).not.toBe(first)
  })

  const folder = fileURLToPath(new URL('../../web/graphql', import.meta.url))
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
  const document = parse(text)
  const fragments = document.definitions.filter((node) => node.kind === 'FragmentDefinition')
  const operations = document.definitions.filter((node) => node.kind === 'OperationDefinition')

  test.each(operations.map((operation) => [operation.name!.value, operation] as const))(
    'of the dashboard passes: %s',
    (_, operation) => {
      const whole = { ...document, definitions: [operation, ...fragments] }
      expect(() => refuseComplex(schema, whole, { first: 100, last: 100, maxPoints: 1000 })).not.toThrow()
    },
  )

  test('that asks for the schema passes', () => {
    expect(() => refuseComplex(schema, parse(getIntrospectionQuery()))).not.toThrow()
  })
})

describe('an error of a document', () => {
  test.each([
    ['names no neighbour of a wrong name', '{ market }'],
    ['names no neighbour of a wrong argument', '{ markets(frist: 1) { totalCount } }'],
    ['names no neighbour of a wrong value', '{ tuningJobs(filter: { statuss: COMPLETED }) { totalCount } }'],
    [
      'names no neighbour of a wrong enum value',
      '{ tuningJobs(orderBy: { field: CREATED_ATT, direction: ASC }) { totalCount } }',
    ],
  ])('%s', async (_, query) => {
    for (const text of [(await victim.ask(query)).text, JSON.stringify(await victim.askSocket(query))]) {
      expectDiscreet(text)
    }
  })

  test('names no neighbour of a wrong field in a variable', async () => {
    const query = 'query ($filter: TuningJobFilter) { tuningJobs(filter: $filter) { totalCount } }'
    expectDiscreet((await victim.ask(query, '{"filter":{"statu":"COMPLETED"}}')).text)
  })

  test('comes with at most four others, in 2 kB, without the long names that were sent', async () => {
    const long = 'a'.repeat(1500)
    const answer = await victim.ask(`{ ${Array.from({ length: 9 }, (_, i) => `${long}${i}`).join(' ')} }`)
    expect(answer.status).toBe(400)
    expectDiscreet(answer.text)
    expect(errorsOf(answer).length).toBeLessThanOrEqual(5)
  })

  test.each([
    ['a bad name of 15 kB', `{ ${'a'.repeat(15_000)} }`],
    ['a bad sign', `{ ${'?'.repeat(100)} }`],
    ['a string of 15 kB that does not end', `{ market(id: "${'x'.repeat(15_000)}`],
  ])('repeats nothing of %s', async (_, query) => {
    const answer = await victim.ask(query)
    expect(answer.status).toBe(400)
    expectDiscreet(answer.text)
  })

  test('repeats nothing of invalid JSON', async () => {
    const answer = await victim.send(`{"query": "${'x'.repeat(130_000)}`, {
      'content-type': 'application/json',
      accept: GRAPHQL_RESPONSE,
    })
    expect(answer.status).toBe(400)
    expectDiscreet(answer.text)
    expect(errorsOf(answer)).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})
