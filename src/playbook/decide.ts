import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { announce } from '../events.ts'
import { requireRole } from '../viewer.ts'
import { withChanges } from './play.ts'
import { NEEDED } from './roles.ts'
import { markRolledBack } from './service.ts'
import { playProblems } from './settings.ts'
import {
  playbookReviews,
  recommendations,
  type ChangeOrigin,
  type PlaybookReviewRow,
  type PlaybookRow,
  type RecommendationRow,
} from './table.ts'
import { isReachable, lastChange, lockPlaybook, readPlays, REVIEW_TOPIC, rightNow, writeVersion } from './version.ts'

export const APPROVAL_MODES = ['ALL', 'SAFE_ONLY', 'SELECTED'] as const
export type ApprovalMode = (typeof APPROVAL_MODES)[number]

export interface Decision {
  review: PlaybookReviewRow
  playbook: PlaybookRow
}

/**
 * Approve a pending review: write the next version of its playbook and close the review, in one transaction. Of any
 * number of concurrent callers exactly one wins; the others learn who decided and when. What is not chosen is rejected.
 *
 * @param input.mode `SAFE_ONLY` leaves out every change above LOW risk; `SELECTED` takes `recommendationIds`
 * @throws ForbiddenError  the viewer may not decide
 * @throws NotFoundError   no such review
 * @throws ConflictError   already decided, expired (by the database's clock), or made for an older version
 * @throws ValidationError nothing is chosen, or not what belongs together
 */
export async function approveRecommendations(
  ctx: AppContext,
  input: { reviewId: string; mode: ApprovalMode; recommendationIds?: string[] | null | undefined },
): Promise<Decision> {
  requireRole(ctx.viewer, NEEDED.DECIDE)
  return ctx.db.transaction(async (tx) => {
    const playbook = await lockPlaybookOf(ctx, tx, input.reviewId)
    const review = await claim(ctx, tx, playbook, input.reviewId)
    const waiting = await waitingOf(tx, review.id)
    const decision = await apply(tx, playbook, review, choose(waiting, input), {
      origin: 'REVIEW',
      author: ctx.viewer.name,
    })
    await audit(tx, ctx.viewer, 'REVIEW_APPROVED', review.id, {
      mode: input.mode,
      playbookId: playbook.id,
      version: decision.playbook.version,
      status: decision.review.status,
    })
    return decision
  })
}

/** The guarded UPDATE that decides the race. */
async function claim(
  ctx: AppContext,
  tx: Transaction,
  playbook: PlaybookRow,
  reviewId: string,
): Promise<PlaybookReviewRow> {
  const [review] = await tx
    .update(playbookReviews)
    .set({
      status: 'APPLIED',
      decidedBy: ctx.viewer.name,
      decidedIn: ctx.viewer.channel,
      decidedAt: rightNow,
      revision: sql`${playbookReviews.revision} + 1`,
    })
    .where(
      and(
        eq(playbookReviews.id, reviewId),
        eq(playbookReviews.status, 'PENDING'),
        eq(playbookReviews.baseVersion, playbook.version),
        sql`${playbookReviews.expiresAt} > ${rightNow}`,
      ),
    )
    .returning()
  if (!review) throw await whyNot(tx, reviewId, playbook)
  return review
}

/** Write the chosen changes as the next version. The review is ours already. */
export async function apply(
  tx: Transaction,
  playbook: PlaybookRow,
  review: PlaybookReviewRow,
  chosen: RecommendationRow[],
  { origin, author }: { origin: ChangeOrigin; author: string },
): Promise<Decision> {
  const changes = chosen.map(({ regime, parameter, strategy, recommended: after }) => ({
    regime,
    parameter,
    strategy,
    after,
  }))
  const plays = withChanges(await readPlays(tx, playbook.id, playbook.version), changes)
  const [problem] = playProblems(plays, playbook.settings)
  if (problem) {
    throw new ConflictError(
      `The bounds of playbook ${playbook.name} were changed after the review: ${problem.path.join('.')} ${problem.message} Start a new review.`,
    )
  }
  const all = await tx
    .select({ id: recommendations.id })
    .from(recommendations)
    .where(eq(recommendations.reviewId, review.id))
  const whole = chosen.length === all.length
  const isRollback = review.rollbackTo !== null && whole
  const written = await writeVersion(tx, playbook, plays, {
    origin: isRollback ? 'ROLLBACK' : origin,
    author,
    reviewId: review.id,
    ...(isRollback && { restores: review.rollbackTo! }),
  })
  if (isRollback) await markRolledBack(tx, playbook, review.rollbackTo!)
  await settle(tx, chosen, review.id)
  const [closed] = await tx
    .update(playbookReviews)
    .set({ status: whole ? 'APPLIED' : 'PARTIALLY_APPLIED', appliedVersion: written.version })
    .where(eq(playbookReviews.id, review.id))
    .returning()
  await announce(tx, REVIEW_TOPIC, review.id)
  return { review: closed, playbook: written }
}

async function settle(tx: Transaction, chosen: RecommendationRow[], reviewId: string): Promise<void> {
  const ids = chosen.map(({ id }) => id)
  await tx.update(recommendations).set({ status: 'APPLIED' }).where(inArray(recommendations.id, ids))
  await tx
    .update(recommendations)
    .set({ status: 'REJECTED' })
    .where(and(eq(recommendations.reviewId, reviewId), eq(recommendations.status, 'PENDING')))
}

export async function waitingOf(tx: Transaction, reviewId: string): Promise<RecommendationRow[]> {
  return tx
    .select()
    .from(recommendations)
    .where(and(eq(recommendations.reviewId, reviewId), eq(recommendations.status, 'PENDING')))
    .orderBy(asc(recommendations.position))
}

function choose(
  waiting: RecommendationRow[],
  { mode, recommendationIds }: { mode: ApprovalMode; recommendationIds?: string[] | null | undefined },
): RecommendationRow[] {
  if (mode === 'ALL') return waiting
  if (mode === 'SAFE_ONLY') {
    const safe = waiting.filter(({ risk }) => risk === 'LOW')
    if (safe.length > 0) return safe
    throw ValidationError.at(
      'mode',
      'No recommendation of this review is of LOW risk. Choose some, or reject the review.',
    )
  }
  const ids = new Set(recommendationIds ?? [])
  if (ids.size === 0) throw ValidationError.at('recommendationIds', 'Name the recommendations that are to be applied.')
  const problems = [...ids].flatMap((id, at) =>
    waiting.some((one) => one.id === id)
      ? []
      : [
          {
            path: ['recommendationIds', String(at)],
            message: `${id} is none of this review that waits for a decision.`,
          },
        ],
  )
  const chosen = waiting.filter(({ id }) => ids.has(id))
  const torn = waiting.find(
    (one) => one.strategy !== null && !ids.has(one.id) && chosen.some((other) => isTogether(one, other)),
  )
  if (torn) {
    const message = `The weights of ${torn.regime} add up to 1 only together: ${torn.id} (${torn.strategy}) is missing.`
    problems.push({ path: ['recommendationIds'], message })
  }
  if (problems.length > 0) throw new ValidationError(problems)
  return chosen
}

/** Weights of one regime change together or not at all. */
function isTogether(a: RecommendationRow, b: RecommendationRow): boolean {
  return a.parameter === 'STRATEGY_WEIGHT' && b.parameter === 'STRATEGY_WEIGHT' && a.regime === b.regime
}

/**
 * Reject a pending review, or some of its recommendations; the review then waits with the others.
 *
 * @throws ForbiddenError the viewer may not decide
 * @throws NotFoundError no such review, or no such recommendation in it
 * @throws ConflictError already decided, expired, or made for an older version
 */
export async function rejectRecommendations(
  ctx: AppContext,
  input: { reviewId: string; recommendationIds?: string[] | null | undefined; reason?: string | null | undefined },
): Promise<PlaybookReviewRow> {
  requireRole(ctx.viewer, NEEDED.DECIDE)
  return ctx.db.transaction(async (tx) => {
    const playbook = await lockPlaybookOf(ctx, tx, input.reviewId)
    const claimed = await claim(ctx, tx, playbook, input.reviewId)
    const waiting = await waitingOf(tx, claimed.id)
    const rejected = toReject(waiting, input.recommendationIds)
    await tx
      .update(recommendations)
      .set({ status: 'REJECTED' })
      .where(
        inArray(
          recommendations.id,
          rejected.map(({ id }) => id),
        ),
      )
    const isOver = rejected.length === waiting.length
    const undecided = { status: 'PENDING', decidedBy: null, decidedIn: null, decidedAt: null } as const
    const [review] = await tx
      .update(playbookReviews)
      .set({ ...(isOver ? { status: 'REJECTED' as const } : undecided), reason: input.reason?.slice(0, 2000) ?? null })
      .where(eq(playbookReviews.id, claimed.id))
      .returning()
    await announce(tx, REVIEW_TOPIC, review.id)
    await audit(tx, ctx.viewer, 'REVIEW_REJECTED', review.id, {
      playbookId: playbook.id,
      recommendations: rejected.map(({ id }) => id),
      reason: input.reason ?? null,
    })
    return review
  })
}

function toReject(waiting: RecommendationRow[], ids: string[] | null | undefined): RecommendationRow[] {
  if (!ids || ids.length === 0) return waiting
  for (const id of ids) {
    if (!waiting.some((one) => one.id === id)) throw new NotFoundError('recommendation that waits for a decision', id)
  }
  return waiting.filter(
    (one) => ids.includes(one.id) || waiting.some((other) => ids.includes(other.id) && isTogether(one, other)),
  )
}

async function lockPlaybookOf(ctx: AppContext, tx: Transaction, reviewId: string): Promise<PlaybookRow> {
  const [review] = await tx
    .select({ playbookId: playbookReviews.playbookId })
    .from(playbookReviews)
    .where(eq(playbookReviews.id, reviewId))
  if (!review || !isReachable(ctx.viewer, review.playbookId)) {
    throw new NotFoundError('review', reviewId, 'Playbook.reviews lists those there are.')
  }
  return lockPlaybook(tx, ctx.viewer, review.playbookId)
}

async function whyNot(tx: Transaction, reviewId: string, playbook: PlaybookRow): Promise<ConflictError> {
  const [review]: PlaybookReviewRow[] = await tx.select().from(playbookReviews).where(eq(playbookReviews.id, reviewId))
  if (review.decidedBy !== null && review.decidedAt !== null) {
    return new ConflictError(
      `Review ${reviewId} is ${review.status}, decided by ${review.decidedBy} at ${review.decidedAt.toISOString()}.`,
    )
  }
  if (review.status === 'EMPTY') return new ConflictError(`Review ${reviewId} is EMPTY: there is nothing to decide.`)
  if (review.baseVersion !== playbook.version) {
    return new ConflictError(
      `Review ${reviewId} was made for version ${review.baseVersion}; the playbook has ${await lastChange(tx, playbook.id)}. Start a new one.`,
    )
  }
  return new ConflictError(`Review ${reviewId} expired at ${review.expiresAt.toISOString()}. Start a new one.`)
}

/** Close the reviews whose time is over, by the database's clock. @returns how many */
export async function expireReviews(ctx: AppContext): Promise<number> {
  const isDue = and(eq(playbookReviews.status, 'PENDING'), sql`${playbookReviews.expiresAt} <= ${rightNow}`)
  const due = await ctx.db.select({ playbookId: playbookReviews.playbookId }).from(playbookReviews).where(isDue)
  let expired = 0
  for (const { playbookId } of due) {
    expired += await ctx.db.transaction(async (tx) => {
      const playbook = await lockPlaybook(tx, { ...ctx.viewer, playbookId }, playbookId)
      return expireDue(tx, playbook)
    })
  }
  return expired
}

/** The same for one playbook, under its lock. */
export async function expireDue(tx: Transaction, playbook: PlaybookRow): Promise<number> {
  const rows = await tx
    .update(playbookReviews)
    .set({ status: 'EXPIRED', revision: sql`${playbookReviews.revision} + 1` })
    .where(
      and(
        eq(playbookReviews.playbookId, playbook.id),
        eq(playbookReviews.status, 'PENDING'),
        sql`${playbookReviews.expiresAt} <= ${rightNow}`,
      ),
    )
    .returning({ id: playbookReviews.id })
  for (const { id } of rows) {
    await tx
      .update(recommendations)
      .set({ status: 'EXPIRED' })
      .where(and(eq(recommendations.reviewId, id), eq(recommendations.status, 'PENDING')))
    await announce(tx, REVIEW_TOPIC, id)
  }
  return rows.length
}
