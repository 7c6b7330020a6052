import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Candles } from '../../src/engine/candles.ts'
import { Engine } from '../../src/engine/pool.ts'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { ALGORITHMS } from '../../src/models/estimator.ts'
import { jobCandles } from '../../src/tuning/candles.ts'
import { tune, type Hooks, type Outcome } from '../../src/tuning/pipeline.ts'
import { createTuningJob, getTuningJob } from '../../src/tuning/service.ts'
import { settingsOf, type TuningSettings } from '../../src/tuning/settings.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob, smallJob } from './jobs.ts'

let ctx: TestContext
let settings: TuningSettings
let candles: Candles
const engines: Engine[] = []

beforeAll(async () => {
  ctx = await testContext()
  const job = await createTuningJob(ctx, await smallJob(ctx, { sampleCount: 450 }))
  settings = settingsOf(job)
  candles = await jobCandles(ctx, job)
})
afterAll(async () => {
  for (const engine of engines) await engine.close()
  await ctx.close()
})

const QUIET: Hooks = {
  signal: new AbortController().signal,
  progress: () => {},
  finished: async () => new Float64Array(),
  save: async () => {},
}

function run(threads: number, changes: Partial<TuningSettings> = {}, hooks: Partial<Hooks> = {}): Promise<Outcome> {
  const engine = new Engine(threads, () => {})
  engines.push(engine)
  return tune(engine, candles, { ...settings, ...changes }, { ...QUIET, ...hooks })
}

describe('the same question gives the same bits', () => {
  test('on 1, 2 and 3 threads, and from this database', async () => {
    const [one, two, three] = [await run(1), await run(2), await run(3)]
    expect(two.digest).toBe(one.digest)
    expect(three.digest).toBe(one.digest)
    expect(two.result).toEqual(one.result)
    expect(two.learned!.model.toBytes()).toEqual(one.learned!.model.toBytes())

    await startWorker(ctx)
    const stored = await runJob(ctx, { sampleCount: 450 })
    expect(stored.resultDigest).toBe(one.digest)
    expect(stored.result).toEqual(JSON.parse(JSON.stringify(one.result)))
  })

  test('whichever block of samples an earlier attempt got to', async () => {
    const blocks: Float64Array[] = []
    const whole = await run(2, {}, { save: async (_, __, metrics) => void blocks.push(metrics) })
    expect(blocks.map(({ length }) => length / METRIC_NAMES.length)).toEqual([200, 200, 50])
    for (const done of [1, 2, 3]) {
      const before = Float64Array.from(blocks.slice(0, done).flatMap((block) => [...block]))
      const saved: number[] = []
      const resumed = await run(2, {}, { finished: async () => before, save: async (from) => void saved.push(from) })
      expect(resumed.digest).toBe(whole.digest)
      expect(saved).toEqual([0, 200, 400].slice(done)) // nothing is done twice
    }
  })

  test('wherever an earlier attempt stopped inside a block', async () => {
    let metrics = new Float64Array()
    const whole = await run(1, { sampleCount: 60 }, { save: async (_, __, block) => void (metrics = block.slice()) })
    const resumed = await run(
      1,
      { sampleCount: 60 },
      { finished: async () => metrics.slice(0, 17 * METRIC_NAMES.length) },
    )
    expect(resumed.digest).toBe(whole.digest)
  })

  test.each(['America/New_York', 'Asia/Kolkata', 'Pacific/Apia'])('in the time zone %s', async (zone) => {
    const before = process.env.TZ
    const digest = (await run(1, { sampleCount: 60 })).digest
    process.env.TZ = zone
    try {
      expect(new Date(0).getTimezoneOffset()).not.toBe(0)
      expect((await run(1, { sampleCount: 60 })).digest).toBe(digest)
      const job = await getTuningJob(ctx, (await runJob(ctx, { sampleCount: 60 })).id)
      const { ledger } = settingsOf(job) // other jobs have tried this market before
      expect(job.resultDigest).toBe((await run(1, { sampleCount: 60, ledger })).digest)
      expect(job.createdAt.getTime()).toBeGreaterThan(Date.now() - 60_000)
    } finally {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    }
  })

  test.each(ALGORITHMS)('from %s, on one thread and on two', async (algorithm) => {
    const changes = { algorithm, sampleCount: 80, hyperparameters: {} }
    const [one, two] = [await run(1, changes), await run(2, changes)]
    expect(one.learned).not.toBeNull()
    expect(two.digest).toBe(one.digest)
  })

  test('and other questions give others', async () => {
    const digests = await Promise.all(
      [
        {},
        { seed: 2 },
        { objective: 'SQN' as const },
        { sampler: 'RANDOM' as const },
        { riskLimits: { ...settings.riskLimits, maxDrawdown: 0.05 } },
        { execution: { ...settings.execution, feeRate: 0.0005 } },
        { hyperparameters: { ...settings.hyperparameters, minNumSamples: 5 } },
        { features: { ...settings.features, interactions: false } },
      ].map(async (changes) => (await run(1, { sampleCount: 60, ...changes })).digest),
    )
    expect(new Set(digests).size).toBe(digests.length)
  })
})
