import { and, eq, gt, lte, sql, type SQL } from 'drizzle-orm'
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

/**
 * One round. What fails for one playbook is logged and does not keep the others waiting.
 *
 * @param isOver ends it between two playbooks
 */
export async function playbookRound(ctx: AppContext, isOver = (): boolean => false): Promise<void> {
  await expireReviews(ctx)
  for (const duty of DUTIES) {
    while (!isOver()) {
      const id = await claimDue(ctx, duty)
      if (id === null) break
      await duty.act(ctx, id).catch((error: unknown) => {
        if (error instanceof ConflictError) ctx.log.info(error.message) // a review waits: the next one is due after it
        else ctx.log.error({ err: error, playbook: id }, `Playbook ${id} was not looked after.`)
      })
    }
  }
}

/** What is done for a playbook at its time. */
interface Duty {
  time: 'nextJudgementAt' | 'nextTrainingAt' | 'nextReviewAt'
  act: (ctx: AppContext, playbookId: string) => Promise<unknown>
  /** when it is due again, unless the act itself says so */
  againAfterMinutes: number
  /** which playbooks have it */
  concerns?: SQL
}

/** Models before the reviews that hear them. A version is judged while trades come in: once a minute. */
const DUTIES: readonly Duty[] = [
  { time: 'nextJudgementAt', act: judgeVersions, againAfterMinutes: 1, concerns: gt(playbooks.version, 1) },
  { time: 'nextTrainingAt', act: retrainModels, againAfterMinutes: CLAIM_MINUTES },
  { time: 'nextReviewAt', act: startPlaybookReview, againAfterMinutes: CLAIM_MINUTES },
]

async function claimDue(ctx: AppContext, duty: Duty): Promise<string | null> {
  const { time, againAfterMinutes, concerns } = duty
  const isDue = and(lte(playbooks[time], rightNow), concerns)
  const [due] = await ctx.db.select({ id: playbooks.id }).from(playbooks).where(isDue).limit(1)
  if (!due) return null
  const [claimed] = await ctx.db
    .update(playbooks)
    .set({ [time]: sql`clock_timestamp() + ${againAfterMinutes}::integer * interval '1 minute'` })
    .where(and(eq(playbooks.id, due.id), isDue))
    .returning({ id: playbooks.id })
  return claimed ? claimed.id : claimDue(ctx, duty)
}
