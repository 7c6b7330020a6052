import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConflictError, NotFoundError } from '../../src/errors.ts'
import { models } from '../../src/models/table.ts'
import { createStrategy, deleteStrategy, findStrategyByName } from '../../src/strategy/service.ts'
import {
  cancelTuningJob,
  createTuningJob,
  deleteTuningJobs,
  findTuningJob,
  getTuningJob,
  retryTuningJobs,
} from '../../src/tuning/service.ts'
import { readSamples } from '../../src/tuning/sample-store.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob, smallJob, until, untilFinal } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

const create = async () => createTuningJob(ctx, await smallJob(ctx))

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof ConflictError || error instanceof NotFoundError) return error.message
    throw error
  }
}

const NOBODY = 'No tuning job with id job_nope. Query.tuningJobs lists those there are.'

// In the order in which they stand: those that need a job to wait come before the worker starts.
describe('a job that waits', () => {
  test('is cancelled by exactly one of many at once', async () => {
    const { id, name } = await create()
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcome(cancelTuningJob(ctx, id))))
    const lost = `Job ${name} (${id}) is CANCELLED. Only a PENDING or RUNNING job can be cancelled.`
    expect(outcomes.toSorted()).toEqual([...Array<string>(9).fill(lost), 'done'])
    expect(await getTuningJob(ctx, id)).toMatchObject({ status: 'CANCELLED', phase: 'FINISHED', revision: 2 })
  })

  test('is not deleted before it is cancelled', async () => {
    const { id, name } = await create()
    expect(await outcome(deleteTuningJobs(ctx, [id]))).toBe(`Job ${name} (${id}) is PENDING. Cancel it first.`)
    await cancelTuningJob(ctx, id)
    expect(await deleteTuningJobs(ctx, [id])).toEqual([id])
    expect(await findTuningJob(ctx, id)).toBeNull()
  })

  test('is not retried: only what failed or was cancelled is', async () => {
    const { id, name } = await create()
    expect(await outcome(retryTuningJobs(ctx, [id]))).toBe(
      `Job ${name} (${id}) is PENDING. Only a FAILED or CANCELLED job can be retried.`,
    )
    await cancelTuningJob(ctx, id)
  })
})

describe('in bulk', () => {
  test('all are retried or none', async () => {
    const [a, b, waiting] = [await create(), await create(), await create()]
    for (const { id } of [a, b]) await cancelTuningJob(ctx, id)
    expect(await outcome(retryTuningJobs(ctx, [a.id, b.id, waiting.id]))).toContain('is PENDING')
    expect(await outcome(retryTuningJobs(ctx, [a.id, 'job_nope', b.id]))).toBe(NOBODY)
    for (const { id } of [a, b]) expect((await getTuningJob(ctx, id)).status).toBe('CANCELLED')

    const retried = await retryTuningJobs(ctx, [b.id, a.id, b.id])
    expect(retried.map(({ id, status }) => [id, status])).toEqual([
      [b.id, 'PENDING'],
      [a.id, 'PENDING'],
    ])
    for (const { id } of [a, b, waiting]) await cancelTuningJob(ctx, id)
  })

  test('all are deleted or none', async () => {
    const [a, waiting] = [await create(), await create()]
    await cancelTuningJob(ctx, a.id)
    expect(await outcome(deleteTuningJobs(ctx, [a.id, waiting.id]))).toContain('is PENDING. Cancel it first.')
    expect(await outcome(deleteTuningJobs(ctx, [a.id, 'job_nope']))).toBe(NOBODY)
    expect((await getTuningJob(ctx, a.id)).status).toBe('CANCELLED')
    await cancelTuningJob(ctx, waiting.id)
    expect(await deleteTuningJobs(ctx, [waiting.id, a.id, a.id])).toEqual([waiting.id, a.id])
  })

  test('callers in opposite orders do not block each other', async () => {
    const jobs = await Promise.all(Array.from({ length: 6 }, create))
    const ids = jobs.map(({ id }) => id)
    for (const id of ids) await cancelTuningJob(ctx, id)
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, at) => outcome(retryTuningJobs(ctx, at % 2 ? ids : ids.toReversed()))),
    )
    expect(outcomes.filter((each) => each === 'done')).toHaveLength(1)
    for (const id of ids) await cancelTuningJob(ctx, id)
  })

  test('nothing is done with nothing', async () => {
    expect(await retryTuningJobs(ctx, [])).toEqual([])
    expect(await deleteTuningJobs(ctx, [])).toEqual([])
  })

  test('what does not exist is not found', async () => {
    expect(await outcome(cancelTuningJob(ctx, 'job_nope'))).toBe(NOBODY)
    expect(await outcome(retryTuningJobs(ctx, ['job_nope']))).toBe(NOBODY)
    expect(await outcome(deleteTuningJobs(ctx, ['job_nope']))).toBe(NOBODY)
  })
})

describe('with a worker', () => {
  beforeAll(() => startWorker(ctx))

  test('what was cancelled before it came is never run', async () => {
    const { id } = await create()
    await cancelTuningJob(ctx, id)
    await runJob(ctx)
    expect(await getTuningJob(ctx, id)).toMatchObject({ status: 'CANCELLED', attempt: 0, startedAt: null })
  })

  test('a running job stops when it is cancelled, is not deleted before, and its retry has the bits of an undisturbed one', async () => {
    const changes = { sampleCount: 600, timeframe: '15m' }
    const undisturbed = await runJob(ctx, changes)
    const { id, name } = await createTuningJob(ctx, await smallJob(ctx, changes))
    await until(ctx, id, ({ status }) => status === 'RUNNING')
    expect(await outcome(deleteTuningJobs(ctx, [id]))).toBe(`Job ${name} (${id}) is RUNNING. Cancel it first.`)
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(cancelTuningJob(ctx, id))))
    expect(outcomes.filter((each) => each === 'done')).toHaveLength(1)

    const retried = await retryTuningJobs(ctx, [id])
    expect(retried[0]).toMatchObject({ status: 'PENDING', phase: 'QUEUED', fraction: 0, startedAt: null })
    const job = await untilFinal(ctx, id)
    expect(job).toMatchObject({ status: 'COMPLETED', resultDigest: undisturbed.resultDigest })
    expect(await readSamples(ctx.db, id)).toHaveLength(600)
  })

  test('a cancelled job stays as it is, whatever its worker was doing', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx, { sampleCount: 1000 }))
    await until(ctx, id, ({ status }) => status === 'RUNNING')
    const cancelled = await cancelTuningJob(ctx, id)
    await deleteTuningJobs(ctx, [id])
    await runJob(ctx) // the worker is free again
    expect(cancelled.status).toBe('CANCELLED')
    expect(await findTuningJob(ctx, id)).toBeNull()
    expect(await readSamples(ctx.db, id)).toEqual([])
  })

  test('a finished job is not cancelled', async () => {
    const { id, name } = await runJob(ctx)
    const message = `Job ${name} (${id}) is COMPLETED. Only a PENDING or RUNNING job can be cancelled.`
    expect(await outcome(cancelTuningJob(ctx, id))).toBe(message)
    expect(await outcome(retryTuningJobs(ctx, [id]))).toContain('is COMPLETED. Only a FAILED or CANCELLED')
  })

  test('a job goes with its samples and its model, and its strategy can go only after it', async () => {
    const { definition } = (await findStrategyByName(ctx, 'rsi-adx-volume'))!
    const own = await createStrategy(ctx, { ...definition, name: 'my own' })
    const job = await runJob(ctx, { strategyId: own.id })
    expect(await outcome(deleteStrategy(ctx, own.id))).toBe('Strategy my own has tuning jobs. Delete those first.')
    await deleteTuningJobs(ctx, [job.id])
    expect(await readSamples(ctx.db, job.id)).toEqual([])
    expect(await ctx.db.select().from(models).where(eq(models.jobId, job.id))).toEqual([])
    expect(await deleteStrategy(ctx, own.id)).toBe(own.id)
  })
})
