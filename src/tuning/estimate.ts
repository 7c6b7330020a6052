import { METRIC_NAMES } from '../backtest/metrics.ts'
import type { AppContext } from '../context.ts'
import { CANDLE_COLUMNS } from '../engine/candles.ts'
import { CHUNK_BYTES } from '../engine/run-plan.ts'
import { ValidationError } from '../errors.ts'
import type { MarketRow } from '../market/table.ts'
import { compileStrategy } from '../strategy/plan.ts'
import { checkJob, type CreateTuningJobInput } from './input.ts'
import type { JobPhase } from './job.ts'
import { MIN_SAMPLES } from './learn.ts'
import { learningSeconds, roundsSeconds } from './learning-cost.ts'
import { backtestNs, placeboNs, placeboRunsFor } from './placebo.ts'
import { paceOf } from './pace.ts'
import { isInRounds } from './rounds.ts'
import type { TuningSettings } from './settings.ts'
import { trialBatch } from './trial.ts'

/** What a job would cost. */
export interface Estimate {
  backtests: number
  /** of both periods */
  bars: number
  durationMs: number
  memoryBytes: number
  warnings: string[]
}

/** What threads and samples change little: loading, analysis, search, statistics. On one core of a small server. */
const FIXED_MS: readonly [JobPhase, number][] = [
  ['LOADING', 50],
  ['SAMPLING', 30],
  ['BACKTESTING', 20],
  ['TRAINING', 200],
  ['ANALYSING', 150],
  ['SEARCHING', 200],
  ['VALIDATING', 150],
]
/**
 * How much longer backtests take in a job than what placebos are budgeted by, which would change how many there are:
 * on half a year of minutes, real and synthetic, with all that is done about them.
 */
const IN_A_JOB = 3.2
/** Backtests of the best candidates, in and out of sample. */
const VERIFYING = 100
/** Windows of a walk-forward; 64 neighbours, 200 jittered sets. */
const WINDOWS = 6
const AROUND_THE_BEST = 264
/** What the windows of both walk-forwards add up to, in training periods, and the daily returns. */
const EVIDENCE_PERIODS = 7

/**
 * What a job would cost, without starting it.
 *
 * @throws NotFoundError, ValidationError as `createTuningJob` does
 */
export async function estimateTuningJob(ctx: AppContext, input: CreateTuningJobInput): Promise<Estimate> {
  const { settings: asked, market } = await checkJob(ctx, input)
  const settings: TuningSettings = { ...asked, ledger: { trials: 0, oosUses: 0 } }
  const { threads } = ctx.config
  const { training, test, sampleCount } = settings
  const bars = barsOf(settings, training) + barsOf(settings, test)
  return {
    backtests: sampleCount + VERIFYING + evidenceBacktests(settings),
    bars,
    durationMs: durationMs(settings, threads) * (await paceOf(ctx.engine)),
    memoryBytes: memoryBytes(settings, threads),
    warnings: warningsFor(settings, market),
  }
}

/** How long a job takes with so many threads of a machine of pace 1. */
export function durationMs(settings: TuningSettings, threads: number): number {
  return phasesMs(settings, threads).reduce((sum, [, ms]) => sum + ms, 0)
}

/** The same phase by phase, in their order. */
export function phasesMs(settings: TuningSettings, threads: number): [JobPhase, number][] {
  const training = barsOf(settings, settings.training)
  const both = training + barsOf(settings, settings.test)
  const evidence = backtestNs(EVIDENCE_PERIODS * settings.sampleCount + AROUND_THE_BEST, training)
  const rounds = isInRounds(settings) ? 1000 * roundsSeconds(settings) : 0
  const spread: Partial<Record<JobPhase, number>> = {
    BACKTESTING: (IN_A_JOB * backtestNs(settings.sampleCount, training)) / 1e6 + rounds,
    TRAINING: 1000 * learningSeconds(settings),
    SEARCHING: (IN_A_JOB * backtestNs(VERIFYING / 2, both)) / 1e6,
    VALIDATING: (IN_A_JOB * (evidence + placeboNs(settings))) / 1e6,
  }
  return FIXED_MS.map(([phase, ms]) => [phase, ms + (spread[phase] ?? 0) / threads])
}

/** What the memory of a data set takes beyond its columns: float32 copies, zones, room to grow. */
const BESIDE_COLUMNS = 1.5
/** What a thread takes in each data set, however small that is. */
const THREAD_BYTES = 8 << 20
/** Of a sample in a run: what it is, what comes out, and where its columns are. */
const RUN_BYTES = 400
/** Samples, their metrics and their features as tables, each of them at most so often. */
const TABLES = 3

/** Of the job's own candles and of the placebos that are computed beside each other, with the samples of each. */
function memoryBytes(settings: TuningSettings, threads: number): number {
  const { training, test, sampleCount, strategy } = settings
  const bars = barsOf(settings, training) + barsOf(settings, test) + compileStrategy(strategy).warmupBars
  const columns = bars * 8 * (CANDLE_COLUMNS.length + trialBatch(settings).columns.length) * BESIDE_COLUMNS
  const scratch = threads * (THREAD_BYTES + Math.min(CHUNK_BYTES, Math.ceil(sampleCount / threads) * bars))
  const dataSets = 1 + Math.min(threads, placeboRunsFor(settings))
  const tables = TABLES * sampleCount * 8 * (strategy.parameterSpace.length + METRIC_NAMES.length)
  return dataSets * (columns + scratch + sampleCount * RUN_BYTES) + tables
}

/** Bytes of a bar that a job needs at the least: six columns, their float32 copies and zones, two indicators. */
const LEAST_BAR_BYTES = 80

/**
 * A job that cannot fit is refused before it waits for its turn.
 *
 * @throws ValidationError TOO_LARGE with the estimate
 */
export function refuseTooLarge(ctx: AppContext, settings: Omit<TuningSettings, 'ledger'>): void {
  const { training, test, strategy } = settings
  const bars = (test.to - training.from) / settings.timeframeMs + compileStrategy(strategy).warmupBars
  const needed = bars * LEAST_BAR_BYTES
  const { memoryBytes } = ctx.engine
  if (needed <= memoryBytes) return
  const message = `${Math.round(bars)} bars take at least ${mebibytes(needed)} of memory; ${mebibytes(memoryBytes)} are there. Choose a shorter period or a longer timeframe.`
  throw ValidationError.at('trainingPeriod', message, 'TOO_LARGE')
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`
}

/** All samples in six windows of two walk-forwards and once a placebo, and the surroundings of the best. */
function evidenceBacktests(settings: TuningSettings): number {
  return settings.sampleCount * (WINDOWS * 2 + placeboRunsFor(settings)) + AROUND_THE_BEST
}

function warningsFor(settings: TuningSettings, { firstOpenTime }: MarketRow): string[] {
  const { training, test, timeframeMs, sampleCount, strategy } = settings
  const { warmupBars } = compileStrategy(strategy)
  const width = strategy.parameterSpace.length
  const before = firstOpenTime === null ? 0 : (training.from - firstOpenTime) / timeframeMs
  const warnings: [applies: boolean, text: string][] = [
    [
      before < warmupBars,
      `The market begins less than ${warmupBars} bars before the training period: the first signals come later.`,
    ],
    [sampleCount < MIN_SAMPLES, `${sampleCount} samples are too few for a model; it takes at least ${MIN_SAMPLES}.`],
    [
      sampleCount >= MIN_SAMPLES && sampleCount < 10 * width,
      `${sampleCount} samples for ${width} parameters are few; take at least ${10 * width}.`,
    ],
    [
      barsOf(settings, test) < 0.1 * barsOf(settings, training),
      'The test period is shorter than a tenth of the training period and proves little.',
    ],
  ]
  return warnings.filter(([applies]) => applies).map(([, text]) => text)
}

function barsOf({ timeframeMs }: TuningSettings, { from, to }: { from: number; to: number }): number {
  return Math.round((to - from) / timeframeMs)
}
