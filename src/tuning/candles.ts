import { showTime, windowOf } from '../backtest/period.ts'
import type { AppContext } from '../context.ts'
import type { Candles } from '../engine/candles.ts'
import type { OpenDataSet } from '../engine/data-set-cache.ts'
import { ValidationError } from '../errors.ts'
import { periodQuality, qualityGate } from '../market/quality.ts'
import { loadCandles } from '../market/service.ts'
import { openCandles, type OpenRange } from '../market/shared-candles.ts'
import type { Timeframe } from '../market/timeframe.ts'
import { compileStrategy } from '../strategy/plan.ts'
import { settingsOf } from './settings.ts'
import type { TuningJobRow } from './table.ts'

/** Both periods of a job and what the warm-up needs before them. */
export async function jobCandles(ctx: AppContext, job: TuningJobRow): Promise<Candles> {
  return loadCandles(ctx, job.marketId, rangeOf(job))
}

/** The same in memory that the compute threads read, shared by all who ask for them; close it in the end. */
export async function openJobCandles(ctx: AppContext, job: TuningJobRow): Promise<OpenDataSet> {
  return openCandles(ctx, job.marketId, rangeOf(job))
}

function rangeOf(job: TuningJobRow): OpenRange {
  const { warmupBars } = compileStrategy(job.strategy)
  return { from: job.trainingFrom, to: job.testTo, timeframe: job.timeframe as Timeframe, warmupBars }
}

/**
 * Whether both periods are there, and complete enough to learn from.
 *
 * @returns warnings about what is missing
 * @throws ValidationError an empty period; more missing than the quality gate lets pass, unless the job allows gaps
 */
export function checkCandles(candles: Candles, job: TuningJobRow): string[] {
  const { training, test, timeframeMs } = settingsOf(job)
  return Object.entries({ trainingPeriod: training, testPeriod: test }).flatMap(([name, period]) => {
    const { from, to } = period
    const { start, end } = windowOf(candles.openTime, period, 0)
    if (start === end) {
      const span = `from ${showTime(from)} to ${showTime(to)}`
      throw ValidationError.at(name, `There are no ${job.timeframe} candles ${span}. Choose another period.`)
    }
    const quality = periodQuality(candles.openTime.subarray(start, end), timeframeMs, from, to)
    const { verdict, reason } = qualityGate(quality)
    if (verdict === 'REFUSE' && !job.allowGaps) throw ValidationError.at(name, reason!)
    return reason ? [`${name}: ${reason}`] : []
  })
}
