import type { Metrics } from '../backtest/metrics.ts'
import type { Period } from '../backtest/period.ts'
import type { Engine } from '../engine/pool.ts'
import { fillOrder, type FillOrder } from '../evidence/fill-order.ts'
import { summariseRuns, type MonteCarlo } from '../evidence/monte-carlo.ts'
import type { ResamplingInput } from '../evidence/resampling-task.ts'
import { jitteredRows, stressedCosts } from '../evidence/stress.ts'
import { metricsList, type Evaluator } from './evaluator.ts'
import type { TuningSettings } from './settings.ts'

/** What the chosen parameters make of one period under less favourable assumptions. */
export interface Stress extends FillOrder {
  period: 'IN_SAMPLE' | 'OUT_OF_SAMPLE'
  /** with twice the fees and twice the slippage */
  doubleCosts: Metrics
}

export interface StressTests {
  /** of the chosen parameters out of sample; empty with fewer than ten trades and days */
  monteCarlo: MonteCarlo[]
  stress: Stress[]
}

const TASK = new URL('../evidence/resampling-task.ts', import.meta.url).href
const DAY = 86_400_000
const DAYS_PER_YEAR = 365

/**
 * Resample what the chosen parameters did out of sample, move them a little, and make trading dearer. In sample the
 * same figures would flatter: the parameters were chosen for them.
 *
 * @param winner f64[parameters]
 */
export async function stressTests(
  engine: Engine,
  evaluator: Evaluator,
  winner: Float64Array,
  settings: TuningSettings,
  signal: AbortSignal,
): Promise<StressTests> {
  const costly = evaluator.under(stressedCosts(settings.execution))
  const stress: Stress[] = []
  for (const [period, span] of [
    ['IN_SAMPLE', settings.training],
    ['OUT_OF_SAMPLE', settings.test],
  ] as const) {
    const { trades } = await evaluator.detail(winner, span, { signal })
    const doubleCosts = await costly.metrics(winner, span, { signal })
    const { takeProfit } = evaluator.strategy.bind(winner)
    const order = fillOrder(trades, evaluator.candles, takeProfit[0], settings.execution)
    stress.push({ period, doubleCosts: doubleCosts[0], ...order })
  }
  const input = await resamplingInput(evaluator, costly, winner, settings, signal)
  const drawn = await engine.call<MonteCarlo[]>({ module: TASK, name: 'resample', data: input }, signal)
  const jittered = await jitter(evaluator, winner, settings, signal)
  return { monteCarlo: [...drawn, ...jittered].filter(({ sharpeRatio }) => sharpeRatio !== null), stress }
}

async function resamplingInput(
  evaluator: Evaluator,
  costly: Evaluator,
  winner: Float64Array,
  { test, timeframeMs, seed }: TuningSettings,
  signal: AbortSignal,
): Promise<ResamplingInput> {
  const ratiosOf = async (each: Evaluator): Promise<Float64Array> => {
    const { trades } = await each.detail(winner, test, { signal })
    return Float64Array.from(trades, ({ profitRatio }) => profitRatio)
  }
  const [ratios, stressed] = [await ratiosOf(evaluator), await ratiosOf(costly)]
  const { returns } = await evaluator.daily(winner, test, { signal })
  return {
    ratios,
    tradesPerYear: aYear(ratios.length, test),
    daily: returns,
    daysPerYear: Math.min(DAYS_PER_YEAR, (DAYS_PER_YEAR * DAY) / timeframeMs),
    stressed,
    stressedPerYear: aYear(stressed.length, test),
    seed,
  }
}

function aYear(count: number, { from, to }: Period): number {
  return (count * DAYS_PER_YEAR * DAY) / (to - from)
}

/** Real backtests of parameters a little beside the chosen ones. */
async function jitter(
  evaluator: Evaluator,
  winner: Float64Array,
  { strategy, seed, test }: TuningSettings,
  signal: AbortSignal,
): Promise<MonteCarlo[]> {
  const satisfies = (row: Float64Array): boolean => evaluator.strategy.satisfies(row)
  const rows = jitteredRows(strategy.parameterSpace, winner, { seed, satisfies })
  const metrics = metricsList(await evaluator.run(rows, test, { signal }))
  if (metrics.length === 0) return []
  const outcomes = metrics.map(({ roi, maxDrawdown, sharpeRatio }) => ({
    roi: roi!,
    maxDrawdown: maxDrawdown!,
    sharpeRatio,
  }))
  return [summariseRuns('PARAMETER_JITTER', outcomes)]
}
