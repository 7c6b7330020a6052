import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../src/cli/client.ts'
import type { JsonObject } from '../../src/cli/json-file.ts'
import { backtestInput, tuningInput } from '../../src/cli/run-file.ts'
import { createApi } from '../../src/server/api.ts'
import { findStrategyByName, seedStrategies } from '../../src/strategy/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallMarket } from '../server/small-job.ts'

let ctx: TestContext
let client: Client
let ids: { strategyId: string; marketId: string }

beforeAll(async () => {
  ctx = await testContext()
  await seedStrategies(ctx)
  const strategy = await findStrategyByName(ctx, 'rsi-adx-volume')
  ids = { strategyId: strategy!.id, marketId: (await smallMarket(ctx)).id }
  const api = createApi(ctx)
  client = new Client({
    kind: 'local',
    headers: {},
    endpoint: 'http://localhost/graphql',
    fetch: async (endpoint, init) => api.fetch(endpoint, init),
    close: async () => {},
  })
})
afterAll(() => ctx.close())

const MARKET = { exchange: 'synthetic', symbol: 'TEST/USDT', timeframe: '5m' }
const FILE = { strategy: 'rsi-adx-volume', market: MARKET, training: '2 weeks', test: '1 week', sampleCount: 50 }

function tuning(change: JsonObject): Promise<JsonObject> {
  return tuningInput(client, 'job.json', { ...FILE, ...change })
}

describe('a tune file', () => {
  test('names strategy and market, and counts its periods back from the end of the market', async () => {
    expect(await tuning({ seed: 7 })).toEqual({
      ...ids,
      trainingPeriod: { from: '2025-01-10T00:00:00.000Z', to: '2025-01-24T00:00:00.000Z' },
      testPeriod: { from: '2025-01-24T00:00:00.000Z', to: '2025-01-31T00:00:00.000Z' },
      sampleCount: 50,
      seed: 7,
    })
  })

  test('may give ids and dates instead', async () => {
    const period = { from: '2025-01-01', to: '2025-01-10' }
    const test = { from: '2025-01-20T00:00:00Z', to: '2025-01-30T00:00:00Z' }
    const { strategyId, marketId } = ids
    expect(await tuning({ strategy: strategyId, market: marketId, training: period, test })).toMatchObject({
      ...ids,
      trainingPeriod: period,
      testPeriod: test,
    })
    const api = { strategyId, marketId, trainingPeriod: period, testPeriod: test, sampleCount: 50 }
    expect(await tuningInput(client, 'job.json', api)).toEqual(api)
    expect(await tuning({ training: '1 week', test })).toMatchObject({
      trainingPeriod: { from: '2025-01-13T00:00:00.000Z', to: '2025-01-20T00:00:00.000Z' },
    })
  })

  test.each<[string, JsonObject, string]>([
    ['an unknown field', { sampelCount: 5 }, 'job.json: sampelCount is not known here. Did you mean sampleCount?'],
    [
      'one deep inside',
      { execution: { feerate: 0 } },
      'job.json: execution.feerate is not known here. Did you mean feeRate?',
    ],
    ['a word of the wrong type', { sampleCount: 'many' }, 'job.json: sampleCount: Int cannot represent'],
    ['a value that does not exist', { sampler: 'SOBEL' }, 'job.json: sampler: Value "SOBEL" does not exist'],
    ['the same said twice', { strategyId: 'x' }, 'job.json: strategy and strategyId say the same'],
    ['no strategy', { strategy: undefined }, 'strategy: name a strategy'],
    ['an unknown strategy', { strategy: 'rsi-adx-volumes' }, 'Did you mean rsi-adx-volume?'],
    ['a market in part', { market: { exchange: 'binance' } }, 'market.symbol is missing'],
    ['a bad span', { test: 'a week' }, 'test: "a week" is not a span'],
    ['too long a span', { training: '2 months' }, 'training: 60 days before'],
    ['no test period', { test: undefined }, 'training: a span ends where the test begins'],
  ])('with %s is refused in words', async (_, change, message) => {
    await expect(tuning(change)).rejects.toThrow(message)
  })

  test('names every problem at once', async () => {
    const wrong = tuning({ sampleCount: 1.5, riskLimits: { minTrade: 3 }, seed: 'x' })
    await expect(wrong).rejects.toThrow(/riskLimits\.minTrade.*\n.*sampleCount.*\n.*seed/s)
  })

  test('with an unknown market lists those there are and how to import one', async () => {
    const unknown = tuning({ market: { exchange: 'binance', symbol: 'BTC/USDT', timeframe: '1m' } })
    await expect(unknown).rejects.toThrow(
      /no market binance BTC\/USDT 1m\. There are:\n  synthetic TEST\/USDT 5m, 8640 candles\n.*import <file> --symbol BTC\/USDT --timeframe 1m/s,
    )
  })
})

describe('a backtest file', () => {
  const parameters = { rsi_oversold: 30 }

  test('takes the last span of the market, or dates', async () => {
    const { strategy, market } = FILE
    expect(await backtestInput(client, 'b.json', { strategy, market, parameters, last: '1 week' })).toEqual({
      ...ids,
      parameters,
      from: '2025-01-24T00:00:00.000Z',
      to: '2025-01-31T00:00:00.000Z',
    })
    const both = { strategy, market, parameters, last: '1 week', from: '2025-01-01' }
    await expect(backtestInput(client, 'b.json', both)).rejects.toThrow('either last or from and to')
    await expect(backtestInput(client, 'b.json', { strategy, market })).rejects.toThrow('parameters')
  })
})
