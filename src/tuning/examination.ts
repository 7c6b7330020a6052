import { ValidationError } from '../errors.ts'
import { getEstimator } from '../models/algorithms.ts'
import {
  chooseByOneStandardError,
  crossValidate,
  expectedR2,
  learningCurve,
  type CrossValidation,
  type LearningCurvePoint,
} from '../models/cross-validation.ts'
import type { FittedModel, Matrix, TaskRunner } from '../models/estimator.ts'
import { judgedAs, type Judged } from '../models/fixed-stack.ts'
import { groupBy } from '../models/groups.ts'
import { selectRows, selectValues } from '../models/matrix.ts'
import { presetsFor, type Preset } from '../models/presets.ts'
import { someRows } from '../models/split.ts'
import { mean, r2 } from '../engine/statistics.ts'
import type { CrossValidationResult, LearningCurveResult } from './job.ts'
import type { TuningSettings } from './settings.ts'

/** The samples that a choice may be made by: training and validation part, with the rows that belong together. */
export interface Known {
  features: Matrix
  target: Float64Array
  /** i32[rows], rows of one parameter vector share a number */
  groups: Int32Array
  seed: number
}

/** What cross-validation says of the kind of model that was chosen. */
export interface Examination {
  crossValidation: CrossValidation
  /** R² of all out-of-fold predictions together */
  outOfFoldR2: number | null
  /** empty where it would take too long */
  curve: LearningCurvePoint[]
  /** R² to expect with `expectedRows` samples; null where the curve does not say */
  expectedR2: number | null
  expectedRows: number
}

export const FOLDS = 5
const REPEATS = 3
/** Of each feature in each fold: what is compared is their order only. */
export const SHUFFLES = 3

/** Seconds on one core beyond which a part is left out: two of three repeats, or the learning curve. */
const REPEATS_SECONDS = 1.5
const CURVE_SECONDS = 0.5

/** Samples that the settings are chosen by: which of a few is the best shows with as many. */
export const MOST_TO_CHOOSE_BY = 10_000
const CHOICE_STREAM = 0x63686f69

/** The sample count that a learning curve is carried on to, but not beyond so many times what it was measured on. */
export const CURVE_ROWS = 1000
const FARTHEST = 4
export const CURVE_SHARES = [0.25, 0.5, 0.75]
/** Fewer rows teach no algorithm anything. */
const MIN_CURVE_ROWS = 25

/**
 * The hyperparameters to fit with: the user's, or of the presets of the algorithm the one with the smallest gap among
 * those that are as good as the best, up to one standard error.
 */
export async function chooseOptions(
  { algorithm, hyperparameters }: TuningSettings,
  known: Known,
  run: TaskRunner,
): Promise<Preset> {
  const presets = presetsFor(algorithm, known.target.length)
  if (Object.keys(hyperparameters).length > 0 || presets.length === 1) return hyperparameters
  const estimator = getEstimator(algorithm)
  const some = part(known, someRows(known.target.length, MOST_TO_CHOOSE_BY, known.seed, CHOICE_STREAM))
  const scores = await Promise.all(presets.map((options) => validate({ estimator, options }, some, run, 1)))
  return chooseByOneStandardError(presets, scores)
}

function part({ features, target, groups, seed }: Known, rows: Int32Array): Known {
  return {
    features: selectRows(features, rows),
    target: selectValues(target, rows),
    groups: groupBy(rows.length, (row) => String(groups[rows[row]])),
    seed,
  }
}

/**
 * Cross-validate the kind of model that was fitted, and see what more samples would bring.
 *
 * @param names of the features
 * @throws ValidationError too few rows
 */
export async function examine(
  model: FittedModel,
  options: Preset,
  known: Known,
  names: readonly string[],
  run: TaskRunner,
): Promise<Examination> {
  const judged = judgedAs(model, options)
  const { repeats, hasCurve } = examinationPlan(FOLDS * secondsPerFit(judged, known))
  const [crossValidation, begun] = await Promise.all([
    validate(judged, known, run, repeats, names),
    hasCurve ? beginCurve(judged, known, run) : [],
  ])
  const whole = { rows: (1 - 1 / FOLDS) * known.target.length, r2: firstMean(crossValidation) }
  const curve = begun.length > 0 ? [...begun, whole] : []
  const expectedRows = Math.min(CURVE_ROWS, FARTHEST * known.target.length)
  return {
    crossValidation,
    outOfFoldR2: r2(known.target, crossValidation.outOfFold),
    curve,
    expectedR2: expectedR2(curve, expectedRows),
    expectedRows,
  }
}

/** What is worth its time. @param seconds of one repeat, on one core, by the estimate and not by a clock */
export function examinationPlan(seconds: number): { repeats: number; hasCurve: boolean } {
  return { repeats: REPEATS * seconds <= REPEATS_SECONDS ? REPEATS : 1, hasCurve: seconds <= CURVE_SECONDS }
}

function validate(
  { estimator, options }: Judged,
  { features, target, groups, seed }: Known,
  run: TaskRunner,
  repeats: number,
  names?: readonly string[],
): Promise<CrossValidation> {
  const settings = { folds: FOLDS, repeats, shuffles: SHUFFLES, ...(names && { importanceOf: names }) }
  return crossValidate(estimator, features, target, groups, options, seed, run, settings)
}

async function beginCurve(
  { estimator, options }: Judged,
  { features, target, groups, seed }: Known,
  run: TaskRunner,
): Promise<LearningCurvePoint[]> {
  const rows = (1 - 1 / FOLDS) * target.length
  const shares = CURVE_SHARES.filter((share) => share * rows >= MIN_CURVE_ROWS)
  try {
    return await learningCurve(estimator, features, target, groups, options, seed, run, shares)
  } catch (error) {
    if (error instanceof ValidationError) return [] // more rows than that are needed
    throw error
  }
}

/** As it is stored with the job. */
export function crossValidationResult({ crossValidation, outOfFoldR2 }: Examination): CrossValidationResult {
  const { folds, repeats, r2Mean, r2StandardDeviation, r2ByFold } = crossValidation
  return { folds, repeats, r2Mean, r2StandardDeviation, r2ByFold, outOfFoldR2 }
}

/** As it is stored with the job; null where there is none. */
export function curveResult({ curve, expectedR2, expectedRows }: Examination): LearningCurveResult | null {
  return curve.length > 0 ? { points: curve, expectedR2, expectedRows } : null
}

/** Mean R² of the first repeat, on whose folds the curve was measured. */
function firstMean({ r2ByFold }: CrossValidation): number | null {
  const known = r2ByFold.slice(0, FOLDS).filter((value) => value !== null)
  return known.length > 0 ? mean(known) : null
}

function secondsPerFit({ estimator, options }: Judged, { features }: Known): number {
  return estimator.estimateSeconds(Math.ceil((1 - 1 / FOLDS) * features.rows), features.columns, options)
}
