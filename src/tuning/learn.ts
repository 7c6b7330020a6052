import { direction, type Objective } from '../backtest/metrics.ts'
import { mean, quantile, standardDeviation } from '../engine/statistics.ts'
import { ValidationError } from '../errors.ts'
import { getEstimator } from '../models/algorithms.ts'
import { CombinedModel } from '../models/combined-model.ts'
import { calibrate, type Calibration } from '../models/confidence.ts'
import type { FittedModel, Matrix, TaskRunner } from '../models/estimator.ts'
import { featureSet, type FeatureSet } from '../models/features.ts'
import { groupRows } from '../models/groups.ts'
import { importanceStability, permutationImportance } from '../models/importance.ts'
import { selectColumns, selectRows, selectValues } from '../models/matrix.ts'
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
  /** how far models of different parts of the samples agree on what matters; null where they cannot be compared */
  importanceStability: number | null
}

export interface LearnInput {
  strategy: CompiledStrategy
  settings: TuningSettings
  /** f64[count × parameters] */
  rows: Float64Array
  /** f64[count]; NaN marks a sample that says nothing */
  target: Float64Array
  /** what counts as success; null: the upper quartile of the samples */
  reference: number | null
}

/** With fewer telling samples there is nothing to learn. */
export const MIN_SAMPLES = 30

const FOLDS = 5
/** Importances need no full forest to be ranked. */
const FOLD_SHARE = 0.2
const MIN_FOLD_TREES = 10

/**
 * Learn the objective from the samples: split, fit on the training part, score on all three, calibrate.
 *
 * @param warnings what a user should know is added to it
 * @returns null where there is nothing to learn; the last warning then says why
 */
export async function learn(input: LearnInput, run: TaskRunner, warnings: string[]): Promise<Learned | null> {
  const { strategy, settings, rows, target } = input
  const telling = Int32Array.from(target.keys()).filter((row) => !Number.isNaN(target[row]))
  const parameters: Matrix = { rows: target.length, columns: strategy.parameterNames.length, values: rows }
  const nothing = (why: string): null => (warnings.push(why), null)
  if (telling.length < MIN_SAMPLES) return nothing(tooFew(telling.length, target.length, settings.objective))
  const split = original(splitSamples(selectRows(parameters, telling), settings.seed), telling)
  const training = selectValues(target, split.train)
  if (standardDeviation(training) === 0) return nothing(theSame(training, settings.objective))

  const features = featureSet(strategy, settings.features)
  const { matrix, featureNames } = varyingFeatures(features, rows, split.train, warnings)
  const estimator = getEstimator(settings.algorithm)
  const fit: Fit = (part, options) =>
    estimator.fit(selectRows(matrix, part), selectValues(target, part), options, settings.seed, run)
  const model = await fit(split.train, settings.hyperparameters).catch(tooFewFor)
  if (typeof model === 'string') return nothing(model)
  const predicted = model.predict(matrix)
  const score = (part: Int32Array) => fitScores(selectValues(target, part), selectValues(predicted, part))
  const data: Data = { parameters, matrix, featureNames, target, settings }

  const higherIsBetter = direction(settings.objective) > 0
  const calibration = calibrate({
    actual: training,
    predicted: model.outOfBag ?? (await outOfFold(data, split.train, fit)),
    parameters: selectRows(parameters, split.train),
    reference: input.reference ?? quantile(selectValues(target, telling), higherIsBetter ? 0.75 : 0.25),
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
    importanceStability: await stability(data, split, model, run),
  }
}

type Fit = (rows: Int32Array, options: Record<string, unknown>) => Promise<FittedModel>

interface Data {
  parameters: Matrix
  matrix: Matrix
  featureNames: string[]
  target: Float64Array
  settings: TuningSettings
}

function tooFew(telling: number, count: number, objective: Objective): string {
  return `Only ${telling} of ${count} samples have enough trades and a defined ${objective}; a model needs ${MIN_SAMPLES}. Run more samples, train on a longer period, or loosen the entry conditions.`
}

/** What an algorithm says that takes more samples than others. */
function tooFewFor(error: unknown): string {
  if (!(error instanceof ValidationError)) throw error
  return error.fieldErrors.map(({ message }) => message).join(' ')
}

function theSame(training: Float64Array, objective: Objective): string {
  return `The samples that a model would learn from all have the same ${objective}, ${mean(training)}: within these ranges the parameters make no difference to it. Widen the ranges, or choose another objective.`
}

/** The features that vary over the training part, of all samples. */
function varyingFeatures(
  features: FeatureSet,
  rows: Float64Array,
  train: Int32Array,
  warnings: string[],
): { matrix: Matrix; featureNames: string[] } {
  const names = features.features.map(({ name }) => name)
  const all = features.matrix(rows)
  const { kept, dropped } = dropConstantFeatures(all, names, train)
  if (dropped.length > 0) {
    warnings.push(`Constant over all samples and therefore not learned from: ${dropped.join(', ')}.`)
  }
  return { matrix: selectColumns(all, kept), featureNames: [...kept].map((column) => names[column]) }
}

/** @returns f64[known], for each of these samples the prediction of a model that has not seen it */
async function outOfFold({ parameters, matrix, settings }: Data, known: Int32Array, fit: Fit): Promise<Float64Array> {
  const predicted = new Float64Array(known.length)
  const folds = repeatedFolds(groupRows(selectRows(parameters, known)), settings.seed, FOLDS, 1)
  await Promise.all(
    folds.map(async ({ train, validation }) => {
      const partial = await fit(select(known, train), settings.hyperparameters)
      const answers = partial.predict(selectRows(matrix, select(known, validation)))
      validation.forEach((row, at) => (predicted[row] = answers[at]))
    }),
  )
  return predicted
}

/**
 * How far smaller models on different parts of the samples agree on what matters. Of a combination of algorithms the
 * one with the most weight stands for all.
 */
async function stability(data: Data, split: Split, model: FittedModel, run: TaskRunner): Promise<number | null> {
  const { parameters, matrix, featureNames, target, settings } = data
  const known = Int32Array.from([...split.train, ...split.validation]).sort()
  const leading = leadingPart(model)
  const { nEstimators } = leading.hyperparameters
  const options = {
    ...(leading === model && settings.hyperparameters),
    ...(nEstimators && { nEstimators: Math.max(MIN_FOLD_TREES, Math.round(FOLD_SHARE * nEstimators)) }),
  }
  const folds = repeatedFolds(groupRows(selectRows(parameters, known)), settings.seed, FOLDS, 1)
  const losses = await Promise.all(
    folds.map(async ({ train, validation }, at) => {
      const [inside, held] = [select(known, train), select(known, validation)]
      const part = selectRows(matrix, inside)
      const values = selectValues(target, inside)
      const partial = await getEstimator(leading.algorithm).fit(part, values, options, settings.seed, run)
      const importance = permutationImportance(
        (rows) => partial.predict(rows),
        selectRows(matrix, held),
        featureNames,
        selectValues(target, held),
        settings.seed + at,
      )
      return Float64Array.from(importance, (feature) => mean(feature.losses))
    }),
  )
  return importanceStability(losses)
}

function leadingPart(model: FittedModel): FittedModel {
  if (!(model instanceof CombinedModel)) return model
  return model.members.reduce((most, member) => (member.weight > most.weight ? member : most)).model
}

/** Rows of a selection, as rows of what was selected from. */
function original(split: Split, rows: Int32Array): Split {
  const { train, validation, test } = split
  return { ...split, train: select(rows, train), validation: select(rows, validation), test: select(rows, test) }
}

function select(values: Int32Array, at: Int32Array): Int32Array {
  return at.map((index) => values[index])
}
