import type { Matrix } from './estimator.ts'
import { rowOf } from './matrix.ts'

/**
 * Rows with the same numbers form a group. Rows of one group never stand on both sides of a split, or the model would
 * be examined on what it has learned.
 *
 * @returns i32[rows], the number of each row's group, 0, 1, … in the order of appearance; −0 equals 0
 */
export function groupRows(matrix: Matrix): Int32Array {
  return groupBy(matrix.rows, (row) => rowOf(matrix, row).join())
}

/** The same for rows that are told apart by a key. */
export function groupBy(rows: number, keyOf: (row: number) => string): Int32Array {
  const numbers = new Map<string, number>()
  return Int32Array.from({ length: rows }, (_, row) => {
    const key = keyOf(row)
    const group = numbers.get(key) ?? numbers.size
    numbers.set(key, group)
    return group
  })
}

export function groupCount(groups: Int32Array): number {
  return groups.reduce((most, group) => Math.max(most, group + 1), 0)
}

/** @returns the first row of each group, ascending */
export function firstRows(groups: Int32Array): Int32Array {
  const first: number[] = []
  groups.forEach((group, row) => {
    if (group === first.length) first.push(row)
  })
  return Int32Array.from(first)
}
