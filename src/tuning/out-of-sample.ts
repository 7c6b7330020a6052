import { metricsOf } from '../backtest/metrics.ts'
import type { AppContext } from '../context.ts'
import { ConflictError } from '../errors.ts'
import { operationSignal } from '../operation.ts'
import { toRow } from '../strategy/parameter-space.ts'
import { openJobCandles } from './candles.ts'
import { Evaluator } from './evaluator.ts'
import { settingsOf } from './settings.ts'
import type { TuningJobRow } from './table.ts'

/**
 * The trades and the equity behind the job's out-of-sample figures, backtested again as the job did it.
 *
 * @throws ConflictError there are no such figures, or they do not come out any more
 */
export async function outOfSampleDetail(ctx: AppContext, job: TuningJobRow) {
  const outOfSample = job.result?.outOfSample
  if (!outOfSample) throw new ConflictError(`Job ${job.name} (${job.id}) has not been tested out of sample.`)
  const settings = settingsOf(job)
  using open = await openJobCandles(ctx, job)
  const evaluator = new Evaluator(ctx.engine, open.dataSet, settings)
  const row = toRow(job.strategy.parameterSpace, outOfSample.parameters)
  const signal = operationSignal()
  const detail = await evaluator.detail(row, settings.test, signal && { signal })
  const { finalEquity, tradeCount } = metricsOf(detail.metrics)
  if (finalEquity !== outOfSample.metrics.finalEquity || tradeCount !== outOfSample.metrics.tradeCount) {
    throw new ConflictError(
      `The test period of ${job.name} (${job.id}) comes out differently today: its candles or the engine have changed since. Run the job again.`,
    )
  }
  return detail
}
