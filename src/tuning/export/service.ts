import { metricsOf } from '../../backtest/metrics.ts'
import type { AppContext } from '../../context.ts'
import { ConflictError, ValidationError } from '../../errors.ts'
import { getMarket } from '../../market/service.ts'
import { operationSignal } from '../../operation.ts'
import type { CursorKey } from '../../paging.ts'
import { toRow } from '../../strategy/parameter-space.ts'
import { openJobCandles } from '../candles.ts'
import { Evaluator } from '../evaluator.ts'
import type { Candidate, JobResult } from '../job.ts'
import { report, type ReportFormat } from '../report.ts'
import { listSamples } from '../sample-list.ts'
import { settingsOf } from '../settings.ts'
import type { TuningJobRow } from '../table.ts'
import { freqtradeParameters } from './freqtrade.ts'
import { samplesHeader, samplesRows } from './samples.ts'
import { tradesCsv } from './trades.ts'
import { parametersYaml } from './yaml.ts'

/** The forms in which a job is handed to people and to other tools. */
export type ExportFormat = ReportFormat | 'FREQTRADE' | 'YAML' | 'SAMPLES_CSV' | 'TRADES_CSV'

/** Samples of one answer; the rest follows in further ones. */
export const SAMPLES_AT_ONCE = 10_000
/** Rows that are read together. */
const PAGE = 1000

/**
 * A job as a text that another tool can read.
 *
 * @param fromSample for SAMPLES_CSV: index of the first sample of this piece, which has at most SAMPLES_AT_ONCE rows;
 *                   only the first piece has a header, and the one behind the last is empty
 * @throws ConflictError   there is no result, or no parameter set in it; the test period comes out differently today
 * @throws ValidationError a negative fromSample
 */
export async function exportJob(
  ctx: AppContext,
  job: TuningJobRow,
  { format, fromSample }: { format: ExportFormat; fromSample: number },
): Promise<string> {
  if (format === 'SAMPLES_CSV') return samplesPiece(ctx, job, fromSample)
  const market = await getMarket(ctx, job.marketId)
  if (format === 'MARKDOWN' || format === 'JSON') return report(job, market, format)
  const { result, best } = bestOf(job)
  if (format === 'FREQTRADE') return freqtradeParameters(job, best.parameters, job.finishedAt!)
  if (format === 'YAML') return parametersYaml(job, market, result, best)
  return tradesCsv(market.symbol, await outOfSampleTrades(ctx, job, result))
}

async function samplesPiece(ctx: AppContext, job: TuningJobRow, from: number): Promise<string> {
  if (from < 0) throw ValidationError.at('fromSample', `${from} is not the index of a sample; the first one is 0.`)
  const order = { field: 'INDEX', direction: 'ASC' } as const
  let text = from === 0 ? samplesHeader(job) : ''
  let last = from - 1
  for (let left = SAMPLES_AT_ONCE; left > 0; left -= PAGE) {
    const after: { after?: CursorKey } = last < 0 ? {} : { after: [last, String(last)] }
    const rows = await listSamples(ctx, job.id, {}, order, { ...after, limit: PAGE, inverted: false })
    text += samplesRows(rows)
    if (rows.length < PAGE) break
    last = rows[rows.length - 1].index
  }
  return text
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

/**
 * The trades behind the job's out-of-sample figures, backtested again as the job did it.
 *
 * @throws ConflictError they do not lead to the stored figures any more
 */
async function outOfSampleTrades(ctx: AppContext, job: TuningJobRow, { outOfSample }: JobResult) {
  if (!outOfSample) throw new ConflictError(`Job ${job.name} (${job.id}) has not been tested out of sample.`)
  const settings = settingsOf(job)
  using open = await openJobCandles(ctx, job)
  const evaluator = new Evaluator(ctx.engine, open.dataSet, settings)
  const row = toRow(job.strategy.parameterSpace, outOfSample.parameters)
  const signal = operationSignal()
  const { trades, metrics } = await evaluator.detail(row, settings.test, signal && { signal })
  const { finalEquity, tradeCount } = metricsOf(metrics)
  if (finalEquity !== outOfSample.metrics.finalEquity || tradeCount !== outOfSample.metrics.tradeCount) {
    throw new ConflictError(
      `The test period of ${job.name} (${job.id}) comes out differently today: its candles or the engine have changed since. Run the job again.`,
    )
  }
  return trades
}
