import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConflictError, ValidationError } from '../../src/errors.ts'
import { approveRecommendations, expireReviews, rejectRecommendations } from '../../src/playbook/decide.ts'
import { listVersions, recommendationsOf } from '../../src/playbook/list.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { rollbackPlaybook, updatePlaybook, updateTuningSettings } from '../../src/playbook/service.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { playbookReviews, type PlaybookReviewRow, type PlaybookRow } from '../../src/playbook/table.ts'
import { getPlaybook, readPlays } from '../../src/playbook/version.ts'
import { OPTIMIZERS } from '../../src/playbook/play.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from '../tuning/jobs.ts'
import { newPlaybook, play, trades } from './books.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

const as = (name: string) => ({ ...ctx, viewer: { ...ctx.viewer, name } })
const HISTORY = { after: undefined, before: undefined, limit: 100, inverted: false }

/** A playbook with a review that waits: losing trades in three regimes ask for less leverage. */
async function withReview(settings = {}): Promise<{ book: PlaybookRow; review: PlaybookReviewRow }> {
  const book = await newPlaybook(ctx, { settings })
  const losing = { TRENDING_UP: 0.2, RANGING: 0.25, HIGH_VOLATILITY: 0.2 }
  await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: losing }) })
  const review = await startPlaybookReview(ctx, book.id)
  expect(review.status).toBe('PENDING')
  return { book, review }
}

const historyOf = (id: string) => listVersions(ctx, id, HISTORY as never)

describe('a decision', () => {
  test('is made by exactly one of fifty approvers; the others learn who and when', async () => {
    const { book, review } = await withReview()
    const decisions = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) =>
        at % 5 === 0
          ? rejectRecommendations(as(`person ${at}`), { reviewId: review.id })
          : approveRecommendations(as(`person ${at}`), { reviewId: review.id, mode: 'ALL' }),
      ),
    )
    const lost = decisions.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
    expect(lost).toHaveLength(49)
    for (const error of lost) {
      expect(error).toBeInstanceOf(ConflictError)
      expect(error.message).toMatch(/decided by person \d+ at \d{4}-/)
    }
    const versions = await historyOf(book.id)
    expect(versions.length).toBeLessThanOrEqual(2)
    const statuses = new Set((await recommendationsOf(ctx, review.id)).map(({ status }) => status))
    expect(statuses).toEqual(new Set([versions.length === 2 ? 'APPLIED' : 'REJECTED']))
  })

  test('writes the next version with the recommended numbers', async () => {
    const { book, review } = await withReview()
    const waiting = await recommendationsOf(ctx, review.id)
    const { playbook, review: closed } = await approveRecommendations(as('ann'), { reviewId: review.id, mode: 'ALL' })
    expect(playbook.version).toBe(2)
    expect(closed).toMatchObject({ status: 'APPLIED', decidedBy: 'ann', appliedVersion: 2, revision: 2 })
    const plays = await readPlays(ctx.db, book.id, 2)
    const leverages = waiting.filter(({ parameter }) => parameter === 'LEVERAGE')
    expect(leverages.length).toBeGreaterThanOrEqual(2)
    for (const { regime, recommended } of leverages) {
      expect(recommended).toBeCloseTo(2.4, 9)
      expect(plays.find((one) => one.regime === regime)!.leverage).toBe(recommended)
    }
    const [newest] = await historyOf(book.id)
    expect(newest).toMatchObject({ origin: 'REVIEW', author: 'ann', reviewId: review.id })
    expect(newest.changes).toHaveLength(waiting.length)
  })

  test('of SAFE_ONLY applies low risk, and SELECTED what it names', async () => {
    const { review } = await withReview()
    const waiting = await recommendationsOf(ctx, review.id)
    await expect(approveRecommendations(ctx, { reviewId: review.id, mode: 'SELECTED' })).rejects.toThrow(
      ValidationError,
    )
    const foreign = { reviewId: review.id, mode: 'SELECTED' as const, recommendationIds: ['recommendation_x'] }
    await expect(approveRecommendations(ctx, foreign)).rejects.toThrow('none of this review')
    const chosen = waiting[0]
    const { review: closed } = await approveRecommendations(ctx, { ...foreign, recommendationIds: [chosen.id] })
    expect(closed.status).toBe(waiting.length === 1 ? 'APPLIED' : 'PARTIALLY_APPLIED')
    const after = await recommendationsOf(ctx, review.id)
    expect(after.find(({ id }) => id === chosen.id)!.status).toBe('APPLIED')
    expect(new Set(after.filter(({ id }) => id !== chosen.id).map(({ status }) => status))).toEqual(
      new Set(['REJECTED']),
    )

    const second = await withReview()
    const { review: safe } = await approveRecommendations(ctx, { reviewId: second.review.id, mode: 'SAFE_ONLY' })
    for (const { risk, status } of await recommendationsOf(ctx, safe.id)) {
      expect(status).toBe(risk === 'LOW' ? 'APPLIED' : 'REJECTED')
    }
  })

  test('to reject a part leaves the others waiting', async () => {
    const { review } = await withReview()
    const [first, ...others] = await recommendationsOf(ctx, review.id)
    const still = await rejectRecommendations(ctx, { reviewId: review.id, recommendationIds: [first.id], reason: 'no' })
    expect(still).toMatchObject({ status: others.length > 0 ? 'PENDING' : 'REJECTED', reason: 'no', decidedBy: null })
    const { review: closed } = await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    expect(closed.status).toBe('PARTIALLY_APPLIED')
  })

  test('after the time is over is refused, by the clock of the database', async () => {
    const { book, review } = await withReview()
    const expireAt = (offset: string) =>
      ctx.db
        .update(playbookReviews)
        .set({ expiresAt: sql`clock_timestamp() + ${offset}::interval` })
        .where(eq(playbookReviews.id, review.id))
    await expireAt('0 seconds')
    const late = approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    await expect(late).rejects.toThrow(/expired at \d{4}-.*Start a new one/)
    expect((await getPlaybook(ctx, book.id)).version).toBe(1)
    expect(await expireReviews(ctx)).toBe(1)
    expect(await expireReviews(ctx)).toBe(0)
    expect((await recommendationsOf(ctx, review.id))[0].status).toBe('EXPIRED')
    expect((await startPlaybookReview(ctx, book.id)).status).toBe('PENDING')
  })

  test('around the very moment of expiry applies nothing after it', async () => {
    const { book, review } = await withReview()
    await ctx.db
      .update(playbookReviews)
      .set({ expiresAt: sql`clock_timestamp() + interval '100 milliseconds'` })
      .where(eq(playbookReviews.id, review.id))
    let outcome: Error | null = null
    for (let tries = 0; tries < 500 && !(outcome instanceof ConflictError); tries++) {
      // what rejects nothing takes the same locks and asks the same clock as what decides
      outcome = await rejectRecommendations(ctx, { reviewId: review.id, recommendationIds: ['recommendation_0'] }).then(
        () => null,
        (error: Error) => error,
      )
    }
    expect(outcome?.message).toMatch(/expired at/)
    for (let tries = 0; tries < 50; tries++) {
      await expect(approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })).rejects.toThrow('expired at')
    }
    expect((await getPlaybook(ctx, book.id)).version).toBe(1)
  })

  test('on an outdated version is refused with who changed it, and when', async () => {
    const { book, review } = await withReview()
    const plays = await readPlays(ctx.db, book.id, 1)
    await updatePlaybook(as('bob'), {
      id: book.id,
      expectedVersion: 1,
      regimes: [{ ...plays[0], leverage: 2 }, ...plays.slice(1)],
    })
    await expect(approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })).rejects.toThrow(
      /made for version 1; the playbook has version 2, made by bob at \d{4}-/,
    )
  })

  test('is refused to whoever is bound to another playbook', async () => {
    const { review } = await withReview()
    const stranger = { ...ctx, viewer: { ...ctx.viewer, playbookId: 'playbook_other' } }
    await expect(approveRecommendations(stranger, { reviewId: review.id, mode: 'ALL' })).rejects.toThrow('No review')
  })
})

describe('versions', () => {
  test('of fifty concurrent edits are without a gap, and the losers hear of the winner', async () => {
    const book = await newPlaybook(ctx)
    const edits = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) =>
        updatePlaybook(as(`editor ${at}`), {
          id: book.id,
          expectedVersion: 1 + (at % 3),
          regimes: [play({ leverage: 1 + at / 50 })],
        }),
      ),
    )
    const lost = edits.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
    expect(lost.every((error) => error instanceof ConflictError)).toBe(true)
    const versions = (await historyOf(book.id)).map(({ version }) => version).reverse()
    expect(versions).toEqual(versions.map((_, at) => at + 1))
    expect(50 - lost.length).toBe(versions.length - 1)
  })

  test('go back to an old one as a new one that equals it', async () => {
    const { book, review } = await withReview()
    await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    const row = await rollbackPlaybook(ctx, { id: book.id, toVersion: 1, expectedVersion: 2 })
    expect(row.version).toBe(3)
    expect(await readPlays(ctx.db, book.id, 3)).toEqual(await readPlays(ctx.db, book.id, 1))
    expect((await recommendationsOf(ctx, review.id)).map(({ status }) => status)).toContain('ROLLED_BACK')
    await expect(rollbackPlaybook(ctx, { id: book.id, toVersion: 9, expectedVersion: 3 })).rejects.toThrow('No version')
  })

  test('stay in one order when a review is approved while somebody rolls back', async () => {
    for (let round = 0; round < 5; round++) {
      const { book, review } = await withReview()
      const plays = await readPlays(ctx.db, book.id, 1)
      const results = await Promise.allSettled([
        approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' }),
        updatePlaybook(ctx, { id: book.id, expectedVersion: 1, regimes: [{ ...plays[0], leverage: 1 }] }),
        rollbackPlaybook(ctx, { id: book.id, toVersion: 1, expectedVersion: 2 }),
      ])
      const done = results.filter(({ status }) => status === 'fulfilled').length
      const versions = await historyOf(book.id)
      expect(versions).toHaveLength(1 + done)
      const back = versions.find(({ origin }) => origin === 'ROLLBACK')
      if (back) expect(await readPlays(ctx.db, book.id, back.version)).toEqual(plays)
    }
  })
})

describe('the database itself', () => {
  const insertPlay = (playbookId: string, leverage: string) =>
    ctx.db.execute(sql`
      insert into playbook_plays (playbook_id, version, position, regime, leverage, risk_reward_ratio, confidence_threshold, strategy_weights)
      values (${playbookId}, 1, 9, 'NEW', ${leverage}::double precision, 2, 60, '[]')`)

  test.each(['126', '0.5', 'NaN', 'Infinity', '10.5'])('refuses a leverage of %s', async (leverage) => {
    const book = await newPlaybook(ctx)
    await expect(insertPlay(book.id, leverage)).rejects.toThrow()
    await insertPlay(book.id, '10')
  })

  test('refuses to change or delete a version, and one that leaves a gap', async () => {
    const book = await newPlaybook(ctx)
    for (const statement of [
      sql`update playbook_plays set leverage = 5 where playbook_id = ${book.id}`,
      sql`delete from playbook_versions where playbook_id = ${book.id}`,
      sql`insert into playbook_versions (playbook_id, version, previous_version, changes, origin, author, created_at) values (${book.id}, 3, 2, '[]', 'MANUAL', 'x', now())`,
      sql`insert into playbook_versions (playbook_id, version, changes, origin, author, created_at) values (${book.id}, 2, '[]', 'MANUAL', 'x', now())`,
    ]) {
      await expect(ctx.db.execute(statement)).rejects.toThrow()
    }
  })
})

describe('a review', () => {
  test('with too few trades is EMPTY and says what is missing', async () => {
    const book = await newPlaybook(ctx)
    await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 49 }) })
    const review = await startPlaybookReview(ctx, book.id)
    expect(review).toMatchObject({ status: 'EMPTY', tradesAnalysed: 49 })
    expect(review.explanation).toContain('49 trades in the last 90 days; a review needs 50.')
  })

  test('is refused while another one waits', async () => {
    const { book } = await withReview()
    await expect(startPlaybookReview(ctx, book.id)).rejects.toThrow('waits for a decision')
  })

  test('is started once by many who ask at the same time', async () => {
    const book = await newPlaybook(ctx)
    await recordTrades(ctx, {
      playbookId: book.id,
      trades: trades({ count: 100, winRate: { RANGING: 0.1 }, regimes: ['RANGING', 'TRENDING_UP'], days: 60 }),
    })
    const starts = await Promise.allSettled(Array.from({ length: 6 }, () => startPlaybookReview(ctx, book.id)))
    const pending = starts.filter((one) => one.status === 'fulfilled' && one.value.status === 'PENDING')
    expect(pending.length).toBeLessThanOrEqual(1)
  })

  test('keeps to the cap of 30 days in sum, however many there are', async () => {
    const { book, review } = await withReview({ maxMonthlyChange: 0.3 })
    let next: PlaybookReviewRow = review
    for (let round = 0; round < 5 && next.status === 'PENDING'; round++) {
      await approveRecommendations(ctx, { reviewId: next.id, mode: 'ALL' })
      next = await startPlaybookReview(ctx, book.id)
    }
    expect(next.status).toBe('EMPTY')
    expect(next.explanation).toContain('may not move farther')
    for (const { leverage } of await readPlays(ctx.db, book.id, (await getPlaybook(ctx, book.id)).version)) {
      expect(leverage).toBeGreaterThanOrEqual(3 * 0.7 - 1e-9)
    }
  })

  test('of fifty perfect trades at leverage 1 asks for no rise of leverage', async () => {
    const book = await newPlaybook(ctx)
    const perfect = trades({ count: 50, winRate: { RANGING: 1 }, regimes: ['RANGING'] }).map((trade) => ({
      ...trade,
      leverage: 1,
    }))
    await recordTrades(ctx, { playbookId: book.id, trades: perfect })
    const review = await startPlaybookReview(ctx, book.id)
    expect(review.dataQuality.score).toBeLessThan(60)
    const rises = (await recommendationsOf(ctx, review.id)).filter(({ change }) => change > 0)
    expect(rises.filter(({ parameter }) => parameter === 'LEVERAGE')).toEqual([])
  })

  test('backtests a change of leverage where the playbook names a strategy and a market', async () => {
    const { strategyId, marketId } = await smallJob(ctx)
    const book = await newPlaybook(ctx, { strategyId, marketId })
    await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: { RANGING: 0.2 } }) })
    const { backtestCheck, models } = await startPlaybookReview(ctx, book.id)
    expect(models.map(({ optimizer, trainedOn }) => [optimizer, trainedOn > 100])).toEqual(
      OPTIMIZERS.map((optimizer) => [optimizer, true]),
    )
    expect(backtestCheck!.note).toMatch(/^Mean leverage over the regimes, 3.00 against 2.[89]\d/)
    expect(backtestCheck!.before.tradeCount).toBeGreaterThan(0)
    expect(Math.abs(backtestCheck!.after.roi!)).toBeLessThan(Math.abs(backtestCheck!.before.roi!))
  })

  test('applies low risk by itself only where the settings say so', async () => {
    const { review } = await withReview()
    expect(review.decidedBy).toBeNull()
    const book = await newPlaybook(ctx, { settings: { humanReviewRequired: false } })
    await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: { RANGING: 0.2 } }) })
    const applied = await startPlaybookReview(ctx, book.id)
    expect(applied).toMatchObject({ decidedBy: 'auto-apply', appliedVersion: 2 })
    for (const { status, risk } of await recommendationsOf(ctx, applied.id)) {
      expect(status).toBe(risk === 'LOW' ? 'APPLIED' : 'REJECTED')
    }
    const [version] = await historyOf(book.id)
    expect(version.origin).toBe('AUTO')
  })
})

describe('settings', () => {
  test('keep their bounds, which numbers in force must keep too', async () => {
    const book = await newPlaybook(ctx)
    const change = (settings: object) => updateTuningSettings(ctx, { playbookId: book.id, settings })
    await expect(change({ minTradesForTuning: 10, maxParameterChange: 2 })).rejects.toThrow(
      /minTradesForTuning.*\n.*maxParameterChange/,
    )
    await expect(change({ bounds: [{ parameter: 'LEVERAGE', min: 1, max: 2 }] })).rejects.toThrow(
      /leverage of TRENDING_UP in version 1: 3 is not within 1 to 2/,
    )
    await expect(change({ bounds: [{ parameter: 'LEVERAGE', min: 1, max: 500 }] })).rejects.toThrow('1 to 125')
    const { settings } = await change({ bounds: [{ parameter: 'LEVERAGE', min: 1, max: 5 }], lookbackDays: 30 })
    expect(settings).toMatchObject({ lookbackDays: 30, minTradesForTuning: 50 })
    const raised = updatePlaybook(ctx, { id: book.id, expectedVersion: 1, regimes: [play({ leverage: 6 })] })
    await expect(raised).rejects.toThrow('regimes.0.leverage: 6 is not within 1 to 5')
  })
})
