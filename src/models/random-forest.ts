import { ValidationError } from '../errors.ts'
import { packArtifact, unpackModel } from './artifact.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type FittedModel,
  type HyperparameterInfo,
  type Hyperparameters,
  type Matrix,
  type ShapValues,
  type TaskRunner,
} from './estimator.ts'
import { checkForest, forestDepth, joinForests, type FlatForest } from './flat-forest.ts'
import { ForestScorer } from './forest-scorer.ts'
import type { ForestChunk, TrainedChunk } from './forest-task.ts'
import type { HistogramChunk } from './histogram-forest.ts'
import { explainForest } from './tree-shap.ts'

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
    description: 'Share of the features that each node looks at (engine 1: that each tree may use); at least one.',
    default: 1,
    min: 0.01,
    max: 1,
    integer: false,
  },
  {
    name: 'extraTrees',
    description: '1: one random cut a feature instead of the best one. Smoother; often better with few samples.',
    default: 0,
    min: 0,
    max: 1,
    integer: true,
  },
  {
    name: 'bootstrap',
    description: '1: each tree learns from rows drawn with replacement; 0: from all, then without out-of-bag scores.',
    default: 1,
    min: 0,
    max: 1,
    integer: true,
  },
  {
    name: 'engine',
    description:
      '0, "built-in": our own trainer. 1, "ml-random-forest": that package, some hundred times slower, for comparison.',
    default: 0,
    min: 0,
    max: 1,
    integer: true,
    names: ['built-in', 'ml-random-forest'],
  },
]

/** What the trainers are called in messages. */
const ML_RANDOM_FOREST = 1

/** Fixed, so that the forest is the same for any number of threads. */
const TREES_PER_CHUNK = 10

/** Fewer rows and a bootstrap sample may leave no row out. */
const ROW_LIMITS = { minRows: 20, maxRows: 500_000 }

/** With more, a forest of ml-random-forest takes an hour. */
const ML_ROW_LIMITS = { minRows: 20, maxRows: 5000 }

/**
 * Bagged regression trees (Breiman 2001), or extremely randomised ones (Geurts, Ernst and Wehenkel 2006).
 *
 * Our own kernel grows them on histograms of up to 256 codes a feature. `engine` 1 has ml-random-forest grow them: it
 * draws features once per tree and not at each split, and does not split a root that a single threshold would explain
 * without any error; such a target is answered by its mean. Both end in the same form and are scored alike.
 */
export const randomForest: Estimator = {
  algorithm: 'RANDOM_FOREST',
  description: 'Averages trees grown on bootstrap samples. Robust with its defaults; cannot extrapolate.',
  hyperparameters: HYPERPARAMETERS,

  estimateSeconds(rows, columns, options = {}) {
    const { nEstimators, engine, extraTrees, minNumSamples } = resolveHyperparameters(HYPERPARAMETERS, options)
    if (engine === ML_RANDOM_FOREST) return nEstimators * (15e-9 * rows * rows * columns + 10e-6 * rows)
    const levels = Math.log2(Math.max(2, rows / minNumSamples))
    const each = extraTrees === 1 ? 7e-9 + 6.7e-9 * columns : 19.5e-9 + 3.05e-9 * columns
    return 1.5e-3 + nEstimators * rows * levels * each
  },

  async fit(features, target, options, seed, run) {
    const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
    checkEngine(hyperparameters)
    const isOwn = hyperparameters.engine !== ML_RANDOM_FOREST
    checkTrainingSet(features, target, isOwn ? ROW_LIMITS : ML_ROW_LIMITS)
    const train = isOwn ? trainOwn : trainMl
    const chunks = await train(features, target, hyperparameters, seed, run)
    const forest = joinForests(chunks.map((chunk) => chunk.forest))
    const outOfBag = hyperparameters.bootstrap === 1 ? meanOutOfBag(chunks, features.rows) : null
    return new RandomForest(hyperparameters, features.columns, forest, outOfBag, meanDecrease(chunks))
  },

  fromBytes(bytes) {
    const { facts, columns, hyperparameters } = unpackModel(bytes, 'RANDOM_FOREST')
    const { outOfBag, gain, ...forest } = columns as unknown as FlatForest & Partial<Record<string, Float64Array>>
    checkForest(forest, facts.columns as number)
    return new RandomForest(hyperparameters, facts.columns as number, forest, outOfBag ?? null, gain ?? null)
  },
}

/** What one engine has and the other has not. @throws ValidationError */
function checkEngine({ engine, extraTrees, bootstrap }: Hyperparameters): void {
  if (engine !== ML_RANDOM_FOREST) return
  const refused = [
    ...(extraTrees === 1
      ? [['extraTrees', 'ml-random-forest has no random cuts. Set extraTrees to 0 or engine to 0.']]
      : []),
    ...(bootstrap === 0
      ? [['bootstrap', 'ml-random-forest always bootstraps. Set bootstrap to 1 or engine to 0.']]
      : []),
  ]
  if (refused.length > 0) {
    throw new ValidationError(refused.map(([name, message]) => ({ path: ['hyperparameters', name], message })))
  }
}

type Train = (
  features: Matrix,
  target: Float64Array,
  hyperparameters: Hyperparameters,
  seed: number,
  run: TaskRunner,
) => Promise<TrainedChunk[]>

const trainOwn: Train = (features, target, hyperparameters, seed, run) => {
  const module = new URL('./histogram-forest.ts', import.meta.url).href
  const size = treesPerTask(features.rows * features.columns)
  return Promise.all(
    chunkSizes(hyperparameters.nEstimators, size).map((trees, chunk) => {
      const data: HistogramChunk = { features, target, hyperparameters, seed, first: chunk * size, trees }
      return run<TrainedChunk>({ module, name: 'growChunk', data })
    }),
  )
}

const trainMl: Train = (features, target, hyperparameters, seed, run) => {
  const module = new URL('./forest-task.ts', import.meta.url).href
  return Promise.all(
    chunkSizes(hyperparameters.nEstimators, TREES_PER_CHUNK).map((trees, chunk) => {
      const data: ForestChunk = { features, target, hyperparameters, seed, chunk, trees }
      return run<TrainedChunk>({ module, name: 'trainChunk', data })
    }),
  )
}

/** Every task bins the training set anew: small sets go in few tasks. Depends on the data alone, not on the threads. */
function treesPerTask(cells: number): number {
  return cells > 50_000 ? TREES_PER_CHUNK : 5 * TREES_PER_CHUNK
}

export class RandomForest implements FittedModel {
  readonly algorithm = 'RANDOM_FOREST'
  readonly hyperparameters: Hyperparameters
  readonly columns: number
  readonly outOfBag: Float64Array | null
  readonly forest: FlatForest
  /** f64[columns], see `gainImportance`; null where it is not known, and for models of older versions */
  readonly gain: Float64Array | null
  readonly #scorer: ForestScorer

  constructor(
    hyperparameters: Hyperparameters,
    columns: number,
    forest: FlatForest,
    outOfBag: Float64Array | null,
    gain: Float64Array | null,
  ) {
    this.gain = gain
    this.hyperparameters = hyperparameters
    this.columns = columns
    this.outOfBag = outOfBag
    this.forest = forest
    this.#scorer = new ForestScorer(forest, { single: false })
  }

  /** Leaves are added in the order of the trees and then divided by their number, bit for bit as ml-random-forest does. */
  predict(features: Matrix): Float64Array {
    if (features.columns !== this.columns) {
      throw new RangeError(`The model knows ${this.columns} features, the rows to predict have ${features.columns}.`)
    }
    const trees = this.forest.roots.length
    const sums = this.#scorer.sum(features)
    for (let row = 0; row < sums.length; row++) sums[row] /= trees
    return sums
  }

  shap(rows: Matrix, background: Matrix): ShapValues {
    return explainForest(this.forest, 1 / this.forest.roots.length, (some) => this.predict(some), rows, background)
  }

  toBytes(): Uint8Array {
    const { algorithm, hyperparameters, columns, outOfBag, gain } = this
    const optional = { ...(outOfBag && { outOfBag }), ...(gain && { gain }) }
    return packArtifact({ facts: { algorithm, hyperparameters, columns }, columns: { ...this.forest, ...optional } })
  }

  describe(): Record<string, number> {
    const { roots, feature } = this.forest
    return { trees: roots.length, nodes: feature.length, depth: forestDepth(this.forest), features: this.columns }
  }
}

function chunkSizes(trees: number, size: number): number[] {
  const chunks = Math.ceil(trees / size)
  return Array.from({ length: chunks }, (_, chunk) => Math.min(size, trees - chunk * size))
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

/** @returns f64[columns], shares that add up to 1; null where no tree has a split, or nobody knows its worth */
function meanDecrease(chunks: readonly TrainedChunk[]): Float64Array | null {
  const decreases = chunks.flatMap((chunk) => chunk.decreases ?? [])
  if (decreases.length < chunks.length) return null
  const sums = decreases[0].map((_, column) => decreases.reduce((sum, each) => sum + each[column], 0))
  const total = sums.reduce((sum, each) => sum + each, 0)
  return total > 0 ? sums.map((sum) => sum / total) : null
}
