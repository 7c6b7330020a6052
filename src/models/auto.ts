import { CombinedModel, combinedFromBytes } from './combined-model.ts'
import { contest, contestSeconds, CONTEST_ROWS, FOLDS, scoresOf } from './contest.ts'
import { checkTrainingSet, resolveHyperparameters, type Estimator, type HyperparameterInfo } from './estimator.ts'
import { groupRows } from './groups.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  FOLDS,
  {
    name: 'repeats',
    description: 'How often the samples are divided anew. More repeats make the choice steadier.',
    default: 1,
    min: 1,
    max: 10,
    integer: true,
  },
]

/** The algorithm that predicts unseen rows best, with its defaults. */
export function autoOf(candidates: readonly Estimator[]): Estimator {
  return {
    algorithm: 'AUTO',
    description: 'Tries every algorithm and keeps the one that predicts unseen samples best.',
    hyperparameters: HYPERPARAMETERS,

    estimateSeconds(rows, columns, options = {}) {
      const { folds, repeats } = resolveHyperparameters(HYPERPARAMETERS, options)
      return contestSeconds(candidates, rows, columns, { folds, repeats })
    },

    async fit(features, target, options, seed, run, groups = groupRows(features)) {
      const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
      checkTrainingSet(features, target, CONTEST_ROWS)
      const { folds, repeats } = hyperparameters
      const tried = await contest(candidates, features, target, groups, seed, run, { folds, repeats })
      const scores = tried.map(({ validation }) => validation.r2Mean ?? -Infinity)
      const best = tried[scores.indexOf(Math.max(...scores))]
      const model = await best.estimator.fit(features, target, {}, seed, run)
      const members = [{ model, weight: 1 }]
      return new CombinedModel('AUTO', hyperparameters, members, scoresOf(tried), best.validation.outOfFold)
    },

    fromBytes: (bytes) => combinedFromBytes('AUTO', bytes, candidates),
  }
}
