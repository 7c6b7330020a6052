import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEvents } from '../../src/cli/event-stream.ts'
import { createApi, type Api } from '../../src/server/api.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { CREATE, PROGRESS, smallJob } from './small-job.ts'

let ctx: TestContext
let api: Api

beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
  api = createApi(ctx)
})
afterAll(() => ctx.close())

const ENDPOINT = 'http://localhost/graphql'
const JSON_TYPE = { 'content-type': 'application/json' }

function post(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ query, variables })
  return Promise.resolve(api.fetch(ENDPOINT, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body }))
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are compared as they are
async function ask(query: string, variables: object = {}): Promise<any> {
  return (await post(query, variables)).json()
}

/** A mutation that would leave a mark. */
const DELETE = 'mutation { deleteTuningJobs(ids: []) { __typename } }'

describe('the API', () => {
  test('answers a query sent as JSON', async () => {
    expect(await ask('{ markets { totalCount } }')).toEqual({ data: { markets: { totalCount: 0 } } })
  })

  test('answers a query by GET, but no mutation', async () => {
    const query = await api.fetch(`${ENDPOINT}?query={__typename}`)
    expect(query.status).toBe(200)
    const mutation = await api.fetch(`${ENDPOINT}?query=${encodeURIComponent(DELETE)}`)
    expect(mutation.status).toBe(405)
  })

  test('takes one request at a time', async () => {
    const body = JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }])
    const response = await api.fetch(ENDPOINT, { method: 'POST', headers: JSON_TYPE, body })
    expect(response.status).toBe(400)
  })

  test('refuses a body of more than 4 MB, declared or not', async () => {
    const body = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(4 * 1024 * 1024)}` })
    const stream = new Blob([body]).stream()
    const declared = await api.fetch(ENDPOINT, {
      method: 'POST',
      headers: { ...JSON_TYPE, 'content-length': String(body.length) },
      body,
    })
    const chunked = await api.fetch(ENDPOINT, {
      method: 'POST',
      headers: JSON_TYPE,
      body: stream,
      duplex: 'half',
    } as RequestInit)
    for (const response of [declared, chunked]) {
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] })
    }
  })

  test('serves neither GraphiQL nor a landing page', async () => {
    const response = await api.fetch(ENDPOINT, { headers: { accept: 'text/html' } })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await response.text()).not.toContain('<html')
  })
})

describe('an error', () => {
  test('that a caller can act on keeps its message and its code', async () => {
    const { errors } = await ask('{ markets(first: -1) { totalCount } }')
    expect(errors).toMatchObject([{ message: expect.stringContaining('-1 is not a page size'), path: ['markets'] }])
    expect(errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['first'] }] })
  })

  test.each([
    ['a syntax error', '{', 400],
    ['an unknown field', '{ nothing }', 400],
  ])('of the document has a code: %s', async (_, query, status) => {
    const response = await post(query, {}, { accept: 'application/graphql-response+json' })
    expect(response.status).toBe(status)
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] }
    expect(errors[0].extensions.code).toMatch(/^[A-Z_]+$/)
  })

  test('of a variable has a code', async () => {
    const { errors } = await ask('query ($id: ID!) { market(id: $id) { id } }', { id: null })
    expect(errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test('that is a bug is logged whole and shown as nothing but a request id, even in development', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line: string) => lines.push(line) })
    const db = new Proxy(ctx.db, {
      get: () => () => {
        throw new Error('connect postgres://admin:hunter2@db')
      },
    })
    process.env.NODE_ENV = 'development'
    try {
      const broken = createApi({ ...ctx, db, log })
      const body = JSON.stringify({ query: '{ market(id: "market_1") { id } }' })
      const text = await (await broken.fetch(ENDPOINT, { method: 'POST', headers: JSON_TYPE, body })).text()
      expect(text).not.toMatch(/hunter2|stack|at /)
      const [error] = (
        JSON.parse(text) as { errors: { message: string; extensions: { code: string; requestId: string } }[] }
      ).errors
      expect(error).toMatchObject({ message: 'Unexpected error.', extensions: { code: 'INTERNAL' } })
      expect(lines.join()).toContain('hunter2')
      expect(lines.join()).toContain(error.extensions.requestId)
    } finally {
      process.env.NODE_ENV = 'test'
    }
  })
})

test('a subscription over Server-Sent Events follows a real job to its end; what the job stored can be read back', async () => {
  const created = await ask(CREATE, { input: await smallJob(ctx) })
  expect(created.data.createTuningJob).toMatchObject({ __typename: 'CreateTuningJobSuccess' })
  const { id } = created.data.createTuningJob.job
  const response = await post(PROGRESS, { id }, { accept: 'text/event-stream' })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)

  const events = await Array.fromAsync(readEvents(response.body!))
  expect(events.at(-1)!.event).toBe('complete')
  const states = events.slice(0, -1).map(({ data }) => JSON.parse(data).data.tuningJobProgress)
  expect(states.at(-1)).toMatchObject({ status: 'COMPLETED', progress: { fraction: 1, phase: 'FINISHED' } })
  expect(states.at(-1).readiness.score).toBeGreaterThanOrEqual(0)
  const fractions = states.map(({ progress }) => progress.fraction)
  expect(fractions).toEqual(fractions.toSorted((a: number, b: number) => a - b))
  await expect.poll(() => ctx.events.size).toBe(0) // the worker lets go a moment later

  const stored = await ask(STORED, { id })
  const { samples, bestParameters, candidates } = stored.data.tuningJob
  expect(samples.nodes).toHaveLength(40)
  for (const { parameters, metrics } of samples.nodes) {
    expect(parameters.rsi_oversold).toBeGreaterThanOrEqual(25)
    expect(parameters.rsi_oversold).toBeLessThanOrEqual(35)
    expect(metrics.tradeCount).toBeGreaterThanOrEqual(0)
  }
  const { data } = await ask(PREDICT, { id, parameters: bestParameters })
  expect(data.predict).toEqual({ prediction: { predictedValue: candidates[0].predicted } })
})

/** What a finished job leaves behind, read back from the database. */
const STORED = `query ($id: ID!) {
  tuningJob(id: $id) {
    samples(first: 100) { nodes { parameters metrics { tradeCount } } }
    bestParameters
    candidates { predicted }
  }
}`
const PREDICT = `mutation ($id: ID!, $parameters: Parameters!) {
  predict(jobId: $id, parameters: $parameters) {
    ... on PredictSuccess { prediction { predictedValue } }
    ... on Error { message }
  }
}`
