import { turn } from './turn.ts'
import { Random } from '../engine/random.ts'
import { mean, r2, spearman, standardDeviation } from '../engine/statistics.ts'
import type { Matrix } from './estimator.ts'
import { columnOf, selectRows, selectValues } from './matrix.ts'
import { someRows } from './split.ts'

/** Rows in, predictions out. */
export type Predict = (rows: Matrix) => Float64Array

export interface FeatureImportance {
  feature: string
  /**
   * Share, 0…1, in the help that all features together give. The shares add up to 1, or are all 0 where no feature
   * helps on unseen rows: then there is nothing to share.
   */
  importance: number
  /** of `importance` over the repeats, in the same unit; the total that is shared is taken as certain */
  standardDeviation: number
  /** 1 = most important; of equals the first feature first */
  rank: number
  /** f64[repeats], the R² that was lost each time the feature was shuffled; may be negative */
  losses: Float64Array
}

/** Which row each row takes a column's value from, in one repeat. */
export type Shuffles = (column: number, repeat: number) => Int32Array

const REPEATS = 10

/** Rows that are shuffled and predicted anew, ten times for each feature: more would rank them alike. */
const MOST_ROWS = 2000

/** Streams of their own, so that no shuffle repeats a draw of a sampler with the same seed. */
const SHUFFLE_STREAM = 0x73687566
const ROWS_STREAM = 0x726f7773

/**
 * Permutation importance (Breiman 2001): how much R² is lost when one column is shuffled and its tie to the target
 * is cut. Measure it on rows that the model has not seen: on the training rows it would praise what was memorised.
 * Of more than 2,000 rows a seeded part is looked at. Of many rows, others have a turn of the event loop between two
 * columns.
 *
 * @param target f64[rows]; where it is constant nothing can be lost
 */
export async function permutationImportance(
  predict: Predict,
  features: Matrix,
  names: readonly string[],
  target: Float64Array,
  seed: number,
  repeats = REPEATS,
): Promise<FeatureImportance[]> {
  const chosen = someRows(features.rows, MOST_ROWS, seed, ROWS_STREAM)
  const [rows, actual] = [selectRows(features, chosen), selectValues(target, chosen)]
  const shuffles: Shuffles = (column, repeat) =>
    new Random(seed, SHUFFLE_STREAM + column * REPEATS + repeat).permutation(rows.rows)
  const losses: Float64Array[] = []
  for (const column of names.keys()) {
    await turn(features.rows)
    losses.push(permutationLosses(predict, rows, actual, column, shuffles, repeats))
  }
  return rankImportance(names, losses)
}

/** @returns f64[repeats], the R² lost by shuffling one column */
export function permutationLosses(
  predict: Predict,
  features: Matrix,
  target: Float64Array,
  column: number,
  shuffles: Shuffles,
  repeats: number,
): Float64Array {
  const { rows, columns } = features
  const baseline = r2(target, predict(features))
  if (baseline === null) return new Float64Array(repeats)

  const original = columnOf(features, column)
  const stacked = new Float64Array(repeats * features.values.length) // all repeats in one call
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = repeat * features.values.length
    stacked.set(features.values, start)
    shuffles(column, repeat).forEach((from, row) => (stacked[start + row * columns + column] = original[from]))
  }
  const predicted = predict({ rows: repeats * rows, columns, values: stacked })
  return Float64Array.from({ length: repeats }, (_, repeat) => {
    return baseline - r2(target, predicted.subarray(repeat * rows, (repeat + 1) * rows))!
  })
}

/** Turn losses into shares and ranks. A feature that seems to do harm is one that does not help. */
export function rankImportance(names: readonly string[], losses: readonly Float64Array[]): FeatureImportance[] {
  const help = losses.map((loss) => Math.max(mean(loss), 0))
  return share(names, losses, help)
}

/**
 * Importance of the raw parameters: that of the features made of them added up, a feature of several parameters
 * shared equally among them. A feature that is made of no parameter, such as the hour of the day, stands for itself.
 *
 * @param parametersOf the parameters behind each engineered feature; a feature that is left out stands for itself
 */
export function groupedImportance(
  importances: readonly FeatureImportance[],
  parametersOf: ReadonlyMap<string, readonly string[]>,
): FeatureImportance[] {
  const groups = new Map<string, { losses: Float64Array; help: number }>()
  for (const { feature, losses } of importances) {
    const parameters = parametersOf.get(feature) ?? []
    const owners = parameters.length > 0 ? parameters : [feature]
    const help = Math.max(mean(losses), 0) / owners.length
    for (const owner of owners) {
      const group = groups.get(owner) ?? { losses: new Float64Array(losses.length), help: 0 }
      losses.forEach((loss, repeat) => (group.losses[repeat] += loss / owners.length))
      group.help += help
      groups.set(owner, group)
    }
  }
  const parts = [...groups.values()]
  return share(
    [...groups.keys()],
    parts.map(({ losses }) => losses),
    parts.map(({ help }) => help),
  )
}

function share(
  names: readonly string[],
  losses: readonly Float64Array[],
  help: readonly number[],
): FeatureImportance[] {
  const total = help.reduce((sum, part) => sum + part, 0)
  const order = [...names.keys()].sort((a, b) => mean(losses[b]) - mean(losses[a]) || a - b)
  const rank = new Map(order.map((feature, at) => [feature, at + 1]))
  return names.map((feature, at) => ({
    feature,
    importance: total > 0 ? help[at] / total : 0,
    standardDeviation: total > 0 ? standardDeviation(losses[at]) / total : 0,
    rank: rank.get(at)!,
    losses: losses[at],
  }))
}

/** Largest share that one parameter may have before the model is a rule of thumb. */
const MAX_CONCENTRATION = 0.9
const MIN_STABILITY = 0.5

/**
 * Whether the importances look like knowledge rather than chance: some feature's help is clear of its own noise, not
 * all of it comes from one parameter, and the folds of a cross-validation agree on the order.
 *
 * @param stability as `importanceStability` gives; null skips the question
 */
export function isImportanceReasonable(
  byFeature: readonly FeatureImportance[],
  byParameter: readonly FeatureImportance[],
  stability: number | null,
): boolean {
  const signal = byFeature.some(
    ({ losses }) => mean(losses) - (2 * standardDeviation(losses)) / Math.sqrt(losses.length) > 0,
  )
  const concentrated = byParameter.length > 1 && byParameter.some(({ importance }) => importance > MAX_CONCENTRATION)
  return signal && !concentrated && (stability === null || stability >= MIN_STABILITY)
}

/**
 * Mean rank correlation between every two folds' mean losses; a fold in which nothing differs agrees with none.
 *
 * @param folds one row per fold, one entry per feature
 * @returns −1…1; null with fewer than 3 features or 2 folds
 */
export function importanceStability(folds: readonly Float64Array[]): number | null {
  if (folds.length < 2 || folds[0].length < 3) return null
  const agreements = folds.flatMap((a, at) => folds.slice(at + 1).map((b) => spearman(a, b) ?? 0))
  return mean(Float64Array.from(agreements))
}
