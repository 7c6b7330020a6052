import { packArtifact, unpackArtifact, unreadable } from './artifact.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type FittedModel,
  type HyperparameterInfo,
  type Hyperparameters,
  type Matrix,
} from './estimator.ts'
import { checkForest, forestDepth, joinForests, scoreForest, type FlatForest } from './flat-forest.ts'
import type { ForestChunk, TrainedChunk } from './forest-task.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  {
    name: 'nEstimators',
    description: 'Trees in the forest. More trees cost time and never overfit.',
    default: 100,
    min: 10,
    max: 1000,
    integer: true,
  },
  {
    name: 'maxDepth',
    description: 'Comparisons from the root of a tree to a leaf, at most. The default is no limit in practice.',
    default: 32,
    min: 1,
    max: 64,
    integer: true,
  },
  {
    name: 'minNumSamples',
    description: 'A node with this many rows or fewer is not split. Larger values smooth the prediction.',
    default: 3,
    min: 1,
    max: 1000,
    integer: true,
  },
  {
    name: 'maxFeatures',
    description: 'Share of the features that each tree may use, drawn per tree; at least one.',
    default: 1,
    min: 0.01,
    max: 1,
    integer: false,
  },
]

/** Fixed, so that the forest is the same for any number of threads. */
const TREES_PER_CHUNK = 10

/** Fewer rows and a bootstrap sample may leave no row out; more and a forest takes an hour. */
const ROW_LIMITS = { minRows: 20, maxRows: 5000 }

/**
 * Bagged regression trees (Breiman 2001), trained by ml-random-forest and scored by our own kernel.
 *
 * What the package does not do: draw features anew at each split (it draws them once per tree), and split a root
 * that a single threshold would explain without any error; such a target is answered by its mean.
 */
export const randomForest: Estimator = {
  algorithm: 'RANDOM_FOREST',
  description: 'Averages trees grown on bootstrap samples. Robust with its defaults; cannot extrapolate.',
  hyperparameters: HYPERPARAMETERS,

  estimateSeconds(rows, columns, options = {}) {
    const { nEstimators } = resolveHyperparameters(HYPERPARAMETERS, options)
    return nEstimators * (15e-9 * rows * rows * columns + 10e-6 * rows)
  },

  async fit(features, target, options, seed, run) {
    const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
    checkTrainingSet(features, target, ROW_LIMITS)
    const module = new URL('./forest-task.ts', import.meta.url).href
    const chunks = await Promise.all(
      chunkSizes(hyperparameters.nEstimators).map((trees, chunk) => {
        const data: ForestChunk = { features, target, hyperparameters, seed, chunk, trees }
        return run<TrainedChunk>({ module, name: 'trainChunk', data })
      }),
    )
    const forest = joinForests(chunks.map((chunk) => chunk.forest))
    return new RandomForest(hyperparameters, features.columns, forest, meanOutOfBag(chunks, features.rows))
  },

  fromBytes(bytes) {
    const { facts, columns } = unpackArtifact(bytes)
    if (facts.algorithm !== 'RANDOM_FOREST') throw unreadable(`it is a ${String(facts.algorithm)}, not a RANDOM_FOREST`)
    const { outOfBag, ...forest } = columns as unknown as FlatForest & { outOfBag: Float64Array }
    checkForest(forest, facts.columns as number)
    return new RandomForest(facts.hyperparameters as Hyperparameters, facts.columns as number, forest, outOfBag)
  },
}

class RandomForest implements FittedModel {
  readonly algorithm = 'RANDOM_FOREST'
  readonly hyperparameters: Hyperparameters
  readonly columns: number
  readonly outOfBag: Float64Array
  readonly #forest: FlatForest

  constructor(hyperparameters: Hyperparameters, columns: number, forest: FlatForest, outOfBag: Float64Array) {
    this.hyperparameters = hyperparameters
    this.columns = columns
    this.outOfBag = outOfBag
    this.#forest = forest
  }

  predict(features: Matrix): Float64Array {
    if (features.columns !== this.columns) {
      throw new RangeError(`The model knows ${this.columns} features, the rows to predict have ${features.columns}.`)
    }
    return scoreForest(this.#forest, features)
  }

  toBytes(): Uint8Array {
    const { algorithm, hyperparameters, columns, outOfBag } = this
    return packArtifact({ facts: { algorithm, hyperparameters, columns }, columns: { ...this.#forest, outOfBag } })
  }

  describe(): Record<string, number> {
    const { roots, feature } = this.#forest
    return { trees: roots.length, nodes: feature.length, depth: forestDepth(this.#forest), features: this.columns }
  }
}

function chunkSizes(trees: number): number[] {
  const chunks = Math.ceil(trees / TREES_PER_CHUNK)
  return Array.from({ length: chunks }, (_, chunk) => Math.min(TREES_PER_CHUNK, trees - chunk * TREES_PER_CHUNK))
}

/** @returns f64[rows]; NaN for a row that every tree has seen */
function meanOutOfBag(chunks: readonly TrainedChunk[], rows: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0
    let count = 0
    for (const chunk of chunks) {
      sum += chunk.outOfBagSum[row]
      count += chunk.outOfBagCount[row]
    }
    return sum / count // 0 / 0 is NaN
  })
}
