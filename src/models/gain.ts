import { CombinedModel } from './combined-model.ts'
import type { FittedModel } from './estimator.ts'
import { GradientBoosting } from './gradient-boosting.ts'
import { RandomForest } from './random-forest.ts'

/**
 * How much the splits on each feature have lowered the error of the training rows, as shares that add up to 1. It
 * favours features of many values and says nothing about unseen rows: read it second. Of a combination of trees the
 * mean by their weights.
 *
 * @returns f64[columns]; null where there is no split at all, and for models that are not made of trees alone
 */
export function gainImportance(model: FittedModel): Float64Array | null {
  if (model instanceof GradientBoosting) return boostedGain(model)
  if (model instanceof RandomForest) return model.gain
  if (!(model instanceof CombinedModel)) return null
  const parts = model.members.map(({ model: member, weight }) => ({ gain: gainImportance(member), weight }))
  if (parts.some(({ gain }) => gain === null)) return null
  return new Float64Array(model.columns).map((_, column) =>
    parts.reduce((sum, { gain, weight }) => sum + weight * gain![column], 0),
  )
}

/**
 * A leaf of boosting is −η G / (H + λ), so that the gradients G of its rows, and by adding up those of every node, can
 * be told from the stored forest; the gain of a split is G²/(H + λ) of its two sides less that of the whole (Chen and
 * Guestrin 2016, eq. 7).
 */
function boostedGain(model: GradientBoosting): Float64Array | null {
  const { feature, number, left, cover } = model.forest
  const { learningRate, lambda } = model.hyperparameters
  const gradient = new Float64Array(feature.length)
  const gains = new Float64Array(model.columns)
  const worth = (node: number) => (gradient[node] * gradient[node]) / (cover[node] + lambda)
  for (let node = feature.length - 1; node >= 0; node--) {
    // children stand after their parent
    if (feature[node] < 0) {
      gradient[node] = (number[node] * (cover[node] + lambda)) / learningRate
      continue
    }
    const [low, high] = [left[node], left[node] + 1]
    gradient[node] = gradient[low] + gradient[high]
    gains[feature[node]] += Math.max(0, worth(low) + worth(high) - worth(node))
  }
  const total = gains.reduce((sum, gain) => sum + gain, 0)
  return total > 0 ? gains.map((gain) => gain / total) : null
}
