import type { ExecutionResult } from 'graphql'
import { announce } from '../../src/events.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JOB_PHASES } from '../../src/tuning/job.ts'
import { cancelTuningJob, createTuningJob, deleteTuningJobs } from '../../src/tuning/service.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { follow } from '../graphql/follow.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob, smallJob, untilFinal } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

interface State {
  id: string
  status: string
  revision: number
  attempt: number
  progress: { phase: string; fraction: number; done: number; total: number }
}

const FIELDS = 'id status revision attempt progress { phase fraction done total }'
const ONE = `subscription ($id: ID!) { tuningJobProgress(id: $id) { ${FIELDS} } }`
const ALL = `subscription { tuningJobChanged { ${FIELDS} } }`

async function open(query: string, id?: string): Promise<AsyncIterableIterator<ExecutionResult>> {
  const result = await follow(ctx, query, id ? { id } : {})
  if ('errors' in result) throw new Error(JSON.stringify(result.errors))
  return result as AsyncIterableIterator<ExecutionResult>
}

const stateOf = ({ data }: ExecutionResult) => Object.values(data!)[0] as State

/** Every state until the stream ends by itself. */
async function toTheEnd(stream: AsyncIterableIterator<ExecutionResult>): Promise<State[]> {
  const states: State[] = []
  for await (const result of stream) states.push(stateOf(result))
  return states
}

async function quiet(): Promise<void> {
  await expect.poll(() => ctx.events.size, { timeout: 5000 }).toBe(0)
}

// In the order in which they stand: those that need a job to wait come before the worker starts.
describe('before a worker comes', () => {
  test('a subscriber hears of the job as it is, at once', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const stream = await open(ONE, id)
    const first = stateOf((await stream.next()).value as ExecutionResult)
    expect(first).toEqual({
      id,
      status: 'PENDING',
      revision: 1,
      attempt: 0,
      progress: { phase: 'QUEUED', fraction: 0, done: 0, total: 0 },
    })
    await stream.return!()
    await quiet()
    await cancelTuningJob(ctx, id)
  })

  test('a subscriber that gives up while nothing happens leaves nothing behind', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(ONE, id)))
    for (const stream of streams) await stream.next()
    const waiting = streams.map((stream) => stream.next())
    expect(ctx.events.size).toBe(20)
    for (const stream of streams) await stream.return!()
    await quiet()
    for (const each of await Promise.all(waiting)) expect(each.done).toBe(true)
    await cancelTuningJob(ctx, id)
  })

  test('a cancel ends the stream, and a deletion too', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const stream = toTheEnd(await open(ONE, id))
    await cancelTuningJob(ctx, id)
    expect((await stream).at(-1)).toMatchObject({ status: 'CANCELLED', progress: { phase: 'FINISHED' } })

    const late = await open(ONE, id)
    await deleteTuningJobs(ctx, [id])
    const states = await toTheEnd(late)
    expect(states.length).toBeLessThanOrEqual(1)
    await quiet()
  })

  test('a job that does not exist is not found', async () => {
    const result = (await follow(ctx, ONE, { id: 'job_nope' })) as ExecutionResult
    expect(result.errors).toMatchObject([{ message: expect.stringContaining('No tuning job with id job_nope.') }])
    await quiet()
  })
})

describe('with a worker', () => {
  beforeAll(() => startWorker(ctx))

  test('a subscriber sees the job through: now, every change, the end; then the stream is complete', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx, { sampleCount: 600 }))
    const [states, twin] = await Promise.all([toTheEnd(await open(ONE, id)), toTheEnd(await open(ONE, id))])
    expect(states.length).toBeGreaterThan(3)
    for (const seen of [states, twin]) {
      expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', progress: { phase: 'FINISHED', fraction: 1 } })
      const statuses = [...new Set(seen.map(({ status }) => status))]
      expect(['PENDING', 'RUNNING', 'COMPLETED'].filter((status) => statuses.includes(status))).toEqual(statuses)
      const revisions = seen.map(({ revision }) => revision)
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b))
      const fractions = seen.map(({ progress }) => progress.fraction)
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
      const phases = seen.map(({ progress }) => JOB_PHASES.indexOf(progress.phase as never))
      expect(phases).toEqual(phases.toSorted((a, b) => a - b))
      for (const { progress } of seen) expect(progress.done).toBeLessThanOrEqual(progress.total)
    }
    await quiet()
  })

  test('a subscriber who comes after the end gets the end, and the stream is complete', async () => {
    const { id } = await runJob(ctx)
    expect(await toTheEnd(await open(ONE, id))).toMatchObject([{ id, status: 'COMPLETED', progress: { fraction: 1 } }])
    await quiet()
  })

  test('a subscriber to all jobs hears of each, and goes on', async () => {
    const stream = await open(ALL)
    const ends = new Set<string>()
    const listening = (async () => {
      for await (const result of stream) {
        const { id, status } = stateOf(result)
        if (status === 'COMPLETED') ends.add(id)
        if (ends.size === 2) return
      }
    })()
    const [a, b] = [await createTuningJob(ctx, await smallJob(ctx)), await createTuningJob(ctx, await smallJob(ctx))]
    await listening
    expect([...ends].toSorted()).toEqual([a.id, b.id].toSorted())
    await untilFinal(ctx, b.id)
    await quiet()
  })

  test('a subscriber whose reads fail hears of it and leaves nothing behind', async () => {
    const { id } = await runJob(ctx)
    let reads = 0
    const db = new Proxy(ctx.db, {
      get: (target, name) => {
        if (name === 'select' && reads++ > 0) throw new Error('connection lost')
        return Reflect.get(target, name) as unknown
      },
    })
    const stream = (await follow({ ...ctx, db }, ONE, { id })) as AsyncIterableIterator<ExecutionResult>
    const { newest } = ctx.events
    await announce(ctx.db, 'tuningJob', id) // what was read for the start does not serve any more
    await expect.poll(() => ctx.events.newest).toBeGreaterThan(newest)
    const outcome = await stream.next().catch((error: Error) => error.message)
    expect(JSON.stringify(outcome)).toMatch(/Unexpected error|connection lost/)
    await quiet()
  })
})
