import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { models } from '../../src/models/table.ts'
import { Attempt, LostJob } from '../../src/tuning/attempt.ts'
import { jobCandles } from '../../src/tuning/candles.ts'
import { finishedSamples, saveSamples } from '../../src/tuning/checkpoint.ts'
import { complete } from '../../src/tuning/completion.ts'
import { tune, type Outcome } from '../../src/tuning/pipeline.ts'
import { cancelTuningJob, createTuningJob, deleteTuningJobs, getTuningJob } from '../../src/tuning/service.ts'
import { readSamples } from '../../src/tuning/sample-store.ts'
import { settingsOf } from '../../src/tuning/settings.ts'
import { tuningJobs, type TuningJobRow } from '../../src/tuning/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from './jobs.ts'

let ctx: TestContext
let job: TuningJobRow
let attempt: Attempt
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())
beforeEach(async () => {
  const { id } = await createTuningJob(ctx, await smallJob(ctx))
  job = await takeUp(id)
  attempt = new Attempt(ctx, job)
})

/** What a worker does when it takes a job up. */
async function takeUp(id: string): Promise<TuningJobRow> {
  const values = { status: 'RUNNING' as const, attempt: sql`${tuningJobs.attempt} + 1` }
  const [row] = await ctx.db.update(tuningJobs).set(values).where(eq(tuningJobs.id, id)).returning()
  return row
}

const WIDTH = 6
const rows = (count: number) => Float64Array.from({ length: count * WIDTH }, (_, at) => at)
const metrics = (count: number, first = 0) =>
  Float64Array.from({ length: count * METRIC_NAMES.length }, (_, at) =>
    at % METRIC_NAMES.length === 2 ? NaN : first + at,
  )
const stored = () => readSamples(ctx.db, job.id)

describe('an attempt that holds its job', () => {
  test('changes it, and its revision grows', async () => {
    expect(await attempt.update(ctx.db, { done: 7 })).toBe(true)
    expect(await getTuningJob(ctx, job.id)).toMatchObject({ done: 7, revision: job.revision + 1 })
    expect(attempt.lost.aborted).toBe(false)
  })

  test('keeps samples as they are, to the last bit, and those that are there already as they were', async () => {
    await saveSamples(attempt, 0, rows(3), metrics(3))
    await saveSamples(attempt, 0, rows(3), metrics(3, 1e6))
    await saveSamples(attempt, 3, rows(2), metrics(2))
    expect(await stored()).toHaveLength(5)
    const found = await finishedSamples(attempt)
    expect(found).toHaveLength(5 * METRIC_NAMES.length)
    expect(found.subarray(0, 3 * METRIC_NAMES.length)).toEqual(metrics(3))
  })

  test('takes up only what is without a hole, and drops the rest', async () => {
    await saveSamples(attempt, 0, rows(2), metrics(2))
    await saveSamples(attempt, 4, rows(2), metrics(2))
    expect(await finishedSamples(attempt)).toHaveLength(2 * METRIC_NAMES.length)
    expect((await stored()).map(({ index }) => index)).toEqual([0, 1])
  })
})

describe.each<[string, () => Promise<unknown>]>([
  ['handed on', () => takeUp(job.id)],
  ['cancelled', () => cancelTuningJob(ctx, job.id)],
  ['deleted', async () => deleteTuningJobs(ctx, [(await cancelTuningJob(ctx, job.id)).id])],
])('an attempt whose job was %s', (_, lose) => {
  test('changes nothing any more', async () => {
    await saveSamples(attempt, 0, rows(1), metrics(1))
    await lose()
    const [before] = await ctx.db.select().from(tuningJobs).where(eq(tuningJobs.id, job.id))
    const kept = await stored()
    expect(await attempt.update(ctx.db, { done: 99 })).toBe(false)
    await expect(saveSamples(attempt, 1, rows(1), metrics(1))).rejects.toThrow(LostJob)
    const [after] = await ctx.db.select().from(tuningJobs).where(eq(tuningJobs.id, job.id))
    expect(after).toEqual(before)
    expect(await stored()).toEqual(kept)
  })

  test('finds out when it looks', async () => {
    await attempt.check()
    expect(attempt.lost.aborted).toBe(false)
    await lose()
    await attempt.check()
    expect(attempt.lost.aborted).toBe(true)
    expect(attempt.lost.reason).toBeInstanceOf(LostJob)
  })

  test('leaves neither a result nor a model, though it came to its end', async () => {
    const outcome: Outcome = await tune(ctx.engine, await jobCandles(ctx, job), settingsOf(job), {
      signal: new AbortController().signal,
      progress: () => {},
      finished: () => finishedSamples(attempt),
      save: (from, block, done) => saveSamples(attempt, from, block, done),
    })
    await lose()
    await expect(complete(attempt, outcome)).rejects.toThrow(LostJob)
    expect(await ctx.db.select().from(models).where(eq(models.jobId, job.id))).toEqual([])
    for (const row of await ctx.db.select().from(tuningJobs).where(eq(tuningJobs.id, job.id))) {
      expect(row).toMatchObject({ result: null, resultDigest: null, modelId: null, score: null })
    }
  })
})
