import { and, eq, gte } from 'drizzle-orm'
import { METRIC_NAMES } from '../backtest/metrics.ts'
import type { Attempt } from './attempt.ts'
import { metricRow } from './evaluator.ts'
import { pack, unpack } from './packed.ts'
import { sampleBlocks, type TuningJobRow } from './table.ts'

/** Column of the metrics that is stored plain. */
const TRADE_COUNT = METRIC_NAMES.indexOf('tradeCount')

/**
 * Metrics of the samples that earlier attempts have left behind, as far as they are without a hole. What lies behind a
 * hole is dropped: it is done again, in blocks that need not be the same.
 *
 * @returns f64[samples × 26]
 * @throws LostJob
 */
export async function finishedSamples(attempt: Attempt): Promise<Float64Array> {
  const { job } = attempt
  const isOfJob = eq(sampleBlocks.jobId, job.id)
  const blocks = await attempt.transaction(async (tx) => {
    const found = await tx.select().from(sampleBlocks).where(isOfJob).orderBy(sampleBlocks.first)
    let end = 0
    const usable = found.filter(({ first, count }) => first === end && (end += count))
    if (usable.length < found.length) await tx.delete(sampleBlocks).where(and(isOfJob, gte(sampleBlocks.first, end)))
    return usable
  })
  const width = job.strategy.parameterSpace.length
  const size = width + METRIC_NAMES.length
  const metrics = new Float64Array(blocks.reduce((sum, { count }) => sum + count, 0) * METRIC_NAMES.length)
  for (const { first, count, packed } of blocks) {
    const values = unpack(packed)
    for (let row = 0; row < count; row++) {
      metrics.set(values.subarray(row * size + width, (row + 1) * size), (first + row) * METRIC_NAMES.length)
    }
  }
  return metrics
}

/**
 * Keep a block of finished samples. One that is there already is the same to the last bit.
 *
 * @param first   index of the first
 * @param rows    f64[count × parameters]
 * @param metrics f64[count × 26]
 * @throws LostJob
 */
export async function saveSamples(
  attempt: Attempt,
  first: number,
  rows: Float64Array,
  metrics: Float64Array,
): Promise<void> {
  const block = sampleBlock(attempt.job, first, rows, metrics)
  await attempt.transaction((tx) => tx.insert(sampleBlocks).values(block).onConflictDoNothing())
}

/** Finished samples as a row of the table; parameters as in `saveSamples`. */
export function sampleBlock(
  job: TuningJobRow,
  first: number,
  rows: Float64Array,
  metrics: Float64Array,
): typeof sampleBlocks.$inferInsert {
  const width = job.strategy.parameterSpace.length
  const count = rows.length / width
  const tradeCounts = Int32Array.from({ length: count }, (_, row) => metricRow(metrics, row)[TRADE_COUNT])
  return { jobId: job.id, first, count, packed: pack(joined(rows, metrics, width)), tradeCounts: pack(tradeCounts) }
}

/** @returns f64[count × (parameters + 26)]: of each sample its parameters, then its metrics */
export function joined(rows: Float64Array, metrics: Float64Array, width: number): Float64Array {
  const values = new Float64Array(rows.length + metrics.length)
  const size = width + METRIC_NAMES.length
  for (let at = 0; at * size < values.length; at++) {
    values.set(rows.subarray(at * width, (at + 1) * width), at * size)
    values.set(metricRow(metrics, at), at * size + width)
  }
  return values
}
