import { ValidationError } from '../errors.ts'
import { crossValidate, type CrossValidation } from './cross-validation.ts'
import type { Estimator, HyperparameterInfo, Matrix, TaskRunner } from './estimator.ts'
import type { TriedScores } from './combined-model.ts'

/** An algorithm with its defaults, and how it did on rows that it had not seen. */
export interface Contestant {
  estimator: Estimator
  validation: CrossValidation
}

export const FOLDS: HyperparameterInfo = {
  name: 'folds',
  description: 'Parts of the samples; each is predicted by models that learned from the others.',
  default: 5,
  min: 2,
  max: 20,
  integer: true,
}

/** Each fold must leave enough rows for those algorithms that are content with few. */
export const CONTEST_ROWS = { minRows: 20, maxRows: 200_000 }

/**
 * Cross-validate several algorithms on the same folds. One that refuses this many rows takes no part.
 *
 * @throws ValidationError where all refuse
 */
export async function contest(
  estimators: readonly Estimator[],
  features: Matrix,
  target: Float64Array,
  groups: Int32Array,
  seed: number,
  run: TaskRunner,
  settings: { folds: number; repeats: number },
): Promise<Contestant[]> {
  const refusals: ValidationError[] = []
  const results = await Promise.all(
    estimators.map(async (estimator) => {
      try {
        return {
          estimator,
          validation: await crossValidate(estimator, features, target, groups, {}, seed, run, settings),
        }
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error
        refusals.push(error)
        return null
      }
    }),
  )
  const contestants = results.filter((result) => result !== null)
  if (contestants.length === 0) throw refusals[0]
  return contestants
}

export function scoresOf(contestants: readonly Contestant[]): TriedScores {
  return Object.fromEntries(contestants.map(({ estimator, validation }) => [estimator.algorithm, validation.r2Mean]))
}

/** Expected time of a contest and of fitting everybody on all rows, in seconds on one core. */
export function contestSeconds(
  estimators: readonly Estimator[],
  rows: number,
  columns: number,
  { folds, repeats }: { folds: number; repeats: number },
): number {
  const part = Math.round(rows * (1 - 1 / folds))
  return estimators.reduce((sum, estimator) => {
    const whole = estimator.estimateSeconds(rows, columns)
    return sum + folds * repeats * estimator.estimateSeconds(part, columns) + whole
  }, 0)
}
