import { createReadStream } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runBacktest } from '../../src/backtest/service.ts'
import { importCandleStream } from '../../src/market/service.ts'
import { recommendationsOf } from '../../src/playbook/list.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { listTrades } from '../../src/playbook/trade-list.ts'
import { defaultRow, toParameters } from '../../src/strategy/parameter-space.ts'
import { findStrategyByName, seedStrategies } from '../../src/strategy/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { shared, withShared } from '../shared.ts'
import { newPlaybook, trades } from './books.ts'

/** The day after the last candle. */
const END = Date.UTC(2024, 8, 7)
const DAY_MS = 86_400_000

withShared('a review of trades on a real market', () => {
  let ctx: TestContext
  beforeAll(async () => {
    ctx = { ...(await testContext()), clock: () => END }
  })
  afterAll(() => ctx.close())

  test('computes their regimes from its candles, and backtests a change of leverage on the lookback period', async () => {
    await seedStrategies(ctx)
    const { id: strategyId, definition } = (await findStrategyByName(ctx, 'rsi-adx-volume'))!
    const name = { exchange: 'binance', symbol: 'ETH/USDT', timeframe: '5m' }
    const file = createReadStream(`${shared}data/binance-ETHUSDT-5m-20240101-20240906.csv.gz`)
    const { market } = await importCandleStream(ctx, name, file)
    const book = await newPlaybook(ctx, { strategyId, marketId: market.id, settings: { lookbackDays: 60 } })

    const batch = trades({
      count: 300,
      days: 50,
      winRate: Object.fromEntries([['RANGING', 0.25]]),
      regimes: ['RANGING'],
    })
    const shift = END - DAY_MS - batch.at(-1)!.exitTime.getTime()
    await recordTrades(ctx, {
      playbookId: book.id,
      trades: batch.map(({ regime: _, ...trade }) => ({
        ...trade,
        symbol: 'ETH/USDT:USDT',
        entryTime: new Date(trade.entryTime.getTime() + shift),
        exitTime: new Date(trade.exitTime.getTime() + shift),
      })),
    })
    const stored = await listTrades(ctx, book.id, {}, { limit: 300, inverted: false })
    expect(new Set(stored.map(({ regime }) => regime)).size).toBeGreaterThanOrEqual(4)
    expect(stored.every(({ volatilityPercentile }) => volatilityPercentile !== null)).toBe(true)

    const { id, backtestCheck } = await startPlaybookReview(ctx, book.id)
    const changes = (await recommendationsOf(ctx, id)).filter(({ parameter }) => parameter === 'LEVERAGE')
    expect(changes.length).toBeGreaterThan(0)
    expect(changes.every(({ recommended }) => recommended < 3)).toBe(true)
    const { from, to, before, after } = backtestCheck!
    expect(to).toBe(market.lastOpenTime! + 300_000)
    expect(to - from).toBe(60 * DAY_MS)
    expect(before.tradeCount).toBeGreaterThan(0)
    expect(after.maxDrawdown!).toBeLessThan(before.maxDrawdown!)

    const period = { from: new Date(from), to: new Date(to) }
    const parameters = toParameters(definition.parameterSpace, defaultRow(definition.parameterSpace)!)
    const job = { strategyId, marketId: market.id, ...period, parameters, execution: { leverage: 3 } }
    const { metrics } = await runBacktest(ctx, job)
    const { roi, sharpeRatio, maxDrawdown, tradeCount } = metrics
    expect(before).toEqual({ roi, sharpeRatio, maxDrawdown, tradeCount })
  })
})
