import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveRecommendations, rejectRecommendations } from '../../src/playbook/decide.ts'
import { judgeVersions } from '../../src/playbook/judge.ts'
import { findAttribution, findPendingReview, listReviews } from '../../src/playbook/list.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { tuningKpis } from '../../src/playbook/results.ts'
import { playbookRound } from '../../src/playbook/schedule.ts'
import { updatePlaybook, updateTuningSettings } from '../../src/playbook/service.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { playbooks, type PlaybookRow } from '../../src/playbook/table.ts'
import { findVersion, getPlaybook, readPlays } from '../../src/playbook/version.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from './books.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = { ...(await testContext()), clock: () => Date.now() + 40 * 86_400_000 }
})
afterAll(() => ctx.close())

/** Trades of the days before or after a moment, in two regimes. */
async function recordAround(book: PlaybookRow, at: number, shiftDays: number, winRate: number, prefix: string) {
  const batch = trades({
    count: 120,
    days: 20,
    regimes: ['RANGING', 'TRENDING_UP'],
    winRate: { RANGING: winRate },
    prefix,
  })
  const offset = at + shiftDays * 86_400_000 - batch.at(-1)!.exitTime.getTime()
  const moved = batch.map((trade) => ({
    ...trade,
    entryTime: new Date(trade.entryTime.getTime() + offset),
    exitTime: new Date(trade.exitTime.getTime() + offset),
  }))
  await recordTrades(ctx, { playbookId: book.id, trades: moved })
}

async function worsened(): Promise<PlaybookRow> {
  const book = await newPlaybook(ctx)
  const plays = await readPlays(ctx.db, book.id, 1)
  const regimes = plays.map((play) => (play.regime === 'RANGING' ? { ...play, leverage: 4 } : play))
  await updatePlaybook(ctx, { id: book.id, expectedVersion: 1, regimes })
  const changedAt = (await findVersion(ctx.db, book.id, 2))!.createdAt.getTime()
  await recordAround(book, changedAt, -0.1, 0.8, 'before')
  await recordAround(book, changedAt, 21, 0.1, 'after')
  return book
}

describe('a version', () => {
  test('that made results worse in the regime it changed is judged so, and a review proposes to go back', async () => {
    const book = await worsened()
    await judgeVersions(ctx, book.id)
    const { result, verdict } = (await findAttribution(ctx, { playbookId: book.id, version: 2 }))!
    expect(verdict).toBe('WORSENED')
    expect(result.interval.high).toBeLessThan(0)
    expect(result.againstControl).toBeLessThan(0)
    expect(result.byRegime.map(({ regime, changed }) => [regime, changed])).toEqual([
      ['TRENDING_UP', false],
      ['RANGING', true],
    ])
    const review = (await findPendingReview(ctx, book.id))!
    expect(review).toMatchObject({ rollbackTo: 1, baseVersion: 2 })
    await judgeVersions(ctx, book.id)
    expect(await listReviews(ctx, book.id, null, { limit: 10, inverted: false })).toHaveLength(1)

    const { playbook } = await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    expect(await findVersion(ctx.db, book.id, playbook.version)).toMatchObject({ origin: 'ROLLBACK', restores: 1 })
    expect(await readPlays(ctx.db, book.id, 3)).toEqual(await readPlays(ctx.db, book.id, 1))
    expect(await tuningKpis(ctx, book.id)).toMatchObject({ reviews: 1, recommendations: 1, acceptanceRate: 1 })
  })

  test('that was applied without a person and made results worse ends that, until somebody sets it again', async () => {
    const book = await newPlaybook(ctx, { settings: { humanReviewRequired: false } })
    const now = Date.now()
    await recordAround(book, now, -0.1, 0.3, 'before')
    const review = await startPlaybookReview(ctx, book.id)
    expect(review).toMatchObject({ decidedBy: 'auto-apply', appliedVersion: 2 })
    expect(await findVersion(ctx.db, book.id, 2)).toMatchObject({ origin: 'AUTO', author: 'auto-apply' })

    await recordAround(book, now, 21, 0, 'after')
    await judgeVersions(ctx, book.id)
    expect((await findAttribution(ctx, { playbookId: book.id, version: 2 }))!.verdict).toBe('WORSENED')
    const { autoApplyStopped } = await getPlaybook(ctx, book.id)
    expect(autoApplyStopped).toMatch(/^Version 2 was applied without a person and made results worse: -\d/)

    const back = (await findPendingReview(ctx, book.id))!
    expect(back.rollbackTo).toBe(1)
    await rejectRecommendations(ctx, { reviewId: back.id })
    const next = await startPlaybookReview(ctx, book.id)
    expect(next).toMatchObject({ status: 'PENDING', decidedBy: null })
    await rejectRecommendations(ctx, { reviewId: next.id })
    await updateTuningSettings(ctx, { playbookId: book.id, settings: { humanReviewRequired: false } })
    expect((await getPlaybook(ctx, book.id)).autoApplyStopped).toBeNull()
    expect((await startPlaybookReview(ctx, book.id)).decidedBy).toBe('auto-apply')
  })

  test('without enough trades since is not judged', async () => {
    const book = await newPlaybook(ctx)
    const plays = await readPlays(ctx.db, book.id, 1)
    await updatePlaybook(ctx, { id: book.id, expectedVersion: 1, regimes: [{ ...plays[0], leverage: 2 }] })
    await judgeVersions(ctx, book.id)
    expect(await findAttribution(ctx, { playbookId: book.id, version: 2 })).toBeNull()
  })
})

describe('the schedule', () => {
  test('judges versions, once a minute for all processes, and goes on where one playbook fails', async () => {
    const [broken, book] = [await worsened(), await worsened()]
    await ctx.db.execute(sql`update playbooks set settings = settings - 'reviewExpiryHours' where id = ${broken.id}`)
    await ctx.db.update(playbooks).set({ nextJudgementAt: sql`clock_timestamp()` })
    await Promise.all([playbookRound(ctx), playbookRound(ctx)])
    const first = (await findAttribution(ctx, { playbookId: book.id, version: 2 }))!
    expect(first.verdict).toBe('WORSENED')
    expect(await findPendingReview(ctx, broken.id)).toBeNull()
    expect((await findPendingReview(ctx, book.id))!.rollbackTo).toBe(1)
    await playbookRound(ctx)
    expect((await findAttribution(ctx, { playbookId: book.id, version: 2 }))!.computedAt).toEqual(first.computedAt)
  })

  test('reviews a playbook that is due once, however many processes look', async () => {
    const book = await newPlaybook(ctx)
    await ctx.db
      .update(playbooks)
      .set({ nextReviewAt: sql`clock_timestamp()` })
      .where(eq(playbooks.id, book.id))
    await Promise.all([playbookRound(ctx), playbookRound(ctx), playbookRound(ctx)])
    await playbookRound(ctx)
    const reviews = await listReviews(ctx, book.id, null, { limit: 10, inverted: false })
    expect(reviews.map(({ status }) => status)).toEqual(['EMPTY'])
    const { nextReviewAt } = await getPlaybook(ctx, book.id)
    expect(nextReviewAt.getTime() - Date.now()).toBeGreaterThan(6 * 86_400_000)
  })
})
