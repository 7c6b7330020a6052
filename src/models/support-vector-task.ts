import type { Hyperparameters, Matrix } from './estimator.ts'
import { byColumns, padded, padVector, withKernel } from './scratch.ts'

/** Everything that one thread needs to train a support vector machine. */
export interface SupportVectorTask {
  /** standardised and divided by the width of the kernel */
  features: Matrix
  /** f64[rows], standardised */
  target: Float64Array
  hyperparameters: Hyperparameters
}

export interface TrainedSupportVectors {
  /** f64[rows], 0 for a row that is no support vector */
  beta: Float64Array
  intercept: number
  steps: number
}

/** Bytes for rows of the kernel matrix; up to 2,800 training rows all of them fit. */
const CACHE_BYTES = 64 * 2 ** 20
const STEPS_PER_ROW = 1000

/** Train a support vector machine in this thread. The outcome does not depend on the size of the cache. */
export function trainSupportVectors({ features, target, hyperparameters }: SupportVectorTask): TrainedSupportVectors {
  const { c, epsilon, tolerance } = hyperparameters
  const { rows, columns } = features
  const n = padded(rows)
  const slots = Math.max(2, Math.min(rows, Math.floor(CACHE_BYTES / (8 * n))))
  return withKernel(8 * n * (slots + columns), (kernel, arena) => {
    const x = arena.putFloat64(features.values)
    const points = arena.putFloat64(byColumns(features))
    const y = arena.putFloat64(padVector(target))
    const cache = arena.alloc(8 * slots * n)
    const index = arena.alloc(4 * (rows + slots))
    const beta = arena.alloc(8 * n)
    const error = arena.alloc(8 * n)
    const result = arena.alloc(16)
    const most = STEPS_PER_ROW * Math.max(100, rows)
    // prettier-ignore
    kernel.trainSvr(x, points, rows, n, columns, y, c, epsilon, tolerance, most, slots, cache, index, beta, error, result)
    const [intercept, steps] = arena.float64(result, 2)
    return { beta: arena.float64(beta, rows).slice(), intercept, steps }
  })
}
