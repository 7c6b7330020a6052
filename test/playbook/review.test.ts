import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveRecommendations } from '../../src/playbook/decide.ts'
import { recommendationsOf } from '../../src/playbook/list.ts'
import { recordForecasts, recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import type { PlaybookReviewRow } from '../../src/playbook/table.ts'
import type { TradeInput } from '../../src/playbook/trade.ts'
import { getPlaybook, readPlays } from '../../src/playbook/version.ts'
import { NOW, testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from './books.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function reviewOf(batch: TradeInput[], settings = {}): Promise<PlaybookReviewRow> {
  const book = await newPlaybook(ctx, { settings })
  await recordTrades(ctx, { playbookId: book.id, trades: batch })
  return startPlaybookReview(ctx, book.id)
}

describe('drift', () => {
  test('of what trades are made of, and of what they bring, is told', async () => {
    const batch = trades({ count: 240 }).map((trade, at) =>
      at < 160 ? trade : { ...trade, confidence: 50 + (trade.confidence - 60) / 4, leverage: 5 },
    )
    const { drift } = await reviewOf(batch)
    const shifted = new Map(drift.map((warning) => [warning.feature, warning]))
    expect(shifted.get('confidence')!.stability).toBeGreaterThan(0.25)
    expect(shifted.get('confidence')!.message).toMatch(/^The confidence of signals has shifted majorly/)
    expect(shifted.has('leverage')).toBe(false) // it never varied before: there is nothing to compare with

    const falling = trades({ count: 300, winRate: { RANGING: 0.8 }, regimes: ['RANGING'] })
    const after = trades({ count: 150, winRate: { RANGING: 0.1 }, regimes: ['RANGING'], days: 12, prefix: 'after' })
    const { drift: fall } = await reviewOf([...falling.slice(0, 200), ...after])
    expect(fall.filter(({ feature }) => feature === 'profitRatio').length).toBeGreaterThanOrEqual(2)
  })

  test('is not seen in trades that stay as they are', async () => {
    expect((await reviewOf(trades({ count: 300 }))).drift).toEqual([])
  })
})

describe('the expected effect', () => {
  test('of another leverage is that every result is so much smaller', async () => {
    const batch = trades({ count: 200, winRate: { RANGING: 0.25 }, regimes: ['RANGING'] })
    const { id } = await reviewOf(batch)
    const [{ current, recommended, expectedEffect, evidence }] = await recommendationsOf(ctx, id)
    const mean = batch.reduce((sum, { profitRatio }) => sum + profitRatio, 0) / batch.length
    expect(evidence.meanProfit).toBeCloseTo(mean, 12)
    expect(expectedEffect!.before).toBeCloseTo(mean, 12)
    expect(expectedEffect!.after).toBeCloseTo((mean * recommended) / current, 12)
    const { low, high } = expectedEffect!.interval
    const difference = expectedEffect!.after - expectedEffect!.before
    expect(low).toBeLessThan(difference)
    expect(high).toBeGreaterThan(difference)
    expect(low).toBeGreaterThan(0) // trades lose: less of that is better, surely
  })

  test('of a higher threshold is what is left without the trades below it', async () => {
    const batch = trades({ count: 400, regimes: ['RANGING'] }).map((trade) => {
      const move = (trade.confidence >= 70 ? 1 : -1) * 0.01
      return { ...trade, exitPrice: 100 * (1 + move), profitRatio: 3 * move, profitAbs: 3000 * move }
    })
    const { id } = await reviewOf(batch)
    const rows = await recommendationsOf(ctx, id)
    const { recommended, expectedEffect } = rows.find(({ parameter }) => parameter === 'CONFIDENCE_THRESHOLD')!
    expect(recommended).toBe(70)
    expect(expectedEffect!.after).toBeCloseTo(0.03, 12)
    expect(expectedEffect!.after).toBeGreaterThan(expectedEffect!.before)
  })
})

describe('a threshold below all that were in force', () => {
  const batch = trades({ count: 500, winRate: { RANGING: 0.55 }, regimes: ['RANGING'] })
  const forecasts = Array.from({ length: 400 }, (_, at) => ({
    externalId: `forecast ${at}`,
    symbol: 'NONE/USDT',
    regime: 'RANGING' as const,
    madeAt: new Date(NOW - (400 - at) * 3_600_000),
    resolvedAt: new Date(NOW - (400 - at) * 3_600_000 + 1000),
    confidence: 50 + (at % 20),
    predictedDirection: 'LONG' as const,
    actualDirection: at % 20 < 10 || at % 40 < 20 ? ('LONG' as const) : ('SHORT' as const),
    actualChange: at % 20 < 10 || at % 40 < 20 ? 0.01 : -0.01,
  }))

  test('is recommended because of resolved forecasts, and says so', async () => {
    const book = await newPlaybook(ctx)
    await recordTrades(ctx, { playbookId: book.id, trades: batch })
    await recordForecasts(ctx, { playbookId: book.id, forecasts })
    const review = await startPlaybookReview(ctx, book.id)
    const rows = await recommendationsOf(ctx, review.id)
    const change = rows.find(({ parameter }) => parameter === 'CONFIDENCE_THRESHOLD')!
    expect(change).toMatchObject({ current: 60, recommended: 50 })
    expect(change.evidence.forecasts).toBe(200)
    expect(change.rationale).toContain('200 of them are resolved forecasts that nobody traded.')
  })

  test('stays without them', async () => {
    const rows = await recommendationsOf(ctx, (await reviewOf(batch)).id)
    expect(rows.filter(({ parameter, change }) => parameter === 'CONFIDENCE_THRESHOLD' && change < 0)).toEqual([])
  })
})

describe('poisoned trades', () => {
  test('that all win raise leverage no farther than the caps, however often somebody approves', async () => {
    const perfect = trades({ count: 1500, winRate: { RANGING: 1 }, regimes: ['RANGING'] })
    const mixed = trades({ count: 400, prefix: 'mixed', winRate: { TRENDING_UP: 0.6 }, regimes: ['TRENDING_UP'] })
    let review = await reviewOf([...perfect, ...mixed], { confidenceThreshold: 0 })
    const leverageOf = async (): Promise<number> => {
      const { version } = await getPlaybook(ctx, review.playbookId)
      const plays = await readPlays(ctx.db, review.playbookId, version)
      return plays.find(({ regime }) => regime === 'RANGING')!.leverage
    }
    const seen = [await leverageOf()]
    for (let round = 0; round < 10 && review.status === 'PENDING'; round++) {
      await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
      seen.push(await leverageOf())
      review = await startPlaybookReview(ctx, review.playbookId)
    }
    expect(seen.every((value, at) => at === 0 || value / seen[at - 1] <= 1.3 + 1e-9)).toBe(true)
    expect(Math.max(...seen)).toBeGreaterThan(3)
    expect(Math.max(...seen)).toBeLessThanOrEqual(3 * 1.5 + 1e-9)
    const beyond = sql`update playbooks set settings = jsonb_set(settings, '{bounds,0,max}', '1') where id = ${review.playbookId}`
    await ctx.db.execute(beyond)
    await expect(
      ctx.db.execute(sql`
        insert into playbook_plays (playbook_id, version, position, regime, leverage, risk_reward_ratio, confidence_threshold, strategy_weights)
        values (${review.playbookId}, 1, 9, 'NEW', 2, 2, 60, '[]')`),
    ).rejects.toThrow()
  })

  test('whose profits do not follow from their prices are trusted less', async () => {
    const honest = trades({ count: 200 })
    const made = honest.map((trade) => ({ ...trade, profitRatio: 0.5, profitAbs: 500 }))
    const [a, b] = [await reviewOf(honest), await reviewOf(made)]
    expect(b.dataQuality.completeness).toBeLessThan(a.dataQuality.completeness - 20)
    expect(b.dataQuality.score).toBeLessThan(a.dataQuality.score)
  })
})
