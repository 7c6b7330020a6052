import { desc, eq, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { QueueFullError } from '../errors.ts'
import { tuningJobs } from './table.ts'

/** What a job takes where none has finished yet. */
const USUAL_MS = 5000
/** The jobs whose durations tell how fast the queue moves. */
const RECENT = 20

/**
 * A place in the queue for one more job of the viewer, counted within the caller's transaction. Each user's first
 * waiting job stands beside everybody's first, the second beside the seconds: who submits a thousand jobs at once
 * waits for them, others do not.
 *
 * @returns the priority of the job's message
 * @throws QueueFullError more jobs wait than TUNEBOOK_MAX_QUEUED
 */
export async function admit(ctx: AppContext, tx: Transaction): Promise<number> {
  const isMine = eq(tuningJobs.createdBy, ctx.viewer.name)
  const [{ waiting, mine }] = await tx
    .select({
      waiting: sql<number>`count(*)::integer`,
      mine: sql<number>`(count(*) filter (where ${isMine}))::integer`,
    })
    .from(tuningJobs)
    .where(eq(tuningJobs.status, 'PENDING'))
  const limit = ctx.config.maxQueued
  if (waiting < limit) return -mine
  throw new QueueFullError(waiting, (1 + waiting - limit) * (await usualDurationMs(tx)))
}

async function usualDurationMs(tx: Transaction): Promise<number> {
  const recent = tx
    .select({ ms: sql<number>`extract(epoch from ${tuningJobs.finishedAt} - ${tuningJobs.startedAt}) * 1000`.as('ms') })
    .from(tuningJobs)
    .where(eq(tuningJobs.status, 'COMPLETED'))
    .orderBy(desc(tuningJobs.createdAt))
    .limit(RECENT)
    .as('recent')
  const [{ mean }] = await tx.select({ mean: sql<number | null>`avg(${recent.ms})::double precision` }).from(recent)
  return Math.max(1000, Math.round(mean ?? USUAL_MS))
}
