import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sliceCandles, type Candles } from '../../src/engine/candles.ts'
import { checkMarketName } from '../../src/market/name.ts'
import { loadCandles, storeCandles } from '../../src/market/service.ts'
import { createStrategy } from '../../src/strategy/service.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { day, market, runJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
})
afterAll(() => ctx.close())

/** A job that ended without a model, but with a verdict. */
function expectNoModel(job: TuningJobRow): void {
  expect(job).toMatchObject({ status: 'COMPLETED', error: null, modelId: null, score: 0, productionReady: false })
  expect(job.result).toMatchObject({
    chosenAlgorithm: null,
    training: null,
    validation: null,
    test: null,
    overfitting: null,
    featureImportance: [],
    sensitivity: [],
    candidates: [],
    outOfSample: null,
  })
  expect(job.result!.correlations!.names).not.toHaveLength(0)
  expect(job.result!.readiness.explanation).toMatch(/^Not ready: outOfSampleRoi is not defined/)
}

const uniform = (name: string, low: number, high: number) => ({ name, distribution: 'UNIFORM' as const, low, high })

describe('a job that has nothing to learn from is completed, with what to do', () => {
  test('where too few samples trade enough', async () => {
    const job = await runJob(ctx, { riskLimits: { minTrades: 5000 } })
    expectNoModel(job)
    expect(job.warnings).toEqual([
      '40 of 40 samples made fewer than 5000 trades and were not learned from. Train on a longer period, or loosen the entry conditions.',
      'Only 0 of 40 samples have enough trades and a defined ROI; a model needs 30. Run more samples, train on a longer period, or loosen the entry conditions.',
    ])
  })

  test('where there are too few samples', async () => {
    const job = await runJob(ctx, { sampleCount: 20 })
    expectNoModel(job)
    expect(job.warnings.at(-1)).toMatch(/^Only \d+ of 20 samples have enough trades .* a model needs 30\./)
  })

  test('where the parameters make no difference', async () => {
    const strategy = await createStrategy(ctx, {
      name: 'stop far away',
      enterLong: 'rsi(14) < 35',
      exitLong: 'rsi(14) > 60',
      stopLoss: 'sl',
      parameterSpace: [uniform('sl', 0.8, 0.9)],
      constraints: [],
    })
    const job = await runJob(ctx, { strategyId: strategy.id })
    expectNoModel(job)
    expect(job.warnings).toEqual([
      expect.stringMatching(
        /^The samples that a model would learn from all have the same ROI, -?[\d.e-]+: within these ranges the parameters make no difference to it\. Widen the ranges, or choose another objective\.$/,
      ),
    ])
  })

  test('where the market stands still', async () => {
    const name = checkMarketName({ exchange: 'test', symbol: 'FLAT/USDT', timeframe: '1h' })
    const bars = 60 * 24
    const openTime = Float64Array.from({ length: bars }, (_, at) => day(0).getTime() + at * 3_600_000)
    const price = new Float64Array(bars).fill(100)
    const candles = { openTime, open: price, high: price, low: price, close: price, volume: new Float64Array(bars) }
    const { market: flat } = await storeCandles(ctx, name, candles)
    const job = await runJob(ctx, { marketId: flat.id })
    expectNoModel(job)
    expect(job.warnings[0]).toMatch(
      /^40 of 40 samples made no trade at all\. In enterLong ".*" was true on no training bar\./,
    )
    expect(JSON.stringify(job.result)).not.toMatch(/NaN|Infinity/)
  })
})

describe('limits that nobody keeps', () => {
  test('leave a model without candidates, and a warning', async () => {
    const job = await runJob(ctx, { riskLimits: { minTrades: 3, maxDrawdown: 0.0001 } })
    expect(job).toMatchObject({ status: 'COMPLETED', productionReady: false })
    expect(job.modelId).not.toBeNull()
    expect(job.result).toMatchObject({ candidates: [], outOfSample: null, sensitivity: [] })
    expect(job.warnings.join()).toMatch(
      /No candidate of the search keeps the risk limits in sample\. The nearest exceeds them by \d+ % in all\. Loosen/,
    )
  })
})

/** The candles outside of [from, to). */
function without({ openTime, ...rest }: Candles, from: number, to: number): Candles {
  const candles = { openTime, ...rest }
  const [first, after] = [from, to].map((time) => openTime.findIndex((each) => each >= time))
  const [head, tail] = [sliceCandles(candles, 0, first), sliceCandles(candles, after, openTime.length)]
  const columns = Object.keys(candles) as (keyof Candles)[]
  return Object.fromEntries(
    columns.map((column) => [column, Float64Array.from([...head[column], ...tail[column]])]),
  ) as unknown as Candles
}

describe('candles that are missing', () => {
  async function marketWithGap(symbol: string, from: number, to: number): Promise<string> {
    const candles = await loadCandles(ctx, (await market(ctx)).id)
    const name = checkMarketName({ exchange: 'test', symbol, timeframe: '15m' })
    return (await storeCandles(ctx, name, without(candles, day(from).getTime(), day(to).getTime()))).market.id
  }

  test('are warned of above 1 %', async () => {
    const marketId = await marketWithGap('SMALL/USDT', 10, 11)
    const job = await runJob(ctx, { marketId })
    expect(job.status).toBe('COMPLETED')
    expect(job.warnings[0]).toBe(
      'trainingPeriod: 96 of 4320 candles are missing (2.2 %). Import the gaps for better results.',
    )
  })

  test('stop a job above 5 %, unless it allows gaps', async () => {
    const marketId = await marketWithGap('LARGE/USDT', 50, 52)
    const refused = await runJob(ctx, { marketId })
    expect(refused).toMatchObject({ status: 'FAILED', phase: 'FINISHED', attempt: 1, etaMs: null })
    expect(refused.finishedAt).not.toBeNull()
    expect(refused.error).toEqual({
      code: 'BAD_USER_INPUT',
      message:
        'testPeriod: 192 of 1440 candles are missing (13.3 %). At most 5 % may be missing. Import the gaps, choose another period or allow gaps.',
      phase: 'LOADING',
      retryable: false,
    })
    const allowed = await runJob(ctx, { marketId, allowGaps: true })
    expect(allowed.status).toBe('COMPLETED')
    expect(allowed.warnings[0]).toMatch(/^testPeriod: 192 of 1440 candles are missing/)
  })

  test('stop a job whose period lies in a gap', async () => {
    const marketId = await marketWithGap('HOLE/USDT', 46, 59)
    const job = await runJob(ctx, { marketId, testPeriod: { from: day(47), to: day(58) }, allowGaps: true })
    expect(job.error).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'testPeriod: There are no 15m candles from 2025-02-17 00:00 to 2025-02-28 00:00. Choose another period.',
    })
  })
})
