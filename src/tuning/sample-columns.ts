import { METRIC_NAMES, metricValues, type MetricName } from '../backtest/metrics.ts'
import type { AppContext } from '../context.ts'
import { ValidationError } from '../errors.ts'
import type { SampleSplit } from './job.ts'
import { readColumns, readSamples, type SampleRow } from './sample-store.ts'
import { getTuningJob } from './service.ts'

/** Samples of one answer. */
export const MAX_ROWS = 10_000

/** Samples of a job that follow each other, as they were drawn, column by column. */
export interface SamplePart {
  /** of all samples of the job */
  totalCount: number
  /** of those that are here */
  count: number
  parameterNames: string[]
  /** f64[count × parameters], row-major */
  parameters: Float64Array
  split: SampleSplit[]
  /** f64[count], NaN where not defined */
  objective: Float64Array
  predicted: Float64Array
  /** f64[count × METRIC_NAMES], row-major, NaN where not defined */
  metrics: Float64Array
}

/**
 * Up to 10,000 samples from the index `from` on.
 *
 * @throws NotFoundError   no such job
 * @throws ValidationError an index below 0
 */
export async function samplePart(ctx: AppContext, jobId: string, from: number): Promise<SamplePart> {
  if (from < 0) throw ValidationError.at('from', `${from} is not the index of a sample; they begin with 0.`)
  const job = await getTuningJob(ctx, jobId)
  const { index } = await readColumns(ctx.db, job.id, [])
  const rows = await readSamples(ctx.db, job.id, { from, to: from + MAX_ROWS })
  const parameterNames = job.strategy.parameterSpace.map(({ name }) => name)
  const width = parameterNames.length
  return {
    totalCount: index.length,
    count: rows.length,
    parameterNames,
    parameters: stacked(rows, width, ({ values }) => values.subarray(0, width)),
    split: rows.map(({ split }) => split),
    objective: Float64Array.from(rows, ({ objective }) => objective ?? NaN),
    predicted: Float64Array.from(rows, ({ predicted }) => predicted ?? NaN),
    metrics: stacked(rows, METRIC_NAMES.length, ({ values }) => values.subarray(width)),
  }
}

function stacked(rows: readonly SampleRow[], width: number, pick: (row: SampleRow) => Float64Array): Float64Array {
  const values = new Float64Array(rows.length * width)
  rows.forEach((row, at) => values.set(pick(row), at * width))
  return values
}

/** @throws ValidationError no metric has this name */
export function metricColumn({ metrics }: SamplePart, name: string): Float64Array {
  if (!METRIC_NAMES.includes(name as MetricName)) {
    const message = `${name.slice(0, 40)} is not a metric. There are ${METRIC_NAMES.join(', ')}.`
    throw ValidationError.at('name', message)
  }
  return metricValues(metrics, name as MetricName)
}
