import { eq } from 'drizzle-orm'
import { METRIC_NAMES } from '../backtest/metrics.ts'
import type { AppContext } from '../context.ts'
import type { Attempt } from './attempt.ts'
import { metricRow } from './evaluator.ts'
import { pack, unpack } from './packed.ts'
import { samples, type TuningJobRow } from './table.ts'

/** Column of the metrics that is stored plain. */
const TRADE_COUNT = METRIC_NAMES.indexOf('tradeCount')

/**
 * Metrics of the samples that earlier attempts have left behind, as far as they are without a hole.
 *
 * @returns f64[samples × 26]
 */
export async function finishedSamples(ctx: AppContext, { job }: Attempt): Promise<Float64Array> {
  const rows = await ctx.db
    .select({ index: samples.index, packed: samples.packed })
    .from(samples)
    .where(eq(samples.jobId, job.id))
    .orderBy(samples.index)
  const hole = rows.findIndex(({ index }, at) => index !== at)
  const usable = hole < 0 ? rows : rows.slice(0, hole)
  const width = job.strategy.parameterSpace.length
  const metrics = new Float64Array(usable.length * METRIC_NAMES.length)
  usable.forEach(({ packed }, at) => metrics.set(unpack(packed).subarray(width), at * METRIC_NAMES.length))
  return metrics
}

/**
 * Keep a block of finished samples. One that is there already is the same to the last bit.
 *
 * @param from    index of the first
 * @param rows    f64[count × parameters]
 * @param metrics f64[count × 26]
 * @throws LostJob
 */
export async function saveSamples(
  attempt: Attempt,
  from: number,
  rows: Float64Array,
  metrics: Float64Array,
): Promise<void> {
  const values = sampleValues(attempt.job, from, rows, metrics)
  await attempt.transaction((tx) => tx.insert(samples).values(values).onConflictDoNothing())
}

/** A block as rows of the table; parameters as in `saveSamples`. */
export function sampleValues(
  job: TuningJobRow,
  from: number,
  rows: Float64Array,
  metrics: Float64Array,
): (typeof samples.$inferInsert)[] {
  const width = job.strategy.parameterSpace.length
  return Array.from({ length: rows.length / width }, (_, at) => {
    const own = metricRow(metrics, at)
    return {
      jobId: job.id,
      index: from + at,
      tradeCount: own[TRADE_COUNT],
      packed: pack(rows.subarray(at * width, (at + 1) * width), own),
    }
  })
}
