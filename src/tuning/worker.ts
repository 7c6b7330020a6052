import { and, eq, inArray, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { announce } from '../events.ts'
import { outlasting } from '../outage.ts'
import type { Delivery } from '../queue/queue.ts'
import { Attempt } from './attempt.ts'
import { type BlockMessage, workBlock } from './blocks.ts'
import { FAILED } from './failure.ts'
import { JobRun } from './job-run.ts'
import type { JobError } from './job.ts'
import { startReplayWorker } from './replay-queue.ts'
import { BLOCK_QUEUE, JOB_TOPIC, nextRevision, TUNING_QUEUE, type TuningMessage } from './service.ts'
import { tuningJobs, type TuningJobRow } from './table.ts'

/** Take jobs, blocks of large ones and replays from the queue, one of each at a time, until the queue stops. */
export async function startWorker(ctx: AppContext): Promise<void> {
  await ctx.queue.declare(TUNING_QUEUE)
  await ctx.queue.declare(BLOCK_QUEUE)
  await ctx.queue.work<BlockMessage>(
    BLOCK_QUEUE,
    (delivery) => outlasting(delivery.signal, () => workBlock(ctx, delivery)),
    ({ jobId, attempt }) => bury(ctx, jobId, (job) => job.status === 'RUNNING' && job.attempt === attempt),
  )
  await ctx.queue.work<TuningMessage>(
    TUNING_QUEUE,
    (delivery) => work(ctx, delivery),
    ({ jobId }) => bury(ctx, jobId, async (_, tx) => !(await ctx.queue.has(tx, TUNING_QUEUE, jobId))),
  )
  await startReplayWorker(ctx)
}

async function work(ctx: AppContext, delivery: Delivery<TuningMessage>): Promise<void> {
  const job = await outlasting(delivery.signal, () => claim(ctx, delivery.data.jobId))
  if (job) await new JobRun(ctx, new Attempt(ctx, job), delivery).toTheEnd()
}

/** Make the job ours; null where it is cancelled, done or gone. */
async function claim(ctx: AppContext, id: string): Promise<TuningJobRow | null> {
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx
      .update(tuningJobs)
      .set({
        status: 'RUNNING',
        phase: 'LOADING',
        attempt: sql`${tuningJobs.attempt} + 1`,
        startedAt: sql`coalesce(${tuningJobs.startedAt}, now())`,
        error: null,
        ...nextRevision,
      })
      .where(and(eq(tuningJobs.id, id), isOpen))
      .returning()
    if (row) await announce(tx, JOB_TOPIC, id)
    return row ?? null
  })
}

/**
 * A job whose workers died each time.
 *
 * @param isMeant whether it still is what the dead message was about: it may have been begun anew meanwhile
 */
async function bury(
  ctx: AppContext,
  id: string,
  isMeant: (job: TuningJobRow, tx: Transaction) => boolean | Promise<boolean>,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const open = and(eq(tuningJobs.id, id), isOpen)
    const [job] = await tx.select().from(tuningJobs).where(open).for('update')
    if (!job || !(await isMeant(job, tx))) return
    const error: JobError = {
      code: 'JOB_CRASHED',
      message:
        'The worker died each time it ran this job. Try a smaller sample count or a shorter period, and look at the log.',
      phase: job.phase,
      retryable: true,
    }
    await tx
      .update(tuningJobs)
      .set({ ...FAILED, error, ...nextRevision })
      .where(open)
    await announce(tx, JOB_TOPIC, id)
  })
}

/** RUNNING too: its worker may have died, and the queue hands it on. */
const isOpen = inArray(tuningJobs.status, ['PENDING', 'RUNNING'])
