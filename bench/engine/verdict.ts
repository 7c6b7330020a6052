/**
 * What the verdict costs: a job of 1,000 samples over half a year of minutes with two months to test on, every
 * statistic, and once more with the placebo markets of the budget. CPU time by phase, all threads together, against
 * what naive loops take for the backtests of the same samples alone.
 */
import { sliceCandles } from '../../src/engine/candles.ts'
import { Engine } from '../../src/engine/pool.ts'
import { getEstimator } from '../../src/models/algorithms.ts'
import { resolveHyperparameters } from '../../src/models/estimator.ts'
import { tune, type Outcome } from '../../src/tuning/pipeline.ts'
import type { TuningSettings } from '../../src/tuning/settings.ts'
import { Twins } from '../../test/engine/twins.ts'
import { assemblyLoop } from './assembly-loop.ts'
import { median, race } from './clock.ts'
import { HALF_YEAR, MINUTE, synthetic } from './data.ts'
import { builtIn, jobOf, SETTINGS } from './jobs.ts'
import { naiveInput, PARAMETERS } from './naive-input.ts'
import { NAIVE_FIGURES, naiveBacktest } from './naive.ts'
import { round, type Report } from './report.ts'

const STRATEGY = 'rsi-adx-volume'
const TEST_BARS = 86_400
const ALGORITHM = 'XGBOOST'
/** A naive loop takes the same for each sample, so a few say what a thousand take. */
const TIMED = 20
const ROUNDS = 3

/** @param samples of the job, and of those that the naive loops are charged with */
export async function verdict(report: Report, samples: number): Promise<void> {
  const candles = synthetic(HALF_YEAR + TEST_BARS, 1)
  const { javascript, assembly } = await naiveCost(sliceCandles(candles, 0, HALF_YEAR), samples)
  const plain = await timedJob(candles, samples, 0)
  const whole = await timedJob(candles, samples, null)
  const validating = plain.phases.get('VALIDATING')!
  const placebo = whole.phases.get('VALIDATING')! - validating
  const markets = whole.outcome.result.robustness?.placeboRuns ?? 0
  const row = (what: string, ms: number) => ({
    what,
    ms: round(ms),
    'of the naive AssemblyScript loop': round(ms / assembly),
  })
  report.table(`the verdict: ${samples} samples × ${HALF_YEAR} bars, CPU of all threads`, [
    ...[...plain.phases].map(([phase, ms]) => row(phase === 'VALIDATING' ? `${phase}, without placebo` : phase, ms)),
    row(`${markets} placebo markets, all samples on each`, placebo),
    row('naive loop in JavaScript: backtests of the samples alone', javascript),
    row('naive loop in AssemblyScript: backtests of the samples alone', assembly),
  ])
  report.goal('the verdict without placebo against a naive JavaScript loop', validating / javascript, '≤', 1, '×')
  report.goal('the verdict without placebo against a naive AssemblyScript loop', validating / assembly, '≤', 1, '×')
  report.goal('a placebo market against a naive AssemblyScript loop', placebo / markets / assembly, '≤', 1, '×')
}

/** CPU ms of naive loops for so many samples. */
async function naiveCost(candles: ReturnType<typeof synthetic>, samples: number) {
  const job = jobOf(builtIn(STRATEGY), candles, TIMED)
  const input = naiveInput(job, await Twins.of(job))
  const returns = new Float64Array(input.dayEnds.length)
  const out = new Float64Array(TIMED * NAIVE_FIGURES.length)
  const inJavaScript = (): void => {
    for (let sample = 0; sample < TIMED; sample++) {
      const row = job.rows.subarray(PARAMETERS * sample, PARAMETERS * (sample + 1))
      naiveBacktest(input, row, returns, out.subarray(sample * NAIVE_FIGURES.length))
    }
  }
  const times = race({ javascript: { run: inJavaScript }, assembly: assemblyLoop(input, job.rows, TIMED) }, ROUNDS)
  const whole = (ms: number[]): number => (median(ms) / TIMED) * samples
  return { javascript: whole(times.javascript), assembly: whole(times.assembly) }
}

/** A whole job, with the CPU ms of each of its phases. */
async function timedJob(candles: ReturnType<typeof synthetic>, samples: number, placeboRuns: number | null) {
  const engine = new Engine(1, (error) => console.error(error))
  const phases = new Map<string, number>()
  let [phase, since] = ['LOADING', process.cpuUsage()]
  const enter = (next: string): void => {
    if (next === phase) return
    const { user, system } = process.cpuUsage(since)
    phases.set(phase, (phases.get(phase) ?? 0) + (user + system) / 1000)
    ;[phase, since] = [next, process.cpuUsage()]
  }
  try {
    const outcome: Outcome = await tune(engine, candles, settingsOf(candles.openTime, samples, placeboRuns), {
      signal: new AbortController().signal,
      progress: enter,
      finished: async () => new Float64Array(),
      save: async () => {},
    })
    enter('FINISHED')
    return { phases, outcome }
  } finally {
    await engine.close()
  }
}

function settingsOf(openTime: Float64Array, sampleCount: number, placeboRuns: number | null): TuningSettings {
  const split = openTime[HALF_YEAR]
  return {
    strategy: builtIn(STRATEGY),
    timeframeMs: MINUTE,
    training: { from: openTime[0], to: split },
    test: { from: split, to: split + TEST_BARS * MINUTE },
    execution: SETTINGS,
    sampler: 'LATIN_HYPERCUBE',
    sampleCount,
    seed: 1,
    objective: 'SHARPE_RATIO',
    secondaryObjectives: [],
    riskLimits: { maxDrawdown: null, minTrades: null, minWinRate: null, minProfitFactor: null },
    algorithm: ALGORITHM,
    hyperparameters: { ...resolveHyperparameters(getEstimator(ALGORITHM).hyperparameters, {}) },
    features: { interactions: true, market: true, temporal: true },
    placeboRuns,
    ledger: { trials: 0, oosUses: 0 },
  }
}
