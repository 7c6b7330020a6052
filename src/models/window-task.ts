import { r2 } from '../engine/statistics.ts'
import { trainBoosting } from './boosting-task.ts'
import { resolveHyperparameters, type Matrix } from './estimator.ts'
import { gainImportance } from './gain.ts'
import { GradientBoosting, gradientBoosting } from './gradient-boosting.ts'
import { permutationImportance, type FeatureImportance } from './importance.ts'
import { selectColumns, selectRows, selectValues } from './matrix.ts'
import { splitSamples } from './split.ts'
import { dropConstantFeatures, fitScores, type FitScores } from './validation.ts'

/** What samples earned in windows of time: a row per sample and window. */
export interface WindowTask {
  /** of the samples, then of the windows */
  features: Matrix
  names: readonly string[]
  /** f64[rows] */
  target: Float64Array
  /** i32[rows], the sample of each row: a row of `parameters` */
  sample: Int32Array
  /** i32[rows], the window of each row: 0 … windows − 1 in order of time */
  window: Int32Array
  windows: number
  parameters: Matrix
  seed: number
}

/** What a model of these rows says, and how far it can be believed. */
export interface WindowLearned {
  /** names in the order of the model's columns */
  featureNames: string[]
  /** constant over the training rows, and so not learned from */
  dropped: string[]
  /** on samples that it has not seen, in windows that it knows from others */
  validation: FitScores
  /** R² in stretches of time that were left out; null where nothing varies */
  unseenTimesR2: number | null
  importance: FeatureImportance[]
  /** f64[columns]; null where nothing was worth a split */
  gain: Float64Array | null
}

/** Little trees in large leaves: nearly all of a window's return is chance. */
const HYPERPARAMETERS = { nEstimators: 100, maxDepth: 4, learningRate: 0.1, subsample: 0.5, minChildWeight: 50 }
/** Stretches of time, each predicted by a model of the others. */
const STRETCHES = 4
/** Share of the windows behind a stretch that is not learned from either: positions are carried over. */
const EMBARGO = 0.01
const SHUFFLES = 5

/**
 * Learn the return of a window from a sample's features and those of the window. A sample's windows are all in one
 * part of the split. Pure, for a compute thread.
 */
export async function learnWindows(task: WindowTask): Promise<WindowLearned> {
  const { target, sample, window, windows, seed } = task
  const split = splitSamples(task.parameters, seed)
  const rowsOf = (part: Int32Array): Int32Array => {
    const chosen = new Set(part)
    return rowsWhere(sample, (own) => chosen.has(own))
  }
  const [train, validation] = [rowsOf(split.train), rowsOf(split.validation)]
  const { kept, dropped } = dropConstantFeatures(task.features, task.names, train)
  const features = selectColumns(task.features, kept)
  const featureNames = [...kept].map((column) => task.names[column])
  const fit = (rows: Int32Array): GradientBoosting => fitBoosting(features, target, rows, seed)

  const model = fit(train)
  const [unseen, actual] = [selectRows(features, validation), selectValues(target, validation)]
  const predict = (rows: Matrix): Float64Array => model.predict(rows)
  const elsewhere = new Float64Array(target.length)
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const [from, to] = [stretch, stretch + 1].map((at) => Math.round((at * windows) / STRETCHES))
    const behind = to + Math.ceil(EMBARGO * windows)
    const others = fit(rowsWhere(window, (own) => own < from || own >= behind))
    const left = rowsWhere(window, (own) => own >= from && own < to)
    others.predict(selectRows(features, left)).forEach((value, at) => (elsewhere[left[at]] = value))
  }
  return {
    featureNames,
    dropped,
    validation: fitScores(actual, predict(unseen)),
    unseenTimesR2: r2(target, elsewhere),
    importance: await permutationImportance(predict, unseen, featureNames, actual, seed, SHUFFLES),
    gain: gainImportance(model),
  }
}

function fitBoosting(features: Matrix, target: Float64Array, rows: Int32Array, seed: number): GradientBoosting {
  const hyperparameters = resolveHyperparameters(gradientBoosting.hyperparameters, HYPERPARAMETERS)
  const part = { features: selectRows(features, rows), target: selectValues(target, rows), hyperparameters, seed }
  const { forest, baseScore } = trainBoosting(part)
  return new GradientBoosting(hyperparameters, features.columns, forest, baseScore)
}

function rowsWhere(values: Int32Array, is: (value: number) => boolean): Int32Array {
  return Int32Array.from(values.keys()).filter((row) => is(values[row]))
}
