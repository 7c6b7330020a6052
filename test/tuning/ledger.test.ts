import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runBacktest } from '../../src/backtest/service.ts'
import { defaultRow, toParameters } from '../../src/strategy/parameter-space.ts'
import { findStrategyByName } from '../../src/strategy/service.ts'
import { findOptimal } from '../../src/tuning/optimum.ts'
import { settingsOf } from '../../src/tuning/settings.ts'
import { cancelTuningJob, createTuningJob, deleteTuningJobs, retryTuningJobs } from '../../src/tuning/service.ts'
import { trialLedger } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { day, market, runJob, smallJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => void (ctx = await testContext()))
afterAll(() => ctx.close())

/** What the ledger tells a job that is created now. */
async function create(changes: Parameters<typeof smallJob>[1] = {}, of = ctx) {
  const job = await createTuningJob(of, await smallJob(of, changes))
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

  test('counts what is tried beside jobs, each set once, whatever the period and the costs', async () => {
    const { id } = await market(ctx, 'BESIDE/USDT')
    const strategy = (await findStrategyByName(ctx, 'rsi-adx-volume'))!
    const parameters = toParameters(strategy.definition.parameterSpace, defaultRow(strategy.definition.parameterSpace)!)
    const backtest = (changes: object = {}) =>
      runBacktest(ctx, { strategyId: strategy.id, marketId: id, parameters, ...changes })
    await backtest()
    await backtest({ from: day(10), execution: { feeRate: 0.002 } })
    expect(await create({ marketId: id })).toMatchObject({ trials: 1, oosUses: 0 })
    await Promise.all([3, 3, 4].map((adx) => backtest({ parameters: { ...parameters, adx_min: 10 + adx } })))
    await backtest({ timeframe: '1h' })
    expect(await create({ marketId: id, seed: 9 })).toMatchObject({ trials: 40 + 4 })
    expect(await create({ marketId: (await market(ctx, 'OTHER/USDT')).id, seed: 9 })).toMatchObject({ trials: 40 })
  })

  test('has a line for each job that was ever created', async () => {
    expect(await ctx.db.select().from(trialLedger)).toHaveLength(15)
  })
})

test('the ledger counts what searches have really backtested, and nothing that was only scored', async () => {
  const own = await testContext()
  try {
    await startWorker(own)
    const job = await runJob(own, { seed: 1, placeboRuns: 0 })
    await own.queue.stop() // the jobs that follow only ask
    const { trialsEver } = job.result!.robustness!
    expect(trialsEver).toBeGreaterThan(40)
    const trials = async (seed: number) => (await create({ seed, placeboRuns: 0 }, own)).trials
    const search = (changes: object) =>
      findOptimal(own, { jobId: job.id, candidates: 500, top: 5, verify: true, ...changes })
    expect(await trials(2)).toBe(trialsEver)

    await search({ candidates: 10_000, top: 10 }) // the job's own search again
    await search({ seed: 5, verify: false })
    expect(await trials(3)).toBe(trialsEver + 40)

    await search({ seed: 5 })
    await search({ seed: 5 })
    const more = (await trials(4)) - (trialsEver + 80)
    expect(more).toBeGreaterThanOrEqual(5)
    expect(await trials(5)).toBe(trialsEver + 120 + more)
    // The same question again tries nothing new: its own samples and its own search are left out.
    expect(await trials(1)).toBe(160 + more)
  } finally {
    await own.close()
  }
})
