import { CombinedModel } from './combined-model.ts'
import type { FittedModel, Matrix, ShapValues } from './estimator.ts'
import { shapleyValues } from './shapley.ts'

/** Coalitions of features that are looked at for each row and background row, about, where a model has no fast way. */
const COALITIONS = 100

/**
 * Interventional Shapley values of any model: by the trees' own method where there is one, by sampled orders (exact up
 * to 6 features) elsewhere, and of a weighted mean of models the same mean of theirs. What the features of a row
 * contribute adds up to its prediction less `base`, the mean prediction of the background, in any case.
 *
 * @param background at least 1 row
 */
export function explain(model: FittedModel, rows: Matrix, background: Matrix, seed: number): ShapValues {
  if (model instanceof CombinedModel) return combine(model, rows, background, seed)
  if (model.shap) return model.shap(rows, background)
  const { columns } = rows
  const orders = Math.max(2, 2 * Math.floor(COALITIONS / (2 * columns)))
  const exactFeatures = Math.floor(Math.log2(COALITIONS))
  const predict = (part: Matrix) => model.predict(part)
  const { contributions, baseValue } = shapleyValues(predict, rows, background, seed, orders, exactFeatures)
  return { values: contributions.values, base: baseValue }
}

/** Shapley values are linear in the model. */
function combine({ members }: CombinedModel, rows: Matrix, background: Matrix, seed: number): ShapValues {
  const sum = { values: new Float64Array(rows.values.length), base: 0 }
  for (const { model, weight } of members) {
    const { values, base } = explain(model, rows, background, seed)
    values.forEach((value, cell) => (sum.values[cell] += weight * value))
    sum.base += weight * base
  }
  return sum
}

/** Whether all of a model's Shapley values come from its trees, hundreds of rows in milliseconds. */
export function explainsFast(model: FittedModel): boolean {
  if (model instanceof CombinedModel) return model.members.every((member) => explainsFast(member.model))
  return model.shap !== undefined
}
