import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runBacktest } from '../../src/backtest/service.ts'
import { CANDLE_COLUMNS, type Candles, sliceCandles } from '../../src/engine/candles.ts'
import { CHUNK_BARS } from '../../src/market/chunks.ts'
import { checkMarketName } from '../../src/market/name.ts'
import { loadCandles, storeCandles } from '../../src/market/service.ts'
import { openCandles } from '../../src/market/shared-candles.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { findStrategyByName, seedStrategies } from '../../src/strategy/service.ts'
import { findOptimal } from '../../src/tuning/optimum.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob } from '../tuning/jobs.ts'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)
const BARS = 2 * CHUNK_BARS + 500
const all = syntheticCandles({ seed: 4, bars: BARS, timeframe: '1m', from: START, edge: 0 })
/** with a gap, so that numbers of bars and times go apart */
const stored = joined(sliceCandles(all, 0, 5000), sliceCandles(all, 5100, BARS))
const name = checkMarketName({ exchange: 'test', symbol: 'SHARED/USDT', timeframe: '1m' })

let ctx: TestContext
let id: string
beforeAll(async () => {
  ctx = await testContext()
  id = (await storeCandles(ctx, name, stored)).market.id
})
afterAll(() => ctx.close())

function joined(a: Candles, b: Candles): Candles {
  const both = {} as Candles
  for (const column of CANDLE_COLUMNS) both[column] = Float64Array.from([...a[column], ...b[column]])
  return both
}

function plain(candles: Candles): Candles {
  const copy = {} as Candles
  for (const column of CANDLE_COLUMNS) copy[column] = candles[column].slice()
  return copy
}

describe('openCandles', () => {
  test.each([
    ['inside a chunk', 4000, 4800, 100],
    ['across a gap and two chunks', 4900, CHUNK_BARS + 700, 300],
    ['of the whole market, with less before it than asked for', 0, BARS, 500],
    ['from before the market to behind it', -50, BARS + 50, 10],
    ['that begins at a chunk', CHUNK_BARS + 100, CHUNK_BARS + 200, 1],
    ['before the market', -50, 0, 10],
    ['behind the market', BARS + 1, BARS + 9, 10],
    ['inside the gap', 5010, 5020, 7],
  ])('gives what loadCandles gives for a period %s', async (_, from, to, warmupBars) => {
    const range = { from: START + from * MINUTE, to: START + to * MINUTE, timeframe: '1m', warmupBars } as const
    using open = await openCandles(ctx, id, range)
    expect(plain(open.dataSet)).toEqual(await loadCandles(ctx, id, range))
  })

  test('gives candles of a longer timeframe', async () => {
    const range = { from: START + 600 * MINUTE, to: START + 6000 * MINUTE, timeframe: '15m', warmupBars: 20 } as const
    using open = await openCandles(ctx, id, range)
    expect(open.dataSet.timeframeMs).toBe(15 * MINUTE)
    expect(plain(open.dataSet)).toEqual(await loadCandles(ctx, id, range))
  })

  test('gives other candles once an import has changed the market', async () => {
    const range = { from: START, to: START + 2 * BARS * MINUTE, timeframe: '1m', warmupBars: 0 } as const
    using before = await openCandles(ctx, id, range)
    const later = syntheticCandles({ seed: 5, bars: 10, timeframe: '1m', from: START + BARS * MINUTE, edge: 0 })
    await storeCandles(ctx, name, later)
    using after = await openCandles(ctx, id, range)
    expect(after.dataSet.length).toBe(before.dataSet.length + 10)
    expect(plain(after.dataSet)).toEqual(await loadCandles(ctx, id, range))
  })

  test('looks again where an import comes between the look at the market and at its candles', async () => {
    const range = { from: START + MINUTE, to: START + 2 * BARS * MINUTE, timeframe: '1m', warmupBars: 0 } as const
    const end = (await loadCandles(ctx, id)).openTime.at(-1)!
    const later = syntheticCandles({ seed: 6, bars: 5, timeframe: '1m', from: end + MINUTE, edge: 0 })
    const openDataSet = vi.spyOn(ctx.engine, 'openDataSet').mockImplementationOnce(async (key, load) => {
      await storeCandles(ctx, name, later)
      return ctx.engine.openDataSet(key, load)
    })
    using open = await openCandles(ctx, id, range)
    expect(open.dataSet.openTime.at(-1)).toBe(end + 5 * MINUTE)
    expect(new Set(openDataSet.mock.calls.map(([key]) => key)).size).toBe(2)
    openDataSet.mockRestore()
  })
})

test('backtests, jobs and searches over the same candles share one data set, and let go of it', async () => {
  await startWorker(ctx)
  const opened = vi.spyOn(ctx.engine, 'openDataSet')
  const job = await runJob(ctx)
  await findOptimal(ctx, { jobId: job.id, candidates: 50, top: 2, verify: true })
  await seedStrategies(ctx)
  const strategy = (await findStrategyByName(ctx, 'rsi-adx-volume'))!
  const [from, to] = [new Date(job.trainingFrom), new Date(job.testTo)]
  const { parameters } = job.result!.candidates[0]
  await runBacktest(ctx, { strategyId: strategy.id, marketId: job.marketId, from, to, parameters })
  expect(opened.mock.calls).toHaveLength(3)
  const results = await Promise.all(opened.mock.results.map(({ value }) => value as ReturnType<typeof openCandles>))
  expect(new Set(results.map(({ dataSet }) => dataSet.id)).size).toBe(1)
  expect(job.status).toBe('COMPLETED')
})
