import { modelFromBytes } from './algorithms.ts'
import type { Matrix, TaskRunner } from './estimator.ts'
import { explain, explainsFast } from './explain.ts'
import type { FittedModel, ShapValues } from './estimator.ts'
import { selectRows } from './matrix.ts'

export interface ExplainTask {
  /** of the model */
  bytes: Uint8Array
  rows: Matrix
  background: Matrix
  seed: number
}

/** In a compute thread. */
export function explainTask({ bytes, rows, background, seed }: ExplainTask): ShapValues {
  return explain(modelFromBytes(bytes), rows, background, seed)
}

/** Rows to explain and rows to compare with, at most: fewer where a model has no fast way. */
const FAST = { rows: 100, background: 100, rowsPerTask: 50 }
const SLOW = { rows: 30, background: 30, rowsPerTask: 5 }

/** Some rows of a model, explained. */
export interface Explained extends ShapValues {
  /** the rows that were explained */
  rows: Matrix
}

/**
 * Explain some of the rows against some of the background, in parts that depend on their number alone.
 *
 * @param rows, background both with at least one row; the first ones are taken
 */
export async function explainRows(
  model: FittedModel,
  rows: Matrix,
  background: Matrix,
  seed: number,
  run: TaskRunner,
): Promise<Explained> {
  const limits = explainsFast(model) ? FAST : SLOW
  const chosen = firstOf(rows, limits.rows)
  const data = { bytes: model.toBytes(), background: firstOf(background, limits.background) }
  const starts = Array.from({ length: Math.ceil(chosen.rows / limits.rowsPerTask) }, (_, at) => at * limits.rowsPerTask)
  const parts = await Promise.all(
    starts.map((from) => {
      const part = range(chosen, from, Math.min(chosen.rows, from + limits.rowsPerTask))
      const task: ExplainTask = { ...data, rows: part, seed: seed + from }
      return run<ShapValues>({ module: import.meta.url, name: 'explainTask', data: task })
    }),
  )
  const values = Float64Array.from(parts.flatMap((part) => [...part.values]))
  return { rows: chosen, values, base: parts[0].base }
}

function firstOf(matrix: Matrix, count: number): Matrix {
  return range(matrix, 0, Math.min(count, matrix.rows))
}

function range(matrix: Matrix, from: number, to: number): Matrix {
  return selectRows(
    matrix,
    Int32Array.from({ length: to - from }, (_, at) => from + at),
  )
}
