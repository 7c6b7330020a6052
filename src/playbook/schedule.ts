import { and, eq, gt, lte, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { ConflictError } from '../errors.ts'
import { expireReviews } from './decide.ts'
import { judgeVersions } from './judge.ts'
import { retrainModels } from './model-store.ts'
import { startPlaybookReview } from './start-review.ts'
import { playbooks } from './table.ts'
import { rightNow } from './version.ts'

const ROUND_MS = 60_000
/** A start should not be disturbed by what can wait. */
const FIRST_ROUND_MS = 10_000

/**
 * What is due stands in the database, so it survives restarts; whoever raises a time first does what is due then, so it
 * is done once, not once a process. A process that dies over it leaves it to the others after this time.
 */
const CLAIM_MINUTES = 15

/**
 * Once a minute close the reviews whose time is over, judge versions, and train and review the playbooks that are due.
 *
 * @returns how to stop; it waits for a round that is under way
 */
export function startPlaybookSchedule(ctx: AppContext): () => Promise<void> {
  const schedule = { ...ctx, viewer: { ...ctx.viewer, name: 'schedule' } }
  let running: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const later = (ms: number): void => {
    if (stopped) return
    timer = setTimeout(() => {
      running = playbookRound(schedule, () => stopped)
        .catch((error: unknown) => ctx.log.error({ err: error }, 'The playbooks were not looked after.'))
        .finally(() => later(ROUND_MS))
    }, ms)
    timer.unref()
  }
  later(FIRST_ROUND_MS)
  return async () => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}

/** One round. @param isOver ends it between two playbooks */
export async function playbookRound(ctx: AppContext, isOver = (): boolean => false): Promise<void> {
  await expireReviews(ctx)
  const changed = await ctx.db.select({ id: playbooks.id }).from(playbooks).where(gt(playbooks.version, 1))
  for (const { id } of changed) if (!isOver()) await judgeVersions(ctx, id)
  for (const { time, act } of DUTIES) {
    for (let id = await claimDue(ctx, time); id !== null && !isOver(); id = await claimDue(ctx, time)) {
      await act(ctx, id)
    }
  }
}

/** What is done at its time; models before the reviews that hear them. */
const DUTIES = [
  { time: 'nextTrainingAt', act: retrainModels },
  { time: 'nextReviewAt', act: reviewUnlessOneWaits },
] as const

async function reviewUnlessOneWaits(ctx: AppContext, playbookId: string): Promise<void> {
  try {
    await startPlaybookReview(ctx, playbookId)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    ctx.log.info(error.message) // the next one is due after the one that waits
  }
}

async function claimDue(ctx: AppContext, time: (typeof DUTIES)[number]['time']): Promise<string | null> {
  const isDue = lte(playbooks[time], rightNow)
  const [due] = await ctx.db.select({ id: playbooks.id }).from(playbooks).where(isDue).limit(1)
  if (!due) return null
  const [claimed] = await ctx.db
    .update(playbooks)
    .set({ [time]: sql`clock_timestamp() + ${CLAIM_MINUTES}::integer * interval '1 minute'` })
    .where(and(eq(playbooks.id, due.id), isDue))
    .returning({ id: playbooks.id })
  return claimed ? claimed.id : claimDue(ctx, time)
}
