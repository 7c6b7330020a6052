import { direction, metricsOf, metricValues, type Metrics } from '../backtest/metrics.ts'
import type { Period } from '../backtest/period.ts'
import {
  parameterDrift,
  planFor,
  profitableShare,
  stitch,
  walkForwardEfficiency,
  walkForwardWindows,
  yearlyRoi,
  type TestRun,
} from '../evidence/walk-forward.ts'
import { toParameters } from '../strategy/parameter-space.ts'
import { metricRow, metricsList, type Evaluator } from './evaluator.ts'
import type { Parameters } from './job.ts'
import type { Samples } from './pipeline.ts'
import { minTrades, type TuningSettings } from './settings.ts'

/** What re-tuning at regular times within the training period would have earned. */
export interface WalkForward {
  /** whether every training starts where the period does, and grows */
  anchored: boolean
  /** the figure by which parameters were chosen: the job's objective, or ROI where the windows are too short for it */
  chosenBy: string
  efficiency: number | null
  /** of all planned windows; one in which no sample traded enough to be chosen has not gained */
  profitableShare: number | null
  /** windows for which no sample could be chosen */
  skipped: number
  windows: WalkForwardWindow[]
  /** the test windows one after the other */
  stitched: StitchedResult | null
  /** per parameter how far its chosen value wanders, as a share of its range; near 0.3 it is as good as random */
  drift: { parameter: string; drift: number | null }[]
}

export interface WalkForwardWindow {
  training: Period
  test: Period
  parameters: Parameters
  inSample: Metrics
  outOfSample: Metrics
}

export interface StitchedResult {
  roi: number
  /** at closes */
  maxDrawdown: number
  sharpeRatio: number | null
  /** at the ends of days, relative to a start of 1 */
  equity: { time: number; equity: number; drawdown: number }[]
}

/** Test windows, and how much longer a training window is than one of them. */
const WINDOWS = 6
const RATIO = 3

const DAY = 86_400_000
const DAYS_PER_YEAR = 365

/** The parameters of one window, and what they made in its training. */
interface Choice {
  row: Float64Array
  inSample: Metrics
}

/**
 * Walk forward over the training period: in each window the best of all samples is chosen anew, by real backtests over
 * its training part, and trades its test part. The job's test period is left for the one result that is proposed.
 *
 * @returns null where the period is too short to be divided
 */
export async function walkForward(
  evaluator: Evaluator,
  samples: Samples,
  settings: TuningSettings,
  { anchored, signal }: { anchored: boolean; signal: AbortSignal },
): Promise<WalkForward | null> {
  const plan = windowsOf(settings, anchored)
  if (plan.length < WINDOWS) return null
  const least = leastTrades(settings, plan[0].training)
  const bests: Bests[] = []
  for (const { training } of plan) bests.push(await bestsOf(evaluator, samples, training, least, settings, signal))
  const score = scoreOf(evaluator, settings, bests)
  const windows: (WalkForwardWindow & { row: Float64Array; run: TestRun & { ends: number[] } })[] = []
  for (const [at, { training, test }] of plan.entries()) {
    const choice = score.choice(bests[at])
    if (!choice) continue
    const { metrics, run } = await trade(evaluator, choice.row, test, signal)
    const parameters = toParameters(settings.strategy.parameterSpace, choice.row)
    windows.push({ training, test, parameters, inSample: choice.inSample, outOfSample: metrics, row: choice.row, run })
  }
  const gained = profitableShare(windows.map(({ outOfSample }) => outOfSample.roi!)) ?? 0
  const specs = settings.strategy.parameterSpace
  const drifts = parameterDrift(
    specs,
    windows.map(({ row }) => row),
  )
  return {
    anchored,
    chosenBy: score.name,
    efficiency: walkForwardEfficiency(
      windows.map(({ inSample, training }) => score.comparable(inSample, training)),
      windows.map(({ outOfSample, test }) => score.comparable(outOfSample, test)),
    ),
    profitableShare: (gained * windows.length) / plan.length,
    skipped: plan.length - windows.length,
    windows: windows.map(({ row: _, run: __, ...window }) => window),
    stitched:
      windows.length > 0
        ? stitched(
            windows.map(({ run }) => run),
            settings,
          )
        : null,
    drift: specs.map(({ name }, at) => ({ parameter: name, drift: drifts[at] })),
  }
}

/** Empty where even one window would be shorter than a bar. */
function windowsOf({ training, timeframeMs }: TuningSettings, anchored: boolean): { training: Period; test: Period }[] {
  const bars = Math.floor((training.to - training.from) / timeframeMs)
  const plan = planFor(bars, WINDOWS, { ratio: RATIO })
  if (plan.test < 1) return []
  const at = (bar: number): number => training.from + bar * timeframeMs
  const period = ({ from, to }: Period): Period => ({ from: at(from), to: at(to) })
  return walkForwardWindows(bars, { ...plan, anchored }).map((window) => ({
    training: period(window.training),
    test: period(window.test),
  }))
}

/** Trades are asked for in proportion to the length. */
function leastTrades(settings: TuningSettings, first: Period): number {
  const whole = settings.training.to - settings.training.from
  return Math.max(1, Math.floor((minTrades(settings) * (first.to - first.from)) / whole))
}

/** The best samples of a window: all that is kept of its backtests. Null = none with enough trades. */
interface Bests {
  byObjective: Choice | null
  byRoi: Choice | null
}

async function bestsOf(
  evaluator: Evaluator,
  { rows }: Samples,
  training: Period,
  least: number,
  { objective }: TuningSettings,
  signal: AbortSignal,
): Promise<Bests> {
  const { width } = evaluator
  const metrics = await evaluator.run(rows, training, { signal })
  const trades = metricValues(metrics, 'tradeCount')
  const choose = (values: Float64Array): Choice | null => {
    const best = indexOfMost(values)
    if (best < 0) return null
    return { row: rows.slice(best * width, (best + 1) * width), inSample: metricsOf(metricRow(metrics, best)) }
  }
  const sign = direction(objective)
  return {
    byObjective: choose(evaluator.objectives(metrics, least).map((value) => sign * value)),
    byRoi: choose(metricValues(metrics, 'roi').map((roi, at) => (trades[at] < least ? NaN : roi))),
  }
}

/** The first of equal ones; −1 where all are NaN. */
function indexOfMost(values: Float64Array): number {
  let best = -1
  let most = -Infinity
  values.forEach((value, at) => {
    if (value > most) [best, most] = [at, value]
  })
  return best
}

interface Score {
  name: string
  choice: (bests: Bests) => Choice | null
  /** the same figure on windows of different lengths; null = not defined */
  comparable: (metrics: Metrics, period: Period) => number | null
}

/** A Sharpe ratio takes ten days, a yearly return thirty: where a window is too short for it all go by ROI. */
function scoreOf(evaluator: Evaluator, { objective }: TuningSettings, bests: readonly Bests[]): Score {
  if (objective !== 'ROI' && bests.every(({ byObjective }) => byObjective !== null)) {
    const sign = direction(objective)
    return {
      name: objective,
      choice: ({ byObjective }) => byObjective,
      comparable: (metrics) => orNull(sign * evaluator.objective(metrics, 0)),
    }
  }
  return {
    name: 'ROI',
    choice: ({ byRoi }) => byRoi,
    comparable: ({ roi }, { from, to }) => yearlyRoi(roi!, (to - from) / DAY),
  }
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

/** The chosen parameters over a test window. */
async function trade(
  evaluator: Evaluator,
  row: Float64Array,
  test: Period,
  signal: AbortSignal,
): Promise<{ metrics: Metrics; run: TestRun & { ends: number[] } }> {
  const { metrics, returns } = await evaluator.daily(row, test, { signal })
  const { equity, closeTimes } = await evaluator.detail(row, test, { signal })
  return { metrics: metricsList(metrics)[0], run: { equity, returns, ends: closeTimes } }
}

function stitched(runs: readonly (TestRun & { ends: number[] })[], settings: TuningSettings): StitchedResult {
  const periods = Math.min(DAYS_PER_YEAR, (DAYS_PER_YEAR * DAY) / settings.timeframeMs)
  const { equity, roi, maxDrawdown, sharpeRatio } = stitch(runs, settings.execution.initialCapital, periods)
  const times = runs.flatMap(({ ends }) => ends)
  const points: StitchedResult['equity'] = []
  let peak = 1
  equity.forEach((value, at) => {
    peak = Math.max(peak, value)
    const isDayEnd =
      at + 1 === times.length || Math.floor((times[at + 1] - 1) / DAY) > Math.floor((times[at] - 1) / DAY)
    if (isDayEnd) points.push({ time: times[at], equity: value, drawdown: 1 - value / peak })
  })
  return { roi, maxDrawdown, sharpeRatio, equity: points }
}
