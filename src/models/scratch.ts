import { Arena, engineModule, instantiate, localKernel, type Kernel } from '../engine/wasm.ts'
import type { Matrix } from './estimator.ts'

/** Work that needs more memory than this gets an instance of its own: the memory of an instance never shrinks. */
const LOCAL_BYTES = 64 * 2 ** 20

/**
 * Do some work in the memory of a kernel; what was allocated is free again afterwards.
 *
 * @param bytes about as much as will be needed
 */
export function withKernel<T>(bytes: number, work: (kernel: Kernel, arena: Arena) => T): T {
  if (bytes > LOCAL_BYTES) {
    const arena = new Arena(bytes)
    return work(instantiate(engineModule(), arena.memory), arena)
  }
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  try {
    return work(kernel, arena)
  } finally {
    arena.release(mark)
  }
}

/** The next multiple of 8: the kernels take eight points at a time. */
export function padded(count: number): number {
  return Math.ceil(count / 8) * 8
}

/** f64[columns × padded rows], column by column, with zeros behind the last row. */
export function byColumns({ rows, columns, values }: Matrix): Float64Array {
  const stride = padded(rows)
  const turned = new Float64Array(columns * stride)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * stride + row] = values[row * columns + column]
  }
  return turned
}

/** The same numbers with zeros behind them, as many as the kernels read. */
export function padVector(values: Float64Array): Float64Array {
  const out = new Float64Array(padded(values.length))
  out.set(values)
  return out
}

/** Rows that are predicted at a time, so that memory does not grow with the request. */
const ROWS_AT_ONCE = 1024

/**
 * Predict in parts.
 *
 * @param predict fills f64[rows of the part]
 * @throws RangeError rows with other columns than the model knows: a bug of the caller
 */
export function predictInParts(
  columns: number,
  features: Matrix,
  predict: (part: Matrix, out: Float64Array) => void,
): Float64Array {
  if (features.columns !== columns) {
    throw new RangeError(`The model knows ${columns} features, the rows to predict have ${features.columns}.`)
  }
  const out = new Float64Array(features.rows)
  for (let from = 0; from < features.rows; from += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, features.rows - from)
    const values = features.values.subarray(from * columns, (from + rows) * columns)
    predict({ rows, columns, values }, out.subarray(from, from + rows))
  }
  return out
}
