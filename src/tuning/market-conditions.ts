import { Random } from '../engine/random.ts'
import { mean, standardDeviation } from '../engine/statistics.ts'
import type { Matrix, TaskRunner } from '../models/estimator.ts'
import { featureKind } from '../models/features.ts'
import { rowOf, selectRows } from '../models/matrix.ts'
import type { FitScores } from '../models/validation.ts'
import { windowFeatures, windowFigures } from '../models/window-features.ts'
import type { WindowLearned, WindowTask } from '../models/window-task.ts'
import { toRow } from '../strategy/parameter-space.ts'
import { conditionsOf, type Condition } from './conditions.ts'
import type { Evaluator } from './evaluator.ts'
import type { Candidate, FeatureImportance } from './job.ts'
import type { Learned } from './learn.ts'
import type { Samples } from './pipeline.ts'
import type { TuningSettings } from './settings.ts'

/** Under which conditions samples earned, from their returns in short windows of the training period. */
export interface MarketConditions {
  windowMs: number
  windows: number
  /** whose windows were learned from */
  samples: number
  /** of the returns of samples that the model has not seen */
  validation: FitScores
  /** R² of returns in stretches of time that were left out; null where nothing varies */
  unseenTimesR2: number | null
  /** of all features that were learned from, in the order of the model's columns */
  importance: FeatureImportance[]
  conditions: Condition[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WINDOWS_MS = [6 * HOUR_MS, DAY_MS, 7 * DAY_MS]
/** Bars that a window has at least, where one of these is long enough. */
const WINDOW_BARS = 6
/** With fewer windows a figure of the market would be little more than the name of one. */
const MIN_WINDOWS = 40

/** Rows to learn from: so many samples, and so many windows of each, at most. */
const SAMPLES = 100
const WINDOWS_PER_SAMPLE = 100

/** Streams of their own, so that no choice repeats a draw of a sampler with the same seed. */
const SAMPLE_STREAM = 0x77696e73
const WINDOW_STREAM = 0x77696e77

const TASK = new URL('../models/window-task.ts', import.meta.url).href

/**
 * Learn what samples earn in short windows from their parameters and from what the market did there. Over the whole
 * training period the market is the same for all samples and says nothing of them.
 *
 * The model that searches has no part in it: parameters are chosen for all conditions, and a model that has to tell
 * these apart, too, predicts the whole period worse.
 *
 * @param best the candidate to show beside the samples
 * @returns null where neither market nor temporal features are wanted, or the period says nothing
 */
export async function marketConditions(
  evaluator: Evaluator,
  samples: Samples,
  { features }: Learned,
  best: Candidate | undefined,
  settings: TuningSettings,
  { run, signal, warnings }: { run: TaskRunner; signal: AbortSignal; warnings: string[] },
): Promise<MarketConditions | null> {
  if (!settings.features.market && !settings.features.temporal) return null
  const windowMs = windowLength(settings)
  const bounds = evaluator.windows(settings.training, windowMs)
  const windows = bounds.length - 1
  if (windows < MIN_WINDOWS) return (warnings.push(tooShort(windows, windowMs)), null)

  const parameters = chosenSamples(samples, evaluator.width, settings.seed)
  const rows = [...parameters.values, ...(best ? toRow(settings.strategy.parameterSpace, best.parameters) : [])]
  const returns = await evaluator.windowReturns(Float64Array.from(rows), settings.training, windowMs, { signal })
  const ofSamples: Matrix = {
    rows: parameters.rows,
    columns: windows,
    values: returns.subarray(0, parameters.rows * windows),
  }
  if (standardDeviation(ofSamples.values) === 0) return null

  const figures = windowFigures({ candles: evaluator.candles, bounds, windowMs }, settings.features)
  const data = taskOf(features, parameters, windowFeatures(figures), ofSamples, settings.seed)
  const learned = await run<WindowLearned>({ module: TASK, name: 'learnWindows', data })
  if (learned.dropped.length > 0)
    warnings.push(`Constant over all windows and therefore not learned from: ${learned.dropped.join(', ')}.`)
  return {
    windowMs,
    windows,
    samples: parameters.rows,
    validation: learned.validation,
    unseenTimesR2: learned.unseenTimesR2,
    importance: shown(learned, evaluator.strategy.parameterNames),
    conditions: conditionsOf(figures, meanOfRows(ofSamples), best ? returns.subarray(-windows) : null),
  }
}

function windowLength({ timeframeMs }: TuningSettings): number {
  return WINDOWS_MS.find((length) => length >= WINDOW_BARS * timeframeMs) ?? WINDOWS_MS.at(-1)!
}

function tooShort(windows: number, windowMs: number): string {
  return `Market and temporal features were dropped: they take ${MIN_WINDOWS} windows of ${windowMs / HOUR_MS} hours, and the training period has ${windows}. Train on a longer period.`
}

/** Some of the samples that say anything, in their order. */
function chosenSamples({ rows, objective }: Samples, columns: number, seed: number): Matrix {
  const telling = Int32Array.from(objective.keys()).filter((row) => !Number.isNaN(objective[row]))
  const chosen = new Random(seed, SAMPLE_STREAM).permutation(telling.length).slice(0, SAMPLES).sort()
  const all = { rows: objective.length, columns, values: rows }
  return selectRows(
    all,
    chosen.map((at) => telling[at]),
  )
}

/** For every sample the same number of windows, drawn anew for each, so that together they see nearly all. */
function taskOf(
  set: Learned['features'],
  parameters: Matrix,
  market: ReturnType<typeof windowFeatures>,
  returns: Matrix,
  seed: number,
): WindowTask {
  const { rows: samples, columns: windows } = returns
  const each = Math.min(windows, WINDOWS_PER_SAMPLE)
  const random = new Random(seed, WINDOW_STREAM)
  const sample = Int32Array.from({ length: samples * each }, (_, row) => Math.floor(row / each))
  const window = Int32Array.from(
    Array.from({ length: samples }, () => [...random.permutation(windows).slice(0, each).sort()]).flat(),
  )

  const own = set.matrix(parameters.values)
  const columns = own.columns + market.matrix.columns
  const values = new Float64Array(sample.length * columns)
  sample.forEach((at, row) => {
    values.set(rowOf(own, at), row * columns)
    values.set(rowOf(market.matrix, window[row]), row * columns + own.columns)
  })
  return {
    features: { rows: sample.length, columns, values },
    names: [...set.features.map(({ name }) => name), ...market.names],
    target: Float64Array.from(sample, (at, row) => returns.values[at * windows + window[row]]),
    sample,
    window,
    windows,
    parameters,
    seed,
  }
}

function shown({ importance, gain }: WindowLearned, parameters: readonly string[]): FeatureImportance[] {
  return importance.map(({ losses: _, ...ranked }, column) => ({
    ...ranked,
    kind: featureKind(ranked.feature, parameters),
    shap: null,
    gain: gain && gain[column],
  }))
}

/** f64[columns] */
function meanOfRows({ rows, columns, values }: Matrix): Float64Array {
  return Float64Array.from({ length: columns }, (_, column) =>
    mean(Float64Array.from({ length: rows }, (__, row) => values[row * columns + column])),
  )
}
