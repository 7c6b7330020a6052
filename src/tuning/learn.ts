import { direction } from '../backtest/metrics.ts'
import { quantile, standardDeviation } from '../engine/statistics.ts'
import { calibrate, type Calibration } from '../models/confidence.ts'
import { getEstimator } from '../models/algorithms.ts'
import type { FittedModel, Matrix, TaskRunner } from '../models/estimator.ts'
import { featureSet, type FeatureSet } from '../models/features.ts'
import { groupRows } from '../models/groups.ts'
import { importanceStability, permutationImportance } from '../models/importance.ts'
import { rowOf, selectColumns, selectRows, selectValues } from '../models/matrix.ts'
import { repeatedFolds, splitSamples, type Split } from '../models/split.ts'
import { dropConstantFeatures, fitScores, type FitScores } from '../models/validation.ts'
import type { CompiledStrategy } from '../strategy/plan.ts'
import type { TuningSettings } from './settings.ts'

/** A model of one job with everything that it takes to use and to judge it. */
export interface Learned {
  model: FittedModel
  featureNames: string[]
  features: FeatureSet
  calibration: Calibration
  training: FitScores
  validation: FitScores
  test: FitScores
  /** rows of the samples in each part; samples that say nothing are in none */
  split: Split
  /** f64[samples] */
  predicted: Float64Array
  /** selected features of all samples, one row per sample */
  matrix: Matrix
  importanceStability: number | null
}

/** With fewer telling samples there is nothing to learn. */
export const MIN_SAMPLES = 30

const FOLDS = 5
/** Importances need no full forest to be ranked. */
const FOLD_SHARE = 0.2

/**
 * Learn the objective from the samples: split, fit on the training part, score on all three, calibrate.
 *
 * @param rows      f64[count × parameters]
 * @param target    f64[count]; NaN marks a sample that says nothing
 * @param reference what counts as success; null: the upper quartile of the samples
 * @param warnings  what a user should know is added to it
 * @returns null with fewer than 30 telling samples
 */
export async function learn(
  strategy: CompiledStrategy,
  settings: TuningSettings,
  rows: Float64Array,
  target: Float64Array,
  reference: number | null,
  run: TaskRunner,
  warnings: string[],
): Promise<Learned | null> {
  const telling = Int32Array.from(target.keys()).filter((row) => !Number.isNaN(target[row]))
  if (telling.length < MIN_SAMPLES || standardDeviation(selectValues(target, telling)) === 0) return null

  const width = strategy.parameterNames.length
  const parameters: Matrix = { rows: target.length, columns: width, values: rows }
  const features = featureSet(strategy, settings.features)
  const names = features.features.map(({ name }) => name)
  const split = original(splitSamples(selectRows(parameters, telling), settings.seed), telling)
  const all = features.matrix(rows)
  const { kept, dropped } = dropConstantFeatures(all, names, split.train)
  if (dropped.length > 0)
    warnings.push(`Constant over all samples and therefore not learned from: ${dropped.join(', ')}.`)
  const matrix = selectColumns(all, kept)
  const featureNames = [...kept].map((column) => names[column]!)

  const estimator = getEstimator(settings.algorithm)
  const fit = (part: Int32Array, options: Record<string, unknown>) =>
    estimator.fit(selectRows(matrix, part), selectValues(target, part), options, settings.seed, run)
  const model = await fit(split.train, settings.hyperparameters)
  const predicted = model.predict(matrix)
  const score = (part: Int32Array) => fitScores(selectValues(target, part), selectValues(predicted, part))

  const higherIsBetter = direction(settings.objective) > 0
  const success = reference ?? quantile(selectValues(target, telling), higherIsBetter ? 0.75 : 0.25)
  const calibration = calibrate({
    actual: selectValues(target, split.train),
    predicted: model.outOfBag!,
    parameters: selectRows(parameters, split.train),
    reference: success,
    higherIsBetter,
  })

  return {
    model,
    featureNames,
    features,
    calibration,
    training: score(split.train),
    validation: score(split.validation),
    test: score(split.test),
    split,
    predicted,
    matrix,
    importanceStability: await stability(),
  }

  /** How far forests on different parts of the samples agree on what matters. */
  async function stability(): Promise<number | null> {
    const known = Int32Array.from([...split.train, ...split.validation]).sort()
    const { nEstimators } = model.hyperparameters
    const options = {
      ...settings.hyperparameters,
      nEstimators: Math.max(10, Math.round(FOLD_SHARE * (nEstimators ?? 100))),
    }
    const folds = repeatedFolds(groupRows(selectRows(parameters, known)), settings.seed, FOLDS, 1)
    const losses = await Promise.all(
      folds.map(async ({ train, validation }, at) => {
        const [inside, outside] = [known, known].map((set, side) =>
          selectValues32(set, side === 0 ? train : validation),
        )
        const partial = await fit(inside!, options)
        const held = selectRows(matrix, outside!)
        const importance = permutationImportance(
          (part) => partial.predict(part),
          held,
          featureNames,
          selectValues(target, outside!),
          settings.seed + at,
        )
        return Float64Array.from(
          importance,
          ({ losses }) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        )
      }),
    )
    return importanceStability(losses)
  }
}

/** Rows of a selection, as rows of what was selected from. */
function original(split: Split, rows: Int32Array): Split {
  return {
    ...split,
    train: selectValues32(rows, split.train),
    validation: selectValues32(rows, split.validation),
    test: selectValues32(rows, split.test),
  }
}

function selectValues32(values: Int32Array, at: Int32Array): Int32Array {
  return at.map((index) => values[index]!)
}

/** One sample's features, as the model sees them. */
export function featuresOf(matrix: Matrix, sample: number): number[] {
  return [...rowOf(matrix, sample)]
}
