import { parse, type OperationDefinitionNode } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RATES, Rates } from '../../src/server/rates.ts'
import { localViewer } from '../../src/viewer.ts'
import { errorsOf, target, type Target } from './server.ts'

const api = localViewer('API', 'a')

/** What a viewer is told; nothing where there is enough. */
function spend(rates: Rates, text: string, viewer = api): string | undefined {
  const document = parse(text)
  return rates.spend(viewer, document, document.definitions[0] as OperationDefinitionNode)?.message
}

describe('a heavy question', () => {
  const rate = { findOptimal: { burst: 3, perMinute: 60 } }
  const ASK = '{ findOptimal }'

  test('is answered as often as allowed, then after a while again', () => {
    let now = 0
    const rates = new Rates(rate, () => now)
    for (let i = 0; i < 3; i++) expect(spend(rates, ASK)).toBeUndefined()
    expect(spend(rates, ASK)).toContain('Try again in 1 s')
    now += 999
    expect(spend(rates, ASK)).toContain('too often')
    now += 1
    expect(spend(rates, ASK)).toBeUndefined()
    expect(spend(rates, ASK)).toContain('too often')
  })

  test('counts under each alias and in fragments', () => {
    const rates = new Rates(rate, () => 0)
    expect(
      spend(
        rates,
        'query { a: findOptimal ...F ... { c: findOptimal } } fragment F on Query { b: findOptimal d: findOptimal }',
      ),
    ).toContain('too often')
  })

  test('of one viewer takes nothing from another, and the command line is its own master', () => {
    const rates = new Rates(rate, () => 0)
    for (let i = 0; i < 3; i++) expect(spend(rates, ASK)).toBeUndefined()
    expect(spend(rates, ASK, localViewer('API', 'b'))).toBeUndefined()
    for (let i = 0; i < 9; i++) expect(spend(rates, ASK, localViewer('CLI'))).toBeUndefined()
  })

  test('does not make a light one wait', () => {
    const rates = new Rates(rate, () => 0)
    for (let i = 0; i < 1000; i++) expect(spend(rates, '{ markets }')).toBeUndefined()
  })
})

describe('a server', () => {
  let server: Target
  beforeAll(async () => {
    server = await target()
  })
  afterAll(() => server.close())

  test('answers 429 with the time to wait, and the same by WebSocket', async () => {
    const twenty = `{ ${Array.from({ length: RATES.findOptimal.burst }, (_, i) => `a${i}: findOptimal(jobId: "job_1") { totalMs }`).join(' ')} }`
    expect((await server.ask(twenty)).status).toBe(200)
    const answer = await server.ask(twenty) // in a moment there are not twenty more
    expect(answer.status).toBe(429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    const expected = { code: 'RATE_LIMITED', retryAfter: expect.any(Number), retryAfterMs: expect.any(Number) }
    expect(errorsOf(answer)[0].extensions).toMatchObject(expected)
    expect(JSON.stringify(await server.askSocket(twenty))).toContain('RATE_LIMITED')
    expect((await server.ask('{ __typename }')).status).toBe(200)
  })
})
