import { CombinedModel, combinedFromBytes } from './combined-model.ts'
import { contest, contestSeconds, CONTEST_ROWS, FOLDS, scoresOf, type Contestant } from './contest.ts'
import { checkTrainingSet, resolveHyperparameters, type Estimator, type HyperparameterInfo } from './estimator.ts'
import { groupRows } from './groups.ts'
import { selectValues } from './matrix.ts'
import { nonNegativeLeastSquares } from './non-negative.ts'
import { repeatedFolds } from './split.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  FOLDS,
  {
    name: 'minWeight',
    description: 'Members with a smaller weight are left out; the others share it.',
    default: 0.05,
    min: 0,
    max: 0.5,
    integer: false,
  },
]

/**
 * A stack: the weighted mean of all algorithms with their defaults that comes closest to the target on rows that they
 * have not seen (Breiman 1996). The weights are not negative and add up to 1.
 *
 * Its out-of-bag predictions are out of fold twice: a fold's weights come from the other folds.
 */
export function ensembleOf(candidates: readonly Estimator[]): Estimator {
  return {
    algorithm: 'ENSEMBLE',
    description: 'A weighted mean of all algorithms; the weights come from rows that they had not seen.',
    hyperparameters: HYPERPARAMETERS,

    estimateSeconds(rows, columns, options = {}) {
      const { folds } = resolveHyperparameters(HYPERPARAMETERS, options)
      return contestSeconds(candidates, rows, columns, { folds, repeats: 1 })
    },

    async fit(features, target, options, seed, run, groups = groupRows(features)) {
      const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
      checkTrainingSet(features, target, CONTEST_ROWS)
      const { folds, minWeight } = hyperparameters
      const tried = await contest(candidates, features, target, groups, seed, run, { folds, repeats: 1 })
      const predictions = tried.map(({ validation }) => validation.outOfFold)
      const weights = stackWeights(predictions, target, minWeight) ?? bestAlone(tried)

      const outOfBag = new Float64Array(target.length)
      for (const { train, validation } of repeatedFolds(groups, seed, folds, 1)) {
        const parts = predictions.map((column) => selectValues(column, train))
        const partial = stackWeights(parts, selectValues(target, train), minWeight) ?? weights
        for (const row of validation) outOfBag[row] = combine(predictions, partial, row)
      }
      const members = await Promise.all(
        tried.flatMap(({ estimator }, at) => {
          if (weights[at] === 0) return []
          return estimator.fit(features, target, {}, seed, run).then((model) => ({ model, weight: weights[at] }))
        }),
      )
      return new CombinedModel('ENSEMBLE', hyperparameters, members, scoresOf(tried), outOfBag)
    },

    fromBytes: (bytes) => combinedFromBytes('ENSEMBLE', bytes, candidates),
  }
}

/**
 * Weights of a stack by non-negative least squares, normalised to 1; small ones go to the others.
 *
 * @param predictions f64[rows] each, out of fold
 * @returns null where no combination points the way of the target
 */
export function stackWeights(
  predictions: readonly Float64Array[],
  target: Float64Array,
  minWeight: number,
): Float64Array | null {
  const all = normalised(nonNegativeLeastSquares(predictions, target))
  if (all === null) return null
  return normalised(all.map((weight) => (weight < minWeight ? 0 : weight))) ?? all
}

function normalised(weights: Float64Array): Float64Array | null {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return sum > 0 ? weights.map((weight) => weight / sum) : null
}

function bestAlone(tried: readonly Contestant[]): Float64Array {
  const scores = tried.map(({ validation }) => validation.r2Mean ?? -Infinity)
  const best = scores.indexOf(Math.max(...scores))
  return Float64Array.from(tried, (_, at) => (at === best ? 1 : 0))
}

function combine(predictions: readonly Float64Array[], weights: Float64Array, row: number): number {
  return predictions.reduce((sum, column, at) => sum + weights[at] * column[row], 0)
}
