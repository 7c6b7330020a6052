/** What the naive loops read: the candles and indicators of a job of rsi-adx-volume. */
import type { Twins } from '../../test/engine/twins.ts'
import type { Job } from './jobs.ts'
import type { NaiveInput } from './naive.ts'

const DAY = 86_400_000
/** rsi_oversold, rsi_overbought, adx_min, volume_multiplier, sl, tp */
export const PARAMETERS = 6

export function naiveInput(job: Job, twins: Twins): NaiveInput {
  const { candles } = job
  const bars = candles.openTime.length
  const column = (name: string): Float64Array => {
    const spec = job.batch.columns.find((candidate) => candidate.kind === 'indicator' && candidate.name === name)!
    return twins.dataSet.arena.float64(twins.dataSet.column(spec), bars).slice()
  }
  const dayOf = (bar: number): number => Math.floor(candles.openTime[bar] / DAY)
  const ends = Array.from({ length: bars }, (_, bar) => bar).filter(
    (bar) => bar === bars - 1 || dayOf(bar + 1) !== dayOf(bar),
  )
  return {
    candles,
    rsi: column('rsi'),
    adx: column('adx'),
    mean: column('sma'),
    firstSignal: job.window.firstSignal,
    dayEnds: Int32Array.of(...ends, 2 ** 31 - 1),
    settings: job.settings,
  }
}

/** As c/input.h reads it. */
export function cColumns(input: NaiveInput, rows: Float64Array, samples: number): Float64Array[] {
  const { openTime, open, high, low, close, volume } = input.candles
  const { feeRate, slippage, leverage, initialCapital, maintenanceMarginRate } = input.settings
  const header = Float64Array.of(
    openTime.length,
    samples,
    input.firstSignal,
    feeRate,
    slippage,
    leverage,
    initialCapital,
    maintenanceMarginRate,
  )
  const columns = [openTime, open, high, low, close, volume, input.rsi, input.adx, input.mean]
  return [header, ...columns.map((column) => column.slice()), rows.slice(0, PARAMETERS * samples)]
}
