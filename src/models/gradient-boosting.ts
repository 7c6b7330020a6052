import { packArtifact, unpackModel, unreadable } from './artifact.ts'
import type { BoostingTask, TrainedBoosting } from './boosting-task.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type FittedModel,
  type HyperparameterInfo,
  type Hyperparameters,
  type Matrix,
  type ShapValues,
} from './estimator.ts'
import { checkForest, forestDepth } from './flat-forest.ts'
import { ForestScorer } from './forest-scorer.ts'
import type { WeightedForest } from './growth.ts'
import { explainForest } from './tree-shap.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  {
    name: 'nEstimators',
    description: 'Trees, each learning from the errors of those before it.',
    default: 400,
    min: 1,
    max: 5000,
    integer: true,
  },
  {
    name: 'maxDepth',
    description: 'Comparisons from the root of a tree to a leaf, at most. 0 chooses by sample count: 3 to 5.',
    default: 0,
    min: 0,
    max: 16,
    integer: true,
  },
  {
    name: 'learningRate',
    description: 'Share of its step that a tree takes. Smaller steps want more trees.',
    default: 0.05,
    min: 0.001,
    max: 1,
    integer: false,
  },
  {
    name: 'subsample',
    description: 'Share of the rows that each tree learns from, drawn without replacement.',
    default: 0.7,
    min: 0.1,
    max: 1,
    integer: false,
  },
  {
    name: 'columnSample',
    description: 'Share of the features that each tree may use; at least one.',
    default: 1,
    min: 0.01,
    max: 1,
    integer: false,
  },
  {
    name: 'minChildWeight',
    description: 'Rows that a leaf must hold. 0 chooses by sample count: up to 10.',
    default: 0,
    min: 0,
    max: 10_000,
    integer: false,
  },
  {
    name: 'lambda',
    description: 'L2 penalty on the leaves, in rows: a leaf of lambda rows takes half its step.',
    default: 1,
    min: 0,
    max: 1000,
    integer: false,
  },
  {
    name: 'gamma',
    description: 'Gain that a split must bring, as XGBoost measures it on a target of variance 1.',
    default: 0,
    min: 0,
    max: 10_000,
    integer: false,
  },
  {
    name: 'earlyStoppingRounds',
    description: 'Stop when so many trees have not helped on 15 % of the rows, set aside; 0 never stops early.',
    default: 0,
    min: 0,
    max: 1000,
    integer: true,
  },
]

/** Counts of rows have 20 bits in the kernel; the memory of a thread ends before. */
const ROW_LIMITS = { minRows: 10, maxRows: 500_000 }

/**
 * Gradient boosting of regression trees with a squared loss and XGBoost's regularised objective (Chen and Guestrin
 * 2016), on histograms of up to 256 codes a feature. A model can be taken to XGBoost and back (`xgboost-json.ts`),
 * where it predicts the same bits.
 */
export const gradientBoosting: Estimator = {
  algorithm: 'XGBOOST',
  description: 'Adds small trees, each correcting those before it. The best on rough surfaces with enough samples.',
  hyperparameters: HYPERPARAMETERS,

  estimateSeconds(rows, columns, options = {}) {
    const resolved = bySampleCount(resolveHyperparameters(HYPERPARAMETERS, options), rows)
    const { nEstimators, subsample, maxDepth, minChildWeight } = resolved
    const leaves = Math.min(2 ** maxDepth, (subsample * rows) / (2 * minChildWeight))
    const tree = leaves * columns * 0.25e-6 + subsample * rows * maxDepth * (6.6e-9 + 0.5e-9 * columns)
    return 0.5e-3 + 0.1e-3 * columns + nEstimators * tree
  },

  async fit(features, target, options, seed, run) {
    const given = resolveHyperparameters(HYPERPARAMETERS, options)
    checkTrainingSet(features, target, ROW_LIMITS)
    const hyperparameters = bySampleCount(given, features.rows)
    const data: BoostingTask = { features, target, hyperparameters, seed }
    const module = new URL('./boosting-task.ts', import.meta.url).href
    const trained = await run<TrainedBoosting>({ module, name: 'trainBoosting', data })
    return new GradientBoosting(hyperparameters, features.columns, trained.forest, trained.baseScore)
  },

  fromBytes(bytes) {
    const { facts, columns, hyperparameters } = unpackModel(bytes, 'XGBOOST')
    const forest = columns as unknown as WeightedForest
    checkForest(forest, facts.columns as number)
    if (forest.cover.length !== forest.feature.length) throw unreadable('its columns differ in length')
    return new GradientBoosting(hyperparameters, facts.columns as number, forest, facts.baseScore as number)
  },
}

/** Fill in what is left to the sample count: the best found on smooth and on rough surfaces of each size. */
function bySampleCount(given: Hyperparameters, rows: number): Hyperparameters {
  return {
    ...given,
    maxDepth: given.maxDepth || (rows < 200 ? 3 : rows < 10_000 ? 4 : 5),
    minChildWeight: given.minChildWeight || Math.max(1, Math.min(Math.floor(rows / 14), 10)),
  }
}

export class GradientBoosting implements FittedModel {
  readonly algorithm = 'XGBOOST'
  readonly hyperparameters: Hyperparameters
  readonly columns: number
  /** every row has had a say in some tree */
  readonly outOfBag = null
  /** leaves are 32-bit numbers, and already multiplied by the learning rate */
  readonly forest: WeightedForest
  /** what the trees add to, a 32-bit number */
  readonly baseScore: number
  readonly #scorer: ForestScorer

  constructor(hyperparameters: Hyperparameters, columns: number, forest: WeightedForest, baseScore: number) {
    this.hyperparameters = hyperparameters
    this.columns = columns
    this.forest = forest
    this.baseScore = baseScore
    this.#scorer = new ForestScorer(forest, { single: true })
  }

  predict(features: Matrix): Float64Array {
    if (features.columns !== this.columns) {
      throw new RangeError(`The model knows ${this.columns} features, the rows to predict have ${features.columns}.`)
    }
    return this.#scorer.sum(features, this.baseScore)
  }

  shap(rows: Matrix, background: Matrix): ShapValues {
    return explainForest(this.forest, 1, (some) => this.predict(some), rows, background)
  }

  toBytes(): Uint8Array {
    const { algorithm, hyperparameters, columns, baseScore } = this
    return packArtifact({ facts: { algorithm, hyperparameters, columns, baseScore }, columns: { ...this.forest } })
  }

  describe(): Record<string, number> {
    const { roots, feature } = this.forest
    return { trees: roots.length, nodes: feature.length, depth: forestDepth(this.forest), features: this.columns }
  }
}
