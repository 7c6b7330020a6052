import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settingsOf } from '../../src/tuning/settings.ts'
import { cancelTuningJob, createTuningJob, deleteTuningJobs, retryTuningJobs } from '../../src/tuning/service.ts'
import { trialLedger } from '../../src/tuning/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { day, market, smallJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => void (ctx = await testContext()))
afterAll(() => ctx.close())

/** What the ledger tells a job that is created now. */
async function create(changes: Parameters<typeof smallJob>[1] = {}) {
  const job = await createTuningJob(ctx, await smallJob(ctx, changes))
  return { id: job.id, ...settingsOf(job).ledger }
}

describe('the lifetime ledger of a market', () => {
  test('counts what other designs have tried, deleted, cancelled and retried ones once', async () => {
    const first = await create({ seed: 1 })
    expect(first).toMatchObject({ trials: 0, oosUses: 0 })
    const second = await create({ seed: 2, sampleCount: 50 })
    expect(second).toMatchObject({ trials: 40, oosUses: 1 })

    await cancelTuningJob(ctx, first.id)
    await retryTuningJobs(ctx, [first.id])
    await cancelTuningJob(ctx, first.id)
    await deleteTuningJobs(ctx, [first.id])
    expect(await create({ seed: 3 })).toMatchObject({ trials: 90, oosUses: 2 })
  })

  test('counts the same question once: it tries the same sets and learns nothing new', async () => {
    expect(await create({ seed: 2, sampleCount: 50 })).toMatchObject({ trials: 80, oosUses: 2 })
  })

  test('counts the same sets once where only the model differs, but the look at the test period again', async () => {
    expect(await create({ seed: 2, sampleCount: 50, algorithm: 'SVR', hyperparameters: {} })).toMatchObject({
      trials: 80,
      oosUses: 3,
    })
    expect(await create({ seed: 4 })).toMatchObject({ trials: 130, oosUses: 4 })
  })

  test('counts only looks at test periods that overlap', async () => {
    const early = { trainingPeriod: { from: day(0), to: day(30) }, testPeriod: { from: day(30), to: day(45) } }
    expect(await create(early)).toMatchObject({ trials: 170, oosUses: 0 })
  })

  test('knows nothing of other markets', async () => {
    const { id } = await market(ctx, 'OTHER/USDT')
    expect(await create({ marketId: id })).toMatchObject({ trials: 0, oosUses: 0 })
  })

  test('lets of jobs created at once each count those before it', async () => {
    const { id } = await market(ctx, 'CROWD/USDT')
    const jobs = await Promise.all([1, 2, 3, 4].map((seed) => create({ marketId: id, seed })))
    expect(jobs.map(({ trials }) => trials).sort((a, b) => a - b)).toEqual([0, 40, 80, 120])
  })

  test('has a line for each job that was ever created', async () => {
    expect(await ctx.db.select().from(trialLedger)).toHaveLength(12)
  })
})
