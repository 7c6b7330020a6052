import { quantile } from '../engine/statistics.ts'
import type { Matrix } from './estimator.ts'
import { firstRows, groupRows } from './groups.ts'
import { columnOf, selectRows } from './matrix.ts'
import { meanDistance, type Neighbours } from './neighbours.ts'

/** The part of the parameter space that a model has seen. Plain data, stored with the model. */
export interface Domain {
  /** per parameter, the smallest and the largest value that was sampled */
  low: number[]
  high: number[]
  /** the distinct parameter vectors, row-major, each parameter scaled so that low is 0 and high is 1 */
  points: number[]
  /** mean distance to the nearest `DOMAIN_NEIGHBOURS` points beyond which a candidate stands alone */
  limit: number
}

/** Neighbours whose mean distance tells whether a place is crowded. */
export const DOMAIN_NEIGHBOURS = 5

/** Share of the points' own distances that counts as ordinary. */
const ORDINARY = 0.99

export interface DistinctPoints {
  /** each vector once, in the order of its first row, unscaled */
  points: Matrix
  /** i32[rows], which point a row is */
  groups: Int32Array
}

/** Rows of the same parameters, as several windows of one sample are, are one point. */
export function distinctPoints(parameters: Matrix): DistinctPoints {
  const groups = groupRows(parameters)
  return { points: selectRows(parameters, firstRows(groups)), groups }
}

/** The box around the points, with its limit still open. */
export function boxAround(points: Matrix): Pick<Domain, 'low' | 'high'> {
  const columns = Array.from({ length: points.columns }, (_, column) => columnOf(points, column))
  return {
    low: columns.map((column) => column.reduce((a, b) => Math.min(a, b))),
    high: columns.map((column) => column.reduce((a, b) => Math.max(a, b))),
  }
}

/** Scale each parameter to [0, 1] of the box; one that was never varied counts for nothing. */
export function scaleToBox({ low, high }: Pick<Domain, 'low' | 'high'>, parameters: Matrix): Matrix {
  const { rows, columns } = parameters
  const values = new Float64Array(rows * columns)
  for (let column = 0; column < columns; column++) {
    const from = low[column]
    const width = high[column] - from
    if (!(width > 0)) continue
    for (let cell = column; cell < values.length; cell += columns)
      values[cell] = (parameters.values[cell] - from) / width
  }
  return { rows, columns, values }
}

/** @param others each point's nearest other points */
export function domainLimit(others: Neighbours): number {
  return quantile(meanDistance(others, Math.min(DOMAIN_NEIGHBOURS, others.k)), ORDINARY)
}

/**
 * Where the model would have to extrapolate: outside the sampled box, or farther from the points than these are from
 * each other.
 *
 * @param parameters unscaled
 * @param neighbours the points nearest to each of them
 * @returns u8[rows], 1 = outside
 */
export function outsideDomain({ low, high, limit }: Domain, parameters: Matrix, neighbours: Neighbours): Uint8Array {
  const { rows, columns, values } = parameters
  const distance = meanDistance(neighbours, Math.min(DOMAIN_NEIGHBOURS, neighbours.k))
  const outside = new Uint8Array(rows)
  for (let row = 0, cell = 0; row < rows; row++) {
    let isOutside = distance[row] > limit
    for (let column = 0; column < columns; column++, cell++) {
      isOutside ||= !(values[cell] >= low[column] && values[cell] <= high[column])
    }
    outside[row] = isOutside ? 1 : 0
  }
  return outside
}
