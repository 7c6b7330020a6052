import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqlState } from '../../src/db.ts'
import { ValidationError } from '../../src/errors.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import type { TradeInput } from '../../src/playbook/trade.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from '../tuning/jobs.ts'
import { newPlaybook, trades } from './books.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

/** Fields that are refused, of a trade that would be good without the change. */
async function refused(change: Partial<TradeInput>): Promise<string[]> {
  const [good] = trades({ count: 1 })
  const { id } = await newPlaybook(ctx)
  const error: unknown = await recordTrades(ctx, { playbookId: id, trades: [{ ...good, ...change }] }).catch((e) => e)
  expect(error).toBeInstanceOf(ValidationError)
  expect((error as ValidationError).code).toBe('BAD_USER_INPUT')
  return (error as ValidationError).fieldErrors.map(({ path }) => path.join('.'))
}

describe('a poisoned trade', () => {
  test.each<[string, Partial<TradeInput>, string]>([
    ['a profit of 1e15', { profitAbs: 1e15 }, 'profitAbs'],
    ['a profit ratio of 1e308', { profitRatio: 1e308 }, 'profitRatio'],
    ['fees of NaN', { fees: NaN }, 'fees'],
    ['a price of NaN', { entryPrice: NaN }, 'entryPrice'],
    ['an infinite price', { exitPrice: Infinity }, 'exitPrice'],
    ['a price of -0', { entryPrice: -0 }, 'entryPrice'],
    ['a leverage of NaN', { leverage: NaN }, 'leverage'],
    ['a confidence of NaN', { confidence: NaN }, 'confidence'],
    ['a stop of minus infinity', { stopLoss: -Infinity }, 'stopLoss'],
  ])('with %s is refused by its field', async (_, change, field) => {
    expect(await refused(change)).toEqual([`trades.0.${field}`])
  })

  test('that was closed before it was opened is refused', async () => {
    const [{ entryTime }] = trades({ count: 1 })
    expect(await refused({ exitTime: new Date(entryTime.getTime() - 1) })).toEqual(['trades.0.exitTime'])
  })
})

describe('a review', () => {
  async function reviewOf(batch: TradeInput[]) {
    const { id } = await newPlaybook(ctx)
    await recordTrades(ctx, { playbookId: id, trades: batch })
    return startPlaybookReview(ctx, id)
  }

  test('of 49 trades has nothing to say; of 50 it is made', async () => {
    expect(await reviewOf(trades({ count: 49 }))).toMatchObject({ status: 'EMPTY', tradesAnalysed: 49 })
    expect(await reviewOf(trades({ count: 50 }))).toMatchObject({ tradesAnalysed: 50 })
    expect((await reviewOf(trades({ count: 50 }))).explanation).not.toContain('a review needs')
  })

  test('of trades that are all equal holds no number that is none', async () => {
    const [one, ...others] = trades({ count: 60 })
    const { entryPrice, exitPrice, profitRatio, profitAbs, regime, confidence, leverage, side, strategy } = one
    const same = { entryPrice, exitPrice, profitRatio, profitAbs, regime, confidence, leverage, side, strategy }
    const equal = others.map((trade) => ({ ...trade, ...same, minPrice: null, maxPrice: null }))
    const review = await reviewOf([{ ...one, minPrice: null, maxPrice: null }, ...equal])
    const numbers: number[] = []
    JSON.stringify(review, (_, value: unknown) => {
      if (typeof value === 'number') numbers.push(value)
      return value
    })
    expect(numbers.length).toBeGreaterThan(10)
    expect(numbers.every(Number.isFinite)).toBe(true)
  })
})

test('candles under a job cannot be taken away, by nobody', async () => {
  const { marketId } = await createTuningJob(ctx, await smallJob(ctx))
  const state = await ctx.db.execute(sql`delete from markets where id = ${marketId}`).then(() => 'gone', sqlState)
  expect(state).toBe('23503')
})
