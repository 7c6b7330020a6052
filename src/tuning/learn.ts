import { direction, type Objective } from '../backtest/metrics.ts'
import { mean, quantile, standardDeviation } from '../engine/statistics.ts'
import { ValidationError } from '../errors.ts'
import { getEstimator } from '../models/algorithms.ts'
import type { Calibration, CalibrationInput } from '../models/confidence.ts'
import type { FittedModel, Matrix, TaskRunner } from '../models/estimator.ts'
import { featureSet, type FeatureSet } from '../models/features.ts'
import { groupRows } from '../models/groups.ts'
import { importanceStability } from '../models/importance.ts'
import { selectColumns, selectRows, selectValues } from '../models/matrix.ts'
import { splitSamples, type Split } from '../models/split.ts'
import { dropConstantFeatures, fitScores, type FitScores } from '../models/validation.ts'
import type { CompiledStrategy } from '../strategy/plan.ts'
import { chooseOptions, CURVE_ROWS, examine, type Examination, type Known } from './examination.ts'
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
  /** what cross-validation says of models of this kind */
  examination: Examination
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

const CONFIDENCE = new URL('../models/confidence.ts', import.meta.url).href

/** Validation R² from which on more samples are not the first thing to ask for: the criterion of the verdict. */
const ENOUGH_R2 = 0.5

/** With fewer telling samples there is nothing to learn. */
export const MIN_SAMPLES = 30

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
  const rowsKnown = Int32Array.from([...split.train, ...split.validation]).sort()
  const known: Known = {
    features: selectRows(matrix, rowsKnown),
    target: selectValues(target, rowsKnown),
    groups: groupRows(selectRows(parameters, rowsKnown)),
    seed: settings.seed,
  }
  const fitted = await fit(input, matrix, parameters, split.train, known, featureNames, run).catch(tooFewFor)
  if (typeof fitted === 'string') return nothing(fitted)
  const { model, examination } = fitted
  const predicted = model.predict(matrix)
  const score = (part: Int32Array) => fitScores(selectValues(target, part), selectValues(predicted, part))
  const scores = { training: score(split.train), validation: score(split.validation), test: score(split.test) }
  warnings.push(...weaknessWarning(examination, scores.validation, known.target.length))

  const higherIsBetter = direction(settings.objective) > 0
  const calibration = await run<Calibration>({
    module: CONFIDENCE,
    name: 'calibrate',
    data: {
      actual: known.target,
      predicted: examination.crossValidation.outOfFirstFold,
      parameters: selectRows(parameters, rowsKnown),
      reference: input.reference ?? quantile(selectValues(target, telling), higherIsBetter ? 0.75 : 0.25),
      higherIsBetter,
    } satisfies CalibrationInput,
  })
  const { importanceByFold } = examination.crossValidation
  return {
    model,
    featureNames,
    features,
    calibration,
    ...scores,
    split,
    predicted,
    matrix,
    examination,
    importanceStability: importanceStability(importanceByFold ?? []),
  }
}

/** Choose the settings, fit the training part, and cross-validate what came out. */
async function fit(
  { settings, target }: LearnInput,
  matrix: Matrix,
  parameters: Matrix,
  train: Int32Array,
  known: Known,
  featureNames: string[],
  run: TaskRunner,
): Promise<{ model: FittedModel; examination: Examination }> {
  const options = await chooseOptions(settings, known, run)
  const model = await getEstimator(settings.algorithm).fit(
    selectRows(matrix, train),
    selectValues(target, train),
    options,
    settings.seed,
    run,
    groupRows(selectRows(parameters, train)),
  )
  return { model, examination: await examine(model, options, known, featureNames, run) }
}

/** How little the model explains, where it is not enough, and what more samples would bring. */
export function weaknessWarning(
  { expectedR2, expectedRows }: Pick<Examination, 'expectedR2' | 'expectedRows'>,
  { r2 }: Pick<FitScores, 'r2'>,
  samples: number,
): string[] {
  if (r2 === null || r2 > ENOUGH_R2 || samples >= CURVE_ROWS) return []
  const share = r2 > 0 ? `${r2.toFixed(2)} of the variance of` : 'nothing about'
  const outlook =
    expectedR2 === null
      ? 'Run more samples.'
      : `By its learning curve the expected R2 at ${expectedRows} samples is about ${expectedR2.toFixed(2)}.`
  return [`The model explains ${share} unseen samples. ${outlook}`]
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

/** Rows of a selection, as rows of what was selected from. */
function original(split: Split, rows: Int32Array): Split {
  const { train, validation, test } = split
  return { ...split, train: select(rows, train), validation: select(rows, validation), test: select(rows, test) }
}

function select(values: Int32Array, at: Int32Array): Int32Array {
  return at.map((index) => values[index])
}
