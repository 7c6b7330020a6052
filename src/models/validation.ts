import { isConstant, mae, r2, rmse, spearman } from '../engine/statistics.ts'
import { ValidationError } from '../errors.ts'
import type { Matrix } from './estimator.ts'
import { columnOf, selectValues } from './matrix.ts'

/** How well predictions fit what really came out. */
export interface FitScores {
  /** share of the variance explained; may be negative; null for a constant target */
  r2: number | null
  /** mean absolute error, in units of the target */
  mae: number
  /** root of the mean squared error, in units of the target */
  rmse: number
  /** Spearman's rho, −1…1; null where either side is constant */
  rankCorrelation: number | null
  count: number
}

/** @param actual, predicted f64[n] each, n ≥ 1 */
export function fitScores(actual: Float64Array, predicted: Float64Array): FitScores {
  return {
    r2: r2(actual, predicted),
    mae: mae(actual, predicted),
    rmse: rmse(actual, predicted),
    rankCorrelation: spearman(actual, predicted),
    count: actual.length,
  }
}

/** How much of the fit is memory: training R² less validation R², 0…1; null where either is undefined. */
export function overfitting(trainingR2: number | null, validationR2: number | null): number | null {
  if (trainingR2 === null || validationR2 === null) return null
  return Math.max(0, Math.min(trainingR2 - validationR2, 1))
}

export interface FeatureChoice {
  /** columns to learn from, ascending */
  kept: Int32Array
  /** names of those that are the same in every training row */
  dropped: string[]
}

/**
 * Leave out the features that do not vary over the training rows: market state, for one, where all samples share a
 * window.
 *
 * @param train the training rows; the other rows have no say
 * @throws ValidationError nothing varies
 */
export function dropConstantFeatures(features: Matrix, names: readonly string[], train: Int32Array): FeatureChoice {
  const varies = names.map((_, column) => !isConstant(selectValues(columnOf(features, column), train)))
  if (!varies.includes(true)) {
    throw ValidationError.at('parameterSpace', 'No feature varies over the training samples. Widen the ranges.')
  }
  return {
    kept: Int32Array.from(names.keys()).filter((column) => varies[column]),
    dropped: names.filter((_, column) => !varies[column]),
  }
}
