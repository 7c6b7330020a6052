import type { Matrix } from './estimator.ts'

/** @param rows all of the same length */
export function matrixOf(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0
  const values = new Float64Array(rows.length * columns)
  rows.forEach((row, at) => values.set(row, at * columns))
  return { rows: rows.length, columns, values }
}

/** One row, as a view. */
export function rowOf({ columns, values }: Matrix, row: number): Float64Array {
  return values.subarray(row * columns, (row + 1) * columns)
}

/** One column, as a copy. */
export function columnOf({ rows, columns, values }: Matrix, column: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => values[row * columns + column])
}

export function selectRows(matrix: Matrix, rows: Int32Array): Matrix {
  const values = new Float64Array(rows.length * matrix.columns)
  rows.forEach((row, at) => values.set(rowOf(matrix, row), at * matrix.columns))
  return { rows: rows.length, columns: matrix.columns, values }
}

/** The matrix itself where these are all of its columns in their order. */
export function selectColumns(matrix: Matrix, columns: Int32Array): Matrix {
  if (columns.length === matrix.columns && columns.every((column, at) => column === at)) return matrix
  const values = new Float64Array(matrix.rows * columns.length)
  for (let row = 0, to = 0; row < matrix.rows; row++) {
    for (let at = 0; at < columns.length; at++) values[to++] = matrix.values[row * matrix.columns + columns[at]]
  }
  return { rows: matrix.rows, columns: columns.length, values }
}

/** The entries of a vector that belong to `rows`. */
export function selectValues(values: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row])
}
