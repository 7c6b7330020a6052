import { localKernel } from '../engine/wasm.ts'
import type { Matrix } from './estimator.ts'

export interface Neighbours {
  /** neighbours per query */
  k: number
  /** i32[queries × k], rows of the points, nearest first; of equally near ones the first row first */
  index: Int32Array
  /** f64[queries × k], Euclidean */
  distance: Float64Array
}

/** Queries that are in the memory of the kernel at a time. */
const QUERIES_AT_ONCE = 4096
/** f64 that the kernel wants for itself. */
const SCRATCH = 512

/**
 * The k nearest points of every query, by looking at all of them.
 *
 * @param k 1 ≤ k ≤ points
 *
 * O(queries × points × columns): 10,000 queries, 200 points and 10 columns take about 8 ms.
 */
export function nearestNeighbours(points: Matrix, queries: Matrix, k: number): Neighbours {
  return search(points, queries, k, QUERIES_AT_ONCE, false)
}

/** The k nearest other points of every point. @param k 1 ≤ k < points */
export function nearestOthers(points: Matrix, k: number): Neighbours {
  return search(points, points, k, points.rows, true)
}

/** f64[queries], mean of the first `count` neighbours' distances. */
export function meanDistance({ k, distance }: Neighbours, count = k): Float64Array {
  const means = new Float64Array(distance.length / k)
  for (let query = 0; query < means.length; query++) {
    let sum = 0
    for (let i = 0; i < count; i++) sum += distance[query * k + i]
    means[query] = sum / count
  }
  return means
}

/** f64[queries], mean of what `values` (f64[points]) says at the neighbours. */
export function meanOverNeighbours({ k, index }: Neighbours, values: ArrayLike<number>): Float64Array {
  const means = new Float64Array(index.length / k)
  for (let query = 0; query < means.length; query++) {
    let sum = 0
    for (let i = 0; i < k; i++) sum += values[index[query * k + i]]
    means[query] = sum / k
  }
  return means
}

/** @param itself the queries are the points, and none counts as its own neighbour; then all are searched at once */
function search(points: Matrix, queries: Matrix, k: number, atOnce: number, itself: boolean): Neighbours {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const { columns } = points
  const stride = Math.ceil(points.rows / 8) * 8
  const capacity = Math.min(atOnce, queries.rows)
  const pointsAt = arena.alloc(columns * stride * 8)
  const queriesAt = arena.alloc(capacity * columns * 8)
  const scratch = arena.alloc(SCRATCH * 8)
  const indexAt = arena.alloc(capacity * k * 4)
  const distanceAt = arena.alloc(capacity * k * 8)
  arena.float64(pointsAt, columns * stride).set(byColumns(points, stride))

  const index = new Int32Array(queries.rows * k)
  const distance = new Float64Array(queries.rows * k)
  for (let from = 0; from < queries.rows; from += capacity) {
    const count = Math.min(capacity, queries.rows - from)
    arena.float64(queriesAt, count * columns).set(queries.values.subarray(from * columns, (from + count) * columns))
    // prettier-ignore
    kernel.nearest(pointsAt, stride, columns, points.rows, queriesAt, count, itself ? 1 : 0, k, scratch, indexAt, distanceAt)
    index.set(arena.int32(indexAt, count * k), from * k)
    distance.set(arena.float64(distanceAt, count * k), from * k)
  }
  arena.release(mark)
  return { k, index, distance }
}

/** @returns f64[columns × stride], zeros behind the last point */
function byColumns({ rows, columns, values }: Matrix, stride: number): Float64Array {
  const turned = new Float64Array(columns * stride)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * stride + row] = values[row * columns + column]
  }
  return turned
}
