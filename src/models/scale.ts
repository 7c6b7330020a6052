import { meanOverNeighbours, type Neighbours } from './neighbours.ts'

/**
 * How large the model's error is expected to be at a place: the scale s(x) by which residuals are made comparable.
 * Plain data, stored with the model.
 *
 * This kind averages |actual − predicted| over the nearest training points. A boosted model of the same errors, the
 * scale of the definitions, will be another kind beside it.
 */
export interface ScaleModel {
  kind: 'NEAREST'
  neighbours: number
  /** per training point, mean |actual − predicted out of sample| */
  errors: number[]
  /** added everywhere, so that a lucky corner does not promise certainty; > 0 unless the target is constant */
  floor: number
}

/** Neighbours to average over. @param points distinct training points, ≥ 2 */
export function scaleNeighbours(points: number): number {
  return Math.min(Math.max(10, Math.ceil(Math.sqrt(points))), points - 1)
}

/**
 * @param errors |actual − predicted out of sample| of each row, in units of the target
 * @param groups i32[rows], the point that a row is at
 * @param others the nearest other points of each point
 */
export function fitScale(errors: Float64Array, groups: Int32Array, others: Neighbours, floor: number): ScaleModel {
  const points = others.index.length / others.k
  const sums = new Float64Array(points)
  const counts = new Float64Array(points)
  errors.forEach((error, row) => {
    sums[groups[row]] += error
    counts[groups[row]]++
  })
  return { kind: 'NEAREST', neighbours: others.k, errors: Array.from(sums, (sum, at) => sum / counts[at]), floor }
}

/**
 * The scale at the places whose neighbours are given. For the training points themselves pass each one's nearest
 * others: a point's own error then does not enter its scale, which is what cross-fitting is for.
 *
 * @returns f64[queries], in units of the target
 */
export function scaleAt({ errors, floor }: ScaleModel, neighbours: Neighbours): Float64Array {
  return meanOverNeighbours(neighbours, errors).map((error) => error + floor)
}
