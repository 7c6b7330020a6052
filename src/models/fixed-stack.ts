import { CombinedModel } from './combined-model.ts'
import { ESTIMATORS, getEstimator } from './algorithms.ts'
import type { Estimator, FittedModel } from './estimator.ts'

/** An algorithm with the hyperparameters that are to be judged. */
export interface Judged {
  estimator: Estimator
  options: Record<string, unknown>
}

/**
 * What to fit to other rows in order to judge a model: its algorithm with its options. Of what AUTO or ENSEMBLE chose,
 * the members with their weights stand as they are: choosing anew for every fold would cost a contest each.
 *
 * @param options as the model was fitted with
 */
export function judgedAs(model: FittedModel, options: Record<string, unknown>): Judged {
  if (!(model instanceof CombinedModel)) return { estimator: getEstimator(model.algorithm), options }
  return { estimator: fixedStack(model), options: {} }
}

/** The members of a combined model with their defaults and its weights. */
function fixedStack({ algorithm, members, scores }: CombinedModel): Estimator {
  const parts = members.map(({ model, weight }) => ({ estimator: getEstimator(model.algorithm), weight }))
  return {
    ...ESTIMATORS.find((known) => known.algorithm === algorithm)!,
    hyperparameters: [],
    estimateSeconds: (rows, columns) =>
      parts.reduce((sum, { estimator }) => sum + estimator.estimateSeconds(rows, columns), 0),
    async fit(features, target, _, seed, run) {
      const fitted = await Promise.all(
        parts.map(async ({ estimator, weight }) => ({
          model: await estimator.fit(features, target, {}, seed, run),
          weight,
        })),
      )
      return new CombinedModel(algorithm, {}, fitted, scores, new Float64Array(target.length))
    },
  }
}
