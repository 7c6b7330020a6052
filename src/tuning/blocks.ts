import { setTimeout as wait } from 'node:timers/promises'
import { and, eq, sum } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { announce } from '../events.ts'
import { isOutage } from '../outage.ts'
import type { Delivery } from '../queue/queue.ts'
import { Attempt } from './attempt.ts'
import { openJobCandles } from './candles.ts'
import { finishedSamples, sampleBlock } from './checkpoint.ts'
import { Evaluator } from './evaluator.ts'
import { explain, FAILED } from './failure.ts'
import { pack, unpack } from './packed.ts'
import { BLOCK_QUEUE, findTuningJob } from './service.ts'
import { settingsOf } from './settings.ts'
import { sampleBlocks, tuningJobs, type TuningJobRow } from './table.ts'

/** A block of samples that any worker may backtest. */
export interface BlockMessage {
  jobId: string
  /** the attempt that wants it; what a later one wants is another message */
  attempt: number
  /** index of the first sample */
  from: number
  /** base64 of f64[count × parameters] */
  rows: string
}

/** A block is this part of the least work that is shared: some tenths of a second, so that nobody waits long for the last one. */
const BLOCK_SHARE = 0.2
const MIN_BLOCK = 25
const MAX_BLOCK = 5000

/** Somebody finished a block of this job. */
const BLOCK_TOPIC = 'tuningBlock'
/** A notification may be lost with its connection. */
const LOOK_EVERY_MS = 1000

/** What of a job's samples is to be spread. */
export interface Sharing {
  /** f64[samples × parameters], all of them */
  rows: Float64Array
  /** samples that an earlier attempt has left behind */
  finished: number
  /** of the training period */
  bars: number
  signal: AbortSignal
  /** @param done samples that are there */
  progress: (done: number) => void
}

/**
 * Have all workers, this process among them, backtest the samples of a job in blocks, and wait until all are there.
 * Which worker takes which block changes nothing: samples do not depend on each other.
 *
 * @returns f64[samples × 26]
 * @throws the reason of the signal
 */
export async function shareBacktests(ctx: AppContext, attempt: Attempt, sharing: Sharing): Promise<Float64Array> {
  const { job } = attempt
  const count = sharing.rows.length / job.strategy.parameterSpace.length
  const changes = ctx.events.subscribe(BLOCK_TOPIC, job.id)
  try {
    await sendBlocks(ctx, attempt, sharing, count)
    let change = changes.next()
    for (;;) {
      sharing.signal.throwIfAborted()
      const done = await countSamples(ctx, job.id)
      sharing.progress(done)
      if (done >= count) return await finishedSamples(attempt)
      const changed = await Promise.race([
        change,
        wait(LOOK_EVERY_MS, null, { signal: sharing.signal }).catch(() => null),
      ])
      if (changed) change = changes.next()
    }
  } finally {
    await changes.return?.()
  }
}

async function countSamples(ctx: AppContext, jobId: string): Promise<number> {
  const [{ done }] = await ctx.db
    .select({ done: sum(sampleBlocks.count).mapWith(Number) })
    .from(sampleBlocks)
    .where(eq(sampleBlocks.jobId, jobId))
  return done ?? 0
}

/** What an earlier attempt has sent is taken back: its blocks would be computed for nobody. */
async function sendBlocks(ctx: AppContext, attempt: Attempt, sharing: Sharing, count: number): Promise<void> {
  const { job } = attempt
  const width = job.strategy.parameterSpace.length
  const size = blockSize(sharing.bars, ctx.config.shareFrom)
  await attempt.transaction(async (tx) => {
    await ctx.queue.withdraw(tx, BLOCK_QUEUE, job.id)
    for (let from = sharing.finished; from < count; from += size) {
      const rows = sharing.rows.subarray(from * width, Math.min(count, from + size) * width)
      const message: BlockMessage = { jobId: job.id, attempt: job.attempt, from, rows: toBase64(rows) }
      await ctx.queue.send(tx, BLOCK_QUEUE, message, job.id)
    }
  })
}

/** @param bars of the training period @param shareFrom bar × samples @returns samples of a block */
export function blockSize(bars: number, shareFrom: number): number {
  return Math.min(MAX_BLOCK, Math.max(MIN_BLOCK, Math.round((BLOCK_SHARE * shareFrom) / Math.max(1, bars))))
}

/**
 * Backtest a block for whoever wants it, and leave the result where the checkpoints are. Where the last try fails too
 * the job has failed, as it would have by itself.
 *
 * @throws the error, so that the queue delivers the block again
 */
export async function workBlock(ctx: AppContext, delivery: Delivery<BlockMessage>): Promise<void> {
  const { data, signal, lastAttempt } = delivery
  const job = await findTuningJob(ctx, data.jobId)
  if (job?.status !== 'RUNNING' || job.attempt !== data.attempt) return
  try {
    await backtestBlock(ctx, job, delivery)
  } catch (error) {
    if (!lastAttempt || signal.aborted || isOutage(error)) throw error
    ctx.log.error({ job: job.id, attempt: job.attempt, from: data.from, err: error }, 'block failed')
    const end = { ...FAILED, error: explain(error, 'BACKTESTING') }
    await ctx.db.transaction((tx) => new Attempt(ctx, job).update(tx, end))
  }
}

async function backtestBlock(
  ctx: AppContext,
  job: TuningJobRow,
  { data, signal }: Delivery<BlockMessage>,
): Promise<void> {
  const settings = settingsOf(job)
  using open = await openJobCandles(ctx, job)
  const rows = fromBase64(data.rows)
  const metrics = await new Evaluator(ctx.engine, open.dataSet, settings).run(rows, settings.training, { signal })
  const block = sampleBlock(job, data.from, rows, metrics)
  await ctx.db.transaction(async (tx) => {
    // Not `for update`: many workers save at once, and two results for one sample are the same.
    const isWanted = and(
      eq(tuningJobs.id, job.id),
      eq(tuningJobs.attempt, job.attempt),
      eq(tuningJobs.status, 'RUNNING'),
    )
    const [wanted] = await tx.select({ id: tuningJobs.id }).from(tuningJobs).where(isWanted).for('key share')
    if (!wanted) return
    await tx.insert(sampleBlocks).values(block).onConflictDoNothing()
    await announce(tx, BLOCK_TOPIC, job.id)
  })
}

function toBase64(values: Float64Array): string {
  return Buffer.from(pack(values)).toString('base64')
}

function fromBase64(text: string): Float64Array {
  return unpack(new Uint8Array(Buffer.from(text, 'base64')))
}
