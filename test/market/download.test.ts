import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { downloadCandles } from '../../src/market/download.ts'
import { loadCandles } from '../../src/market/service.ts'
import { ValidationError } from '../../src/errors.ts'
import { asker, answered } from '../graphql/ask.ts'
import { NOW, testContext, type TestContext } from '../helpers.ts'
import { FakeExchange } from './fake-exchange.ts'
import { HOUR, START } from './files.ts'

const HOURS = 3500
const pause = { from: START + 1200 * HOUR, to: START + 1210 * HOUR }

let base: TestContext
let ctx: TestContext
let exchange: FakeExchange
beforeAll(async () => {
  base = await testContext()
})
afterAll(() => base.close())

beforeEach(async () => {
  exchange = await FakeExchange.start({ from: START, to: NOW + HOUR, stepMs: HOUR, pauses: [pause] })
  ctx = { ...base, config: { ...base.config, exchangeApiRoot: exchange.url } }
})
afterEach(() => exchange.close())

/** A question, and no market yet. */
async function wanted(from: number, to: number): Promise<Parameters<typeof downloadCandles>[1]> {
  await base.db.execute('delete from markets')
  return { exchange: 'binance', symbol: 'BTC/USDT', timeframe: '1h', from: new Date(from), to: new Date(to) }
}

describe('a download', () => {
  test('pages through the period and keeps what the exchange has', async () => {
    const input = await wanted(START, START + HOURS * HOUR)
    const done = await downloadCandles(ctx, input)
    expect(done).toMatchObject({ imported: HOURS - 10, complete: true, next: new Date(START + HOURS * HOUR) })
    expect(done.market.gaps).toEqual([{ ...pause, missing: 10 }])
    expect(exchange.pages.length).toBe(4)
    const { close, volume } = await loadCandles(ctx, done.market.id)
    expect([close.length, close[0], volume[1]]).toEqual([HOURS - 10, 101, volume[0] + 1])
  })

  test('stops when time is up and goes on from there', async () => {
    const input = await wanted(START, START + HOURS * HOUR)
    let calls = 0
    let imported = 0
    for (let next = input.from; ; calls++) {
      const done = await downloadCandles(ctx, { ...input, from: next }, 0)
      imported += done.imported
      if (done.complete) break
      expect(done.next.getTime()).toBeGreaterThan(next.getTime())
      next = done.next
    }
    expect({ calls, imported }).toEqual({ calls: 3, imported: HOURS - 10 })
  })

  test('asks only for what is missing: before, inside and after', async () => {
    const input = await wanted(START + 1000 * HOUR, START + 1100 * HOUR)
    await downloadCandles(ctx, input)
    exchange.pages.length = 0
    const done = await downloadCandles(ctx, { ...input, from: new Date(START + 900 * HOUR), to: new Date(pause.to) })
    expect(done).toMatchObject({ imported: 200, complete: true })
    expect(exchange.pages).toEqual([START + 900 * HOUR, START + 1100 * HOUR])
  })

  test('ends with the last candle that is finished', async () => {
    const input = await wanted(NOW - 10 * HOUR, NOW + 100 * HOUR)
    const { market } = await downloadCandles(ctx, input)
    expect([market.candleCount, market.lastOpenTime]).toEqual([10, NOW - HOUR])
  })

  test('goes on to now where no end is given', async () => {
    const input = await wanted(NOW - 10 * HOUR, NOW)
    expect((await downloadCandles(ctx, { ...input, to: null })).market.candleCount).toBe(10)
  })

  test('waits and tries again while the exchange is busy', async () => {
    const input = await wanted(START, START + 100 * HOUR)
    exchange.refusals.push(429, 503)
    expect((await downloadCandles(ctx, input)).imported).toBe(100)
  })

  test('of a time before the exchange traded says so', async () => {
    const input = await wanted(START - 100 * HOUR, START - 50 * HOUR)
    await expect(downloadCandles(ctx, input)).rejects.toThrow('binance has no candles of BTC/USDT 1h')
  })
})

describe('a download that cannot be is refused', () => {
  test.each([
    [{ exchange: 'binanc' }, 'exchange', 'Is it binance'],
    [{ exchange: 'synthetic' }, 'exchange', 'made up'],
    [{ symbol: 'BTC/EUR' }, 'symbol', 'There: BTC/USDT.'],
    [{ timeframe: '10m' }, 'timeframe', 'is not a timeframe'],
    [{ to: new Date(START - HOUR) }, 'to', 'is not after from'],
    [{ from: new Date(NOW + HOUR), to: new Date(NOW + 2 * HOUR) }, 'from', 'in the future'],
  ])('%o', async (part, field, message) => {
    const input = await wanted(START, START + 10 * HOUR)
    const error = await downloadCandles(ctx, { ...input, ...part }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ValidationError)
    expect((error as ValidationError).fieldErrors[0]).toMatchObject({
      path: [field],
      message: expect.stringContaining(message),
    })
  })
})

test('the mutation answers with the market and where to go on', async () => {
  const { exchange: id, symbol, timeframe } = await wanted(START, START)
  const input = { exchange: id, symbol, timeframe, from: new Date(START), to: new Date(START + 50 * HOUR) }
  const query = `mutation ($input: CandleDownloadInput!) { downloadCandles(input: $input) {
    ... on DownloadCandlesSuccess { imported complete next market { candleCount } }
    ... on ValidationError { message } } }`
  const { downloadCandles: done } = await answered(asker(ctx)(query, { input }))
  expect(done).toEqual({ imported: 50, complete: true, next: input.to.toISOString(), market: { candleCount: 50 } })
})
