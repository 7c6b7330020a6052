import type { Predict } from '../../src/models/importance.ts'
import { rowOf } from '../../src/models/matrix.ts'

/** A formula, as the model that somebody might have learned. */
export function predictWith(formula: (row: Float64Array) => number): Predict {
  return (rows) => Float64Array.from({ length: rows.rows }, (_, row) => formula(rowOf(rows, row)))
}
