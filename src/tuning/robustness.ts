import type { Engine } from '../engine/pool.ts'
import { quantile } from '../engine/statistics.ts'
import { onBoundary, plateau, plateauPoints, plateauScore } from '../evidence/plateau.ts'
import type { Placebo } from '../evidence/placebo.ts'
import { chooseConfigurations } from '../evidence/returns.ts'
import type { SelectionEvidence, SelectionInput } from '../evidence/selection-task.ts'
import { direction } from '../backtest/metrics.ts'
import { metricsList, type Evaluator } from './evaluator.ts'
import type { Samples } from './pipeline.ts'
import { minTrades, type TuningSettings } from './settings.ts'

/** Whether the choice of the best could be luck. Null = not defined; formulas in `src/evidence`. */
export interface Robustness extends SelectionEvidence {
  /** parameter sets ever tried on this market, those of this job with them */
  trialsEver: number
  /** jobs, this one with them, that have judged a result on candles of this test period */
  oosUses: number
  /** 0.1 quantile of the objective of real backtests around the chosen parameters */
  plateau: number | null
  /** 0 … 100: how much of the lead over the ordinary sample stays when the parameters move a little */
  plateauScore: number | null
  /** parameters whose chosen value stands on a bound of its range */
  onBoundary: string[]
  placeboPercentile: number | null
  placeboPValue: number | null
  /** 0: switched off */
  placeboRuns: number
}

const TASK = new URL('../evidence/selection-task.ts', import.meta.url).href
const YEAR_DAYS = 365
const DAY = 86_400_000

/**
 * Judge the chosen parameters among all samples, by their daily returns over the training period. Of more than a
 * thousand configurations a seeded part is looked at, the chosen one always with them.
 *
 * @param winner     f64[parameters]
 * @param trialsEver see `Robustness`
 */
export async function judgeChoice(
  engine: Engine,
  evaluator: Evaluator,
  samples: Samples,
  winner: Float64Array,
  settings: TuningSettings,
  trialsEver: number,
  signal: AbortSignal,
): Promise<SelectionEvidence> {
  const chosen = chooseConfigurations(samples.count + 1, samples.count, settings.seed)
  const { width } = evaluator
  const rows = new Float64Array(chosen.length * width)
  chosen.forEach((sample, at) => {
    const row = sample === samples.count ? winner : samples.rows.subarray(sample * width, (sample + 1) * width)
    rows.set(row, at * width)
  })
  const { returns, days } = await evaluator.daily(rows, settings.training, { signal })
  const periodsPerYear = Math.min(YEAR_DAYS, (YEAR_DAYS * DAY) / settings.timeframeMs)
  const data: SelectionInput = { returns, days, trialsEver, seed: settings.seed, periodsPerYear }
  return engine.call<SelectionEvidence>({ module: TASK, name: 'judgeSelection', data }, signal)
}

/** Real backtests around the chosen parameters. @param winner f64[parameters] */
export async function judgePlateau(
  evaluator: Evaluator,
  samples: Samples,
  winner: Float64Array,
  settings: TuningSettings,
  signal: AbortSignal,
): Promise<Pick<Robustness, 'plateau' | 'plateauScore' | 'onBoundary'>> {
  const specs = settings.strategy.parameterSpace
  const satisfies = (row: Float64Array): boolean => evaluator.strategy.satisfies(row)
  const around = plateauPoints(specs, winner, { seed: settings.seed, satisfies })
  const rows = new Float64Array(winner.length + around.length)
  rows.set(winner)
  rows.set(around, winner.length)
  const metrics = metricsList(await evaluator.run(rows, settings.training, { signal }))
  const sign = direction(settings.objective)
  const least = minTrades(settings)
  const [best, ...neighbours] = metrics.map((each) => sign * evaluator.objective(each, least))
  const ordinary = samples.objective.filter((value) => !Number.isNaN(value)).map((value) => sign * value)
  const low = plateau(neighbours)
  const known = ordinary.length > 0 && !Number.isNaN(best)
  return {
    plateau: low === null ? null : sign * low,
    plateauScore: known ? plateauScore(best, neighbours, quantile(ordinary, 0.5)) : null,
    onBoundary: specs.filter((_, at) => onBoundary(specs, winner)[at]).map(({ name }) => name),
  }
}

/** Everything together. */
export function robustnessOf(
  selection: SelectionEvidence,
  around: Pick<Robustness, 'plateau' | 'plateauScore' | 'onBoundary'>,
  placebo: Placebo | null,
  ledger: { trialsEver: number; oosUses: number },
): Robustness {
  return {
    ...selection,
    ...ledger,
    ...around,
    placeboPercentile: placebo?.percentile ?? null,
    placeboPValue: placebo?.pValue ?? null,
    placeboRuns: placebo?.runs ?? 0,
  }
}
