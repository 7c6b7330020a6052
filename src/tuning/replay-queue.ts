import { and, eq, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { ConflictError, DomainError } from '../errors.ts'
import { newId } from '../ids.ts'
import { isOutage, outlasting } from '../outage.ts'
import type { Delivery } from '../queue/queue.ts'
import { replayTuningJob } from './replay.ts'
import { getTuningJob, REPLAY_QUEUE } from './service.ts'
import { replays, type ReplayRow } from './table.ts'

/** What a worker is told of a replay. */
interface ReplayMessage {
  replayId: string
}

/**
 * Have a worker run a completed job again and compare the bits; its answer is found by the id.
 *
 * @throws NotFoundError no such job
 * @throws ConflictError it is not completed
 */
export async function startReplay(ctx: AppContext, jobId: string): Promise<ReplayRow> {
  const job = await getTuningJob(ctx, jobId)
  if (job.status !== 'COMPLETED') {
    throw new ConflictError(`Job ${job.name} (${jobId}) is ${job.status}. Only a COMPLETED job can be replayed.`)
  }
  await ctx.queue.declare(REPLAY_QUEUE)
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx
      .insert(replays)
      .values({ id: newId('replay'), jobId, requestedBy: ctx.viewer.name })
      .returning()
    await ctx.queue.send(tx, REPLAY_QUEUE, { replayId: row.id } satisfies ReplayMessage, row.id)
    return row
  })
}

export async function findReplay(ctx: AppContext, id: string): Promise<ReplayRow | null> {
  const [row] = await ctx.db.select().from(replays).where(eq(replays.id, id))
  return row ?? null
}

/** Take replays from the queue, one at a time. Twice does no harm: the same bits come out, and the first answer stays. */
export async function startReplayWorker(ctx: AppContext): Promise<void> {
  await ctx.queue.declare(REPLAY_QUEUE)
  await ctx.queue.work<ReplayMessage>(
    REPLAY_QUEUE,
    (delivery) => outlasting(delivery.signal, () => work(ctx, delivery)),
    ({ replayId }) =>
      settle(ctx, replayId, { status: 'FAILED', error: 'The worker died each time it ran this replay.' }),
  )
}

async function work(ctx: AppContext, { data: { replayId }, signal }: Delivery<ReplayMessage>): Promise<void> {
  const replay = await findReplay(ctx, replayId)
  if (replay?.status !== 'PENDING') return
  try {
    const outcome = await replayTuningJob(ctx, replay.jobId, { signal })
    await settle(ctx, replayId, { status: 'COMPLETED', outcome })
  } catch (error) {
    if (isOutage(error) || !(error instanceof DomainError)) throw error
    await settle(ctx, replayId, { status: 'FAILED', error: error.message })
  }
}

async function settle(
  ctx: AppContext,
  id: string,
  end: Pick<ReplayRow, 'status'> & Partial<Pick<ReplayRow, 'outcome' | 'error'>>,
): Promise<void> {
  await ctx.db
    .update(replays)
    .set({ ...end, finishedAt: sql`now()` })
    .where(and(eq(replays.id, id), eq(replays.status, 'PENDING')))
}
