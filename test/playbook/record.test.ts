import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { recordForecasts, recordTrades, type Recorded } from '../../src/playbook/record.ts'
import { playbookTrades, type PlaybookRow } from '../../src/playbook/table.ts'
import { countTrades } from '../../src/playbook/trade-list.ts'
import { testContext, NOW, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from './books.ts'
import { market } from '../tuning/jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function problemsOf(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ValidationError)
  return (error as ValidationError).fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('recording trades', () => {
  let book: PlaybookRow
  beforeAll(async () => {
    book = await newPlaybook(ctx)
  })
  const record = (batch: ReturnType<typeof trades>) => recordTrades(ctx, { playbookId: book.id, trades: batch })

  test('again changes nothing', async () => {
    const batch = trades({ count: 50 })
    expect(await record(batch)).toEqual({ recorded: 50, duplicates: 0 })
    expect(await record(batch.slice(10))).toEqual({ recorded: 0, duplicates: 40 })
    expect(await countTrades(ctx, book.id, {})).toBe(50)
  })

  test('from many connections at once keeps each trade once, and all sums', async () => {
    const own = await newPlaybook(ctx)
    const batch = trades({ count: 1000, prefix: 'many' })
    const shuffled = (at: number) =>
      batch.toSorted((a, b) => ((a.confidence * (at + 3)) % 7) - ((b.confidence * (at + 3)) % 7))
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => recordTrades(ctx, { playbookId: own.id, trades: shuffled(at) })),
    )
    expect(answers.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(1000)
    const [{ total, profit }] = await ctx.db
      .select({ total: sql<number>`count(*)::integer`, profit: sql<number>`sum(${playbookTrades.profitAbs})` })
      .from(playbookTrades)
      .where(sql`${playbookTrades.playbookId} = ${own.id}`)
    expect(total).toBe(1000)
    expect(profit).toBeCloseTo(
      batch.reduce((sum, { profitAbs }) => sum + profitAbs, 0),
      6,
    )
  })

  test('again and again, with connections that break in the middle, keeps each trade once', async () => {
    const own = await newPlaybook(ctx)
    const batch = trades({ count: 1000, prefix: 'retry' })
    const broken = {
      ...ctx,
      db: new Proxy(ctx.db, {
        get: (db, name) =>
          name === 'transaction'
            ? (work: Parameters<typeof ctx.db.transaction>[0]) =>
                ctx.db.transaction(async (tx) => {
                  await work(tx)
                  throw new Error('The connection broke before the end.')
                })
            : Reflect.get(db, name, db),
      }),
    }
    const answers: Recorded[] = []
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let retry = 0; retry < 5; retry++) {
          const sent = recordTrades(retry === 1 ? broken : ctx, { playbookId: own.id, trades: batch })
          await sent.then((answer) => answers.push(answer)).catch(() => {})
        }
      }),
    )
    expect(answers).toHaveLength(32)
    expect(answers.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(1000)
    expect(answers.every(({ recorded, duplicates }) => recorded + duplicates === 1000)).toBe(true)
    expect(await countTrades(ctx, own.id, {})).toBe(1000)
  })

  test('takes ten thousand at once, and not one more', async () => {
    const batch = trades({ count: 10_001, prefix: 'bulk' })
    expect(await record(batch.slice(0, 10_000))).toEqual({ recorded: 10_000, duplicates: 0 })
    expect(await problemsOf(record(batch))).toEqual(['trades: has 10001 entries; send at most 10000 at once.'])
  })

  test('with other content under a known id names it, and records nothing', async () => {
    const [known] = trades({ count: 50 })
    const [fresh] = trades({ count: 1, prefix: 'fresh' })
    const problems = await problemsOf(record([fresh, { ...known, profitAbs: 1 }]))
    expect(problems).toEqual([
      'trades.1.externalId: trade-0 was recorded before with other content. Use another id, or send it as it was.',
    ])
    expect(await record([fresh])).toEqual({ recorded: 1, duplicates: 0 })
  })

  test('names each impossible trade by index and field', async () => {
    const [good] = trades({ count: 1, prefix: 'good' })
    const bad = (changes: object, at: number) => ({ ...good, externalId: `bad-${at}`, ...changes })
    const cases: [changes: object, field: string][] = [
      [{ exitTime: new Date(good.entryTime.getTime() - 1) }, 'exitTime'],
      [{ entryPrice: 0 }, 'entryPrice'],
      [{ exitPrice: -1 }, 'exitPrice'],
      [{ minPrice: 200 }, 'minPrice'],
      [{ maxPrice: 50 }, 'maxPrice'],
      [{ confidence: 101 }, 'confidence'],
      [{ leverage: 0 }, 'leverage'],
      [{ profitRatio: Infinity }, 'profitRatio'],
      [{ exitTime: new Date(NOW + 3_600_000) }, 'exitTime'],
      [{ externalId: '' }, 'externalId'],
    ]
    const problems = await problemsOf(record([good, ...cases.map(([changes], at) => bad(changes, at))]))
    expect(problems.map((text) => text.split(':')[0])).toEqual(
      cases.map(([, field], at) => `trades.${at + 1}.${field}`),
    )
  })

  test('asks for the regime where there are no candles to compute it from', async () => {
    const [trade] = trades({ count: 1, prefix: 'unknown' })
    expect(await problemsOf(record([{ ...trade, regime: null }]))).toEqual([
      expect.stringContaining('trades.0.regime: is missing, and no market NONE/USDT'),
    ])
  })

  test('computes regime and volatility from candles that had closed', async () => {
    const { firstOpenTime } = await market(ctx, 'SEEN/USDT')
    const entry = firstOpenTime! + 50 * 86_400_000
    const [trade] = trades({ count: 1, prefix: 'seen' })
    const times = { entryTime: new Date(entry), exitTime: new Date(entry + 7_200_000) }
    await record([{ ...trade, ...times, regime: null, symbol: 'SEEN/USDT:USDT' }])
    const [row] = await ctx.db
      .select()
      .from(playbookTrades)
      .where(sql`${playbookTrades.externalId} = 'seen-0'`)
    expect(row.volatilityPercentile).toBeGreaterThan(0)
    expect(row.regime).toMatch(/^[A-Z_]+$/)
    expect(row.regimeAtExit).toMatch(/^[A-Z_]+$/)
  })

  test('of a playbook that a bot is not bound to finds nothing', async () => {
    const bot = { ...ctx, viewer: { ...ctx.viewer, playbookId: 'playbook_other' } }
    await expect(recordTrades(bot, { playbookId: book.id, trades: [] })).rejects.toThrow('No playbook with id')
  })
})

test('a forecast is resolved once, and then stays as it is', async () => {
  const { id: playbookId } = await newPlaybook(ctx)
  const open = {
    externalId: 'f1',
    symbol: 'BTC/USDT',
    regime: 'RANGING' as const,
    madeAt: new Date(NOW - 7_200_000),
    confidence: 70,
    predictedDirection: 'LONG' as const,
  }
  const resolved = { ...open, resolvedAt: new Date(NOW), actualDirection: 'SHORT' as const }
  const record = (forecast: typeof open) => recordForecasts(ctx, { playbookId, forecasts: [forecast] })
  expect(await record(open)).toEqual({ recorded: 1, duplicates: 0 })
  expect(await record(open)).toEqual({ recorded: 0, duplicates: 1 })
  expect(await record(resolved)).toEqual({ recorded: 1, duplicates: 0 })
  expect(await record(resolved)).toEqual({ recorded: 0, duplicates: 1 })
  expect(await problemsOf(record({ ...resolved, confidence: 71 }))).toHaveLength(1)
  expect(await problemsOf(record(open))).toHaveLength(1)
})
