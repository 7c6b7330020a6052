import { direction, metricsOf } from '../backtest/metrics.ts'
import { firstAtOrAfter } from '../backtest/period.ts'
import type { SharedCandles } from '../engine/data-set.ts'
import type { Engine } from '../engine/pool.ts'
import { placeboOf, type Placebo } from '../evidence/placebo.ts'
import type { PermutationInput } from '../evidence/placebo-task.ts'
import { metricRow, type Evaluator } from './evaluator.ts'
import { isWithin } from './limits.ts'
import { minTrades, type TuningSettings } from './settings.ts'
import { trialBatch } from './trial.ts'

const TASK = new URL('../evidence/placebo-task.ts', import.meta.url).href

/** Runs where nobody says how many. */
export const DEFAULT_RUNS = 100
/** Fewer could not tell one result in twenty from the others. */
export const FEWEST_RUNS = 20
/** Bars that stay together: a little of the quiet and the stormy times, far less than what a strategy waits for. */
const BLOCK_BARS = 4
/** Compute time that the default may take, on one core. */
const BUDGET_NS = 10e9

/** Costs on one core of a small server; they decide how many runs are made, so they are part of the result. */
const PERMUTATION_NS_PER_BAR = 80
const COLUMN_NS_PER_BAR = 6
const BACKTEST_NS_PER_BAR = 0.15
const BACKTEST_NS = 3000
const RUN_NS = 1e6

/**
 * How many placebo tunings a job makes: as many as were asked for, else 100, or what fits ten seconds of one core by
 * the formula below, at least 20. It never depends on a clock, so that the result does not either.
 */
export function placeboRunsFor(settings: Omit<TuningSettings, 'ledger'>): number {
  if (settings.placeboRuns !== null) return settings.placeboRuns
  return Math.max(FEWEST_RUNS, Math.min(DEFAULT_RUNS, Math.floor(BUDGET_NS / nsPerRun(settings))))
}

/** What they cost on one core. */
export function placeboNs(settings: TuningSettings): number {
  return placeboRunsFor(settings) * nsPerRun(settings)
}

function nsPerRun(settings: Omit<TuningSettings, 'ledger'>): number {
  const { training, timeframeMs, sampleCount } = settings
  const bars = (training.to - training.from) / timeframeMs
  const columns = trialBatch(settings).columns.length
  const perBar = PERMUTATION_NS_PER_BAR + COLUMN_NS_PER_BAR * columns
  return RUN_NS + perBar * bars + backtestNs(sampleCount, bars)
}

/** What so many backtests over so many bars cost on one core, indicators apart. */
export function backtestNs(count: number, bars: number): number {
  return count * (BACKTEST_NS + BACKTEST_NS_PER_BAR * bars)
}

/**
 * Tune markets without structure: the training candles (and those before, which warm the indicators up) are permuted,
 * the same parameter sets are backtested on them under the same settings, and the best within the risk limits and with
 * enough trades is taken, by the objective. The same is done with the real candles; the answer is where the real best
 * stands among the others. The model and its search are left out on both sides.
 *
 * @param evaluator of the real candles
 * @param rows      f64[count × parameters], drawn without a look at any result
 * @param progress  hears of finished runs
 * @returns null where it is switched off, or nothing traded enough on the real candles
 */
export async function placeboTest(
  engine: Engine,
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
  { signal, progress }: { signal: AbortSignal; progress: (done: number, total: number) => void },
): Promise<Placebo | null> {
  const runs = placeboRunsFor(settings)
  if (runs === 0) return null
  const real = evaluator.candles
  const bars = firstAtOrAfter(real.openTime, settings.training.to)
  const source = upTo(real, bars)
  const bests: (number | null)[] = Array.from({ length: runs }, () => null)
  let next = 0
  let done = 0
  const lane = async (): Promise<void> => {
    const dataSet = engine.dataSet(source, settings.timeframeMs)
    const placebo = evaluator.on(dataSet)
    while (next < runs) {
      const run = next++
      const data: PermutationInput = {
        real: source,
        placebo: dataSet.shared,
        seed: settings.seed,
        run,
        blockLength: BLOCK_BARS,
      }
      await engine.call({ module: TASK, name: 'permuteInto', data }, signal)
      dataSet.replaced()
      bests[run] = await bestOf(placebo, rows, settings, signal)
      progress(++done, runs)
    }
  }
  const own = await bestOf(evaluator, rows, settings, signal)
  if (own === null) return null
  const stop = (error: unknown): never => {
    next = runs // the others end with the run they are at
    throw error
  }
  const ends = await Promise.allSettled(
    Array.from({ length: Math.min(engine.threads, runs) }, () => lane().catch(stop)),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return placeboOf(own, bests)
}

/** The best objective within the risk limits and with enough trades, turned so that more is better. */
async function bestOf(
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
  signal: AbortSignal,
): Promise<number | null> {
  const sign = direction(settings.objective)
  const least = minTrades(settings)
  const metrics = await evaluator.run(rows, settings.training, { signal })
  const values = evaluator.objectives(metrics, least)
  let best = -Infinity
  for (let at = 0; at < values.length; at++) {
    const value = sign * values[at]
    // few are better than all before them: only these are held against the limits
    if (value > best && isWithin(settings.riskLimits, metricsOf(metricRow(metrics, at)))) best = value
  }
  return best === -Infinity ? null : best
}

/** The first bars, in place. */
function upTo(candles: SharedCandles, bars: number): SharedCandles {
  const cut = Object.entries(candles).map(([name, values]) => [
    name,
    name === 'zones' ? values : values.subarray(0, bars),
  ])
  return Object.fromEntries(cut) as SharedCandles
}
