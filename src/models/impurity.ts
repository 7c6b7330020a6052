import type { WeightedForest } from './growth.ts'

/**
 * How much the splits on each feature have lowered the squared error of the rows of their tree, as shares of that tree,
 * summed over the trees (Breiman 2001; scikit-learn's `feature_importances_` before they are normalised).
 *
 * A leaf is the mean of its rows, so that sums of the target follow from values and covers, from the leaves up.
 *
 * @returns f64[columns]; their sum is the number of trees that have a split
 */
export function impurityDecrease(
  { roots, feature, number, left, cover }: WeightedForest,
  columns: number,
): Float64Array {
  const sums = new Float64Array(feature.length)
  const decreases = new Float64Array(columns)
  const squares = (node: number): number => (sums[node] * sums[node]) / cover[node]
  for (let tree = roots.length - 1, end = feature.length; tree >= 0; end = roots[tree--]) {
    const own = new Float64Array(columns)
    for (let node = end - 1; node >= roots[tree]; node--) {
      // children stand after their parent
      const [low, high] = [left[node], left[node] + 1]
      sums[node] = feature[node] < 0 ? number[node] * cover[node] : sums[low] + sums[high]
      if (feature[node] >= 0) own[feature[node]] += Math.max(0, squares(low) + squares(high) - squares(node))
    }
    const total = own.reduce((sum, decrease) => sum + decrease, 0)
    if (total > 0) own.forEach((decrease, column) => (decreases[column] += decrease / total))
  }
  return decreases
}
