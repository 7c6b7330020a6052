import type { AppContext } from '../../context.ts'
import { ConflictError, ValidationError } from '../../errors.ts'
import { getMarket } from '../../market/service.ts'
import type { CursorKey } from '../../paging.ts'
import type { Candidate, JobResult } from '../job.ts'
import { outOfSampleDetail } from '../out-of-sample.ts'
import { report, type ReportFormat } from '../report.ts'
import { SampleList } from '../sample-list.ts'
import type { TuningJobRow } from '../table.ts'
import type { Rows } from './columns.ts'
import { csv } from './csv.ts'
import { freqtradeParameters } from './freqtrade.ts'
import { samplesTable } from './samples.ts'
import { tradesTable } from './trades.ts'
import { parametersYaml } from './yaml.ts'

/** The forms in which a job is handed to people and to other tools. */
export type ExportFormat = ReportFormat | 'FREQTRADE' | 'YAML' | TableFormat
type TableFormat = 'SAMPLES_CSV' | 'SAMPLES_PARQUET' | 'TRADES_CSV' | 'TRADES_PARQUET'

/** Samples of one answer; the rest follows in further ones. */
export const SAMPLES_AT_ONCE = 10_000

/**
 * A job as a text that another tool can read; Parquet, which is no text, as base64.
 *
 * @param fromSample for samples: index of the first one of this piece, which has at most SAMPLES_AT_ONCE rows. Of CSV
 *                   only the first piece has a header, of Parquet each is a file; the one behind the last is empty
 * @throws ConflictError   there is no result, or no parameter set in it; the test period comes out differently today
 * @throws ValidationError a negative fromSample
 */
export async function exportJob(
  ctx: AppContext,
  job: TuningJobRow,
  { format, fromSample }: { format: ExportFormat; fromSample: number },
): Promise<string> {
  if (format === 'SAMPLES_CSV' || format === 'SAMPLES_PARQUET') return samplesPiece(ctx, job, format, fromSample)
  const market = await getMarket(ctx, job.marketId)
  if (format === 'MARKDOWN' || format === 'JSON') return report(job, market, format)
  const { result, best } = bestOf(job)
  if (format === 'FREQTRADE') return freqtradeParameters(job, best.parameters, job.finishedAt!)
  if (format === 'YAML') return parametersYaml(job, market, result, best)
  const trades = tradesTable(market.symbol, (await outOfSampleDetail(ctx, job)).trades)
  return format === 'TRADES_CSV' ? csv(trades) : packed(trades)
}

/** Parquet as base64; its library is loaded for the first who asks. */
async function packed(table: Rows): Promise<string> {
  const { buffer, byteOffset, length } = (await import('./parquet.ts')).parquet(table)
  return Buffer.from(buffer, byteOffset, length).toString('base64')
}

async function samplesPiece(
  ctx: AppContext,
  job: TuningJobRow,
  format: 'SAMPLES_CSV' | 'SAMPLES_PARQUET',
  from: number,
): Promise<string> {
  if (from < 0) throw ValidationError.at('fromSample', `${from} is not the index of a sample; the first one is 0.`)
  const list = new SampleList(ctx, job.id, {}, { field: 'INDEX', direction: 'ASC' })
  const after: { after?: CursorKey } = from === 0 ? {} : { after: [from - 1, String(from - 1)] }
  const samples = samplesTable(job, await list.page({ ...after, limit: SAMPLES_AT_ONCE, inverted: false }))
  if (format === 'SAMPLES_CSV') return csv(samples, from === 0)
  return from > 0 && samples.rows.length === 0 ? '' : packed(samples)
}

/** @throws ConflictError nothing was found that could be exported */
function bestOf({ id, name, status, result }: TuningJobRow): { result: JobResult; best: Candidate } {
  const about = `Job ${name} (${id})`
  if (!result) throw new ConflictError(`${about} is ${status} and has no result. Export a COMPLETED job.`)
  const [best] = result.candidates
  if (!best)
    throw new ConflictError(`${about} has no candidate: none kept the risk limits. There is nothing to export.`)
  return { result, best }
}
