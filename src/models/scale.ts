import { unreadable } from './artifact.ts'
import { trainBoosting } from './boosting-task.ts'
import type { Hyperparameters, Matrix } from './estimator.ts'
import { ForestScorer } from './forest-scorer.ts'
import { groupCount } from './groups.ts'
import { selectRows, selectValues } from './matrix.ts'
import { repeatedFolds } from './split.ts'

/**
 * How large the model's error is expected to be at a place: the scale s(x) by which residuals are made comparable.
 * A small boosted model of |actual − predicted out of sample|, and a floor. Plain data, stored with the model.
 */
export interface ScaleModel {
  kind: 'BOOSTED'
  /** what the trees add to, a 32-bit number */
  base: number
  /** the columns of a `FlatForest`; leaves are 32-bit numbers. Empty where there is too little to learn from */
  trees: { roots: number[]; feature: number[]; number: number[]; left: number[] }
  /** added everywhere, so that a lucky corner does not promise certainty; > 0 unless the target is constant */
  floor: number
}

export interface ScaleInput {
  parameters: Matrix
  /** f64[rows], |actual − predicted out of sample|, in units of the target */
  errors: Float64Array
  /** i32[rows], the point that a row is at; rows of a point are never on both sides of a fold */
  groups: Int32Array
  floor: number
}

export interface FittedScale {
  scale: ScaleModel
  /** f64[rows], the scale at each row by a model that has not seen its error: cross-fitted */
  atRows: Float64Array
}

const FOLDS = 5
/** With fewer points the mean error is all that can be said. */
const MIN_POINTS = 20
const SEED = 1

/** Errors are noisy: few shallow trees on leaves of many rows. */
const SETTINGS = {
  nEstimators: 60,
  maxDepth: 3,
  learningRate: 0.05,
  subsample: 1,
  columnSample: 1,
  lambda: 1,
  gamma: 0,
  earlyStoppingRounds: 0,
}

/** Share of the rows that a leaf must hold, and the least that it ever may. */
const LEAF_SHARE = 0.1
const MIN_LEAF = 5

/** Fit the scale: six small boosted models, about 10 ms for 1,000 rows. */
export function fitScale({ parameters, errors, groups, floor }: ScaleInput): FittedScale {
  const all = Int32Array.from(errors.keys())
  const scale = train(parameters, errors, all, groups, floor)
  const atRows = new Float64Array(errors.length)
  const folds = repeatedFolds(groups, SEED, Math.min(FOLDS, groupCount(groups)), 1)
  for (const { train: seen, validation } of folds) {
    const partial = train(parameters, errors, seen, groups, floor)
    const scales = scaleAt(partial, selectRows(parameters, validation))
    validation.forEach((row, at) => (atRows[row] = scales[at]))
  }
  return { scale, atRows }
}

function train(
  parameters: Matrix,
  errors: Float64Array,
  rows: Int32Array,
  groups: Int32Array,
  floor: number,
): ScaleModel {
  const target = selectValues(errors, rows)
  const nEstimators = new Set(Array.from(rows, (row) => groups[row])).size >= MIN_POINTS ? SETTINGS.nEstimators : 0
  const minChildWeight = Math.max(MIN_LEAF, Math.round(LEAF_SHARE * rows.length))
  const hyperparameters: Hyperparameters = { ...SETTINGS, nEstimators, minChildWeight }
  const features = selectRows(parameters, rows)
  const { forest, baseScore } = trainBoosting({ features, target, hyperparameters, seed: SEED })
  const { roots, feature, number, left } = forest
  return {
    kind: 'BOOSTED',
    base: baseScore,
    trees: { roots: [...roots], feature: [...feature], number: [...number], left: [...left] },
    floor,
  }
}

/** Scorers of scales, as long as these are in use. */
const scorers = new WeakMap<ScaleModel, ForestScorer>()

/** The scale at some places. @returns f64[rows], in units of the target */
export function scaleAt(scale: ScaleModel, parameters: Matrix): Float64Array {
  const { base, trees, floor } = scale
  if (trees.roots.length === 0) return new Float64Array(parameters.rows).fill(base + floor)
  return scorerOf(scale)
    .sum(parameters, base)
    .map((error) => Math.max(0, error) + floor)
}

function scorerOf(scale: ScaleModel): ForestScorer {
  const known = scorers.get(scale)
  if (known) return known
  const { roots, feature, number, left } = scale.trees
  const forest = {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    number: Float64Array.from(number),
    left: Int32Array.from(left),
  }
  const scorer = new ForestScorer(forest, { single: true })
  scorers.set(scale, scorer)
  return scorer
}

/** @throws DomainError MODEL_UNREADABLE */
export function checkScale({ kind }: ScaleModel): void {
  if (kind !== 'BOOSTED') throw unreadable(`its confidence is of the kind ${String(kind)}, which is no longer known`)
}
