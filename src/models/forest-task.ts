import { RandomForestRegression } from 'ml-random-forest'
import { Random } from '../engine/random.ts'
import type { Hyperparameters, Matrix } from './estimator.ts'
import { type CartNode, flattenTrees, type FlatForest } from './flat-forest.ts'
import { rowOf } from './matrix.ts'

/** Some trees of a forest, trained in one go by one thread. */
export interface ForestChunk {
  features: Matrix
  target: Float64Array
  hyperparameters: Hyperparameters
  seed: number
  /** which chunk of the forest: its trees depend on nothing but the seed and this */
  chunk: number
  trees: number
}

export interface TrainedChunk {
  forest: FlatForest
  /** f64[rows], sum of the predictions of those trees whose bootstrap sample left the row out */
  outOfBagSum: Float64Array
  /** i32[rows], how many trees that were */
  outOfBagCount: Int32Array
  /** f64[columns], see `impurityDecrease`; null where it is not known how many rows came to a node */
  decreases: Float64Array | null
}

/**
 * Train a chunk with ml-random-forest, in this thread.
 *
 * The package is slow: each candidate split copies all rows of the node, so a tree costs about 15 ns · rows² · columns.
 */
export function trainChunk({ features, target, hyperparameters, seed, chunk, trees }: ForestChunk): TrainedChunk {
  const forest = new OutOfBagForest({
    nEstimators: trees,
    seed: new Random(seed, chunk).uint32(),
    maxFeatures: featureShare(features.columns, hyperparameters.maxFeatures),
    treeOptions: {
      maxDepth: hyperparameters.maxDepth,
      minNumSamples: hyperparameters.minNumSamples,
      // The package calls the squared error that is left after a split its gain, and wants it above the threshold:
      // at the default of 0 a node never takes a split that leaves no error at all.
      gainThreshold: -1,
    },
  })
  const rows = Array.from({ length: features.rows }, (_, row) => Array.from(rowOf(features, row)))
  forest.train(rows, Array.from(target))

  const outOfBag = (forest as unknown as { oobResults: { all: number[] }[] }).oobResults
  return {
    forest: flattenTrees(
      (forest.estimators as unknown as { root: CartNode }[]).map(({ root }) => root),
      forest.indexes!,
    ),
    outOfBagSum: Float64Array.from(outOfBag, ({ all }) => all.reduce((sum, value) => sum + value, 0)),
    outOfBagCount: Int32Array.from(outOfBag, ({ all }) => all.length),
    decreases: null,
  }
}

/** The package's forest, which throws when some row was never left out; with few trees that is the rule. */
class OutOfBagForest extends RandomForestRegression {
  override selection(values: number[]): number {
    return values.length === 0 ? NaN : super.selection(values)
  }
}

/**
 * The package takes 1 for "all features", not for one, and rounds a fraction down, maybe to none. Half a feature more
 * than wanted is rounded down to what is wanted.
 */
function featureShare(columns: number, share: number): number {
  const wanted = Math.max(1, Math.round(columns * share))
  return wanted === columns ? 1 : (wanted + 0.5) / columns
}
