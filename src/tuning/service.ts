import { and, eq, inArray, sql } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import { announce } from '../events.ts'
import { newId } from '../ids.ts'
import { deleteModelsOfJob } from '../models/lifecycle.ts'
import type { When } from '../queue/queue.ts'
import { admit } from './admission.ts'
import { refuseTooLarge } from './estimate.ts'
import { checkJob, type CreateTuningJobInput } from './input.ts'
import { enterLedger } from './ledger.ts'
import { sampleBlocks, tuningJobs, type TuningJobRow } from './table.ts'

export const TUNING_QUEUE = 'tuning'
/** Blocks of samples of large jobs. */
export const BLOCK_QUEUE = 'tuning-block'
export const REPLAY_QUEUE = 'tuning-replay'
export const JOB_TOPIC = 'tuningJob'

/** What a worker is told of a job. */
export interface TuningMessage {
  jobId: string
}

/**
 * Create a job and its queue message in one transaction: an answered job is never lost.
 *
 * @throws NotFoundError   no such strategy or market
 * @throws ValidationError every offending field at once
 * @throws QueueFullError  too many jobs wait
 */
export async function createTuningJob(ctx: AppContext, input: CreateTuningJobInput): Promise<TuningJobRow> {
  const { settings, market, ...job } = await checkJob(ctx, input)
  refuseTooLarge(ctx, settings)
  const { training, test, timeframeMs: _, ...columns } = settings
  const id = newId('job')
  const values: typeof tuningJobs.$inferInsert = {
    ...job,
    ...columns,
    id,
    marketId: market.id,
    trainingFrom: training.from,
    trainingTo: training.to,
    testFrom: test.from,
    testTo: test.to,
    createdBy: ctx.viewer.name,
  }
  await ctx.queue.declare(TUNING_QUEUE)
  return ctx.db.transaction(async (tx) => {
    // The message first: jobs on one market take turns from the ledger on, and all audited changes at the end.
    await enqueue(ctx, tx, id, { priority: await admit(ctx, tx) })
    const ledger = await enterLedger(tx, { id, marketId: market.id, trials: settings.sampleCount, settings })
    const before = { trialsBefore: ledger.trials, oosUsesBefore: ledger.oosUses }
    const [row] = await tx
      .insert(tuningJobs)
      .values({ ...values, ...before })
      .returning()
    const { name, strategyId, marketId, sampleCount } = row
    await audit(tx, ctx.viewer, 'JOB_CREATED', id, { name, strategyId, marketId, sampleCount })
    return row
  })
}

/** Have a worker take the job up, and say that it changed. @param when of the priority of `admit`, or before all new ones */
export async function enqueue(ctx: AppContext, tx: Transaction, jobId: string, when: When = {}): Promise<void> {
  await ctx.queue.send(tx, TUNING_QUEUE, { jobId } satisfies TuningMessage, jobId, when)
  await announce(tx, JOB_TOPIC, jobId)
}

/**
 * Stop a job that waits or runs. Exactly one of concurrent callers wins.
 *
 * @throws NotFoundError no such job
 * @throws ConflictError it is finished
 */
export async function cancelTuningJob(ctx: AppContext, id: string): Promise<TuningJobRow> {
  await ctx.queue.declare(TUNING_QUEUE)
  await ctx.queue.declare(BLOCK_QUEUE)
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx
      .update(tuningJobs)
      .set({ status: 'CANCELLED', phase: 'FINISHED', etaMs: null, finishedAt: sql`now()`, ...nextRevision })
      .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['PENDING', 'RUNNING'])))
      .returning()
    if (!row) throw await whyNot(tx, id, 'Only a PENDING or RUNNING job can be cancelled.')
    await ctx.queue.withdraw(tx, TUNING_QUEUE, id)
    await ctx.queue.withdraw(tx, BLOCK_QUEUE, id)
    await announce(tx, JOB_TOPIC, id)
    await audit(tx, ctx.viewer, 'JOB_CANCELLED', id, { name: row.name })
    return row
  })
}

/**
 * Run failed or cancelled jobs again from the start; all of them, or none where one cannot be.
 *
 * @throws NotFoundError one that does not exist
 * @throws ConflictError one that waits, runs or is completed
 */
export async function retryTuningJobs(ctx: AppContext, ids: string[]): Promise<TuningJobRow[]> {
  await ctx.queue.declare(TUNING_QUEUE)
  return inBulk(ctx, ids, 'JOB_RETRIED', async (tx, id) => {
    const priority = await admit(ctx, tx)
    const [row] = await tx
      .update(tuningJobs)
      .set({ status: 'PENDING', ...UNTOUCHED, ...nextRevision })
      .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['FAILED', 'CANCELLED'])))
      .returning()
    if (!row) throw await whyNot(tx, id, 'Only a FAILED or CANCELLED job can be retried.')
    await tx.delete(sampleBlocks).where(eq(sampleBlocks.jobId, id))
    await ctx.queue.withdraw(tx, TUNING_QUEUE, id) // one that could not be put away when the job ended
    await enqueue(ctx, tx, id, { priority })
    return row
  })
}

/** What a job has not got yet. */
const UNTOUCHED = {
  phase: 'QUEUED',
  done: 0,
  total: 0,
  fraction: 0,
  etaMs: null,
  backtestsPerSecond: null,
  error: null,
  warnings: [],
  startedAt: null,
  finishedAt: null,
} satisfies Partial<TuningJobRow>

/**
 * Delete finished jobs with their samples, and with their models unless these are saved or in use; all of them, or none
 * where one cannot be.
 *
 * @throws NotFoundError one that does not exist
 * @throws ConflictError one that waits or runs
 */
export async function deleteTuningJobs(ctx: AppContext, ids: string[]): Promise<string[]> {
  const deleted = await inBulk(ctx, ids, 'JOB_DELETED', async (tx, id) => {
    const [row] = await tx
      .delete(tuningJobs)
      .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['COMPLETED', 'FAILED', 'CANCELLED'])))
      .returning({ id: tuningJobs.id, name: tuningJobs.name })
    if (!row) throw await whyNot(tx, id, 'Cancel it first.')
    await deleteModelsOfJob(tx, id)
    await announce(tx, JOB_TOPIC, id)
    return row
  })
  return deleted.map(({ id }) => id)
}

/**
 * Do something with each job, once, in one transaction. In the order of the ids, so that two callers cannot block each
 * other.
 */
function inBulk<T extends { name: string }>(
  ctx: AppContext,
  ids: string[],
  action: string,
  each: (tx: Transaction, id: string) => Promise<T>,
): Promise<T[]> {
  return ctx.db.transaction(async (tx) => {
    const done = new Map<string, T>()
    for (const id of new Set(ids.toSorted())) done.set(id, await each(tx, id))
    for (const [id, { name }] of done) await audit(tx, ctx.viewer, action, id, { name })
    return [...new Set(ids)].map((id) => done.get(id)!)
  })
}

async function whyNot(tx: Transaction, id: string, remedy: string): Promise<NotFoundError | ConflictError> {
  const [row] = await tx.select().from(tuningJobs).where(eq(tuningJobs.id, id))
  if (!row) return noSuchJob(id)
  return new ConflictError(`Job ${row.name} (${id}) is ${row.status}. ${remedy}`)
}

function noSuchJob(id: string): NotFoundError {
  return new NotFoundError('tuning job', id, 'Query.tuningJobs lists those there are.')
}

export const nextRevision = { revision: sql`${tuningJobs.revision} + 1` }

export async function findTuningJob(ctx: AppContext, id: string): Promise<TuningJobRow | null> {
  const [row] = await ctx.db.select().from(tuningJobs).where(eq(tuningJobs.id, id))
  return row ?? null
}

/** Those that there are, in any order. */
export function findTuningJobs(ctx: AppContext, ids: string[]): Promise<TuningJobRow[]> {
  return ctx.db.select().from(tuningJobs).where(inArray(tuningJobs.id, ids))
}

/** @throws NotFoundError */
export async function getTuningJob(ctx: AppContext, id: string): Promise<TuningJobRow> {
  const row = await findTuningJob(ctx, id)
  if (!row) throw noSuchJob(id)
  return row
}

/** From the first attempt's start to the end; null while there is none. */
export function durationMs({ startedAt, finishedAt }: TuningJobRow): number | null {
  return startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : null
}
