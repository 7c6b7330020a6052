import { CANDLE_COLUMNS } from '../engine/candles.ts'
import type { CandleCollector } from './collector.ts'
import { matchColumns, missingColumns } from './header.ts'

const TIME = 0

/** A column of a binary format: its value in a row, null where it is empty. */
export type Cells = (row: number) => unknown

/** Binary files unpack to at most so many bytes a column or page; a million candles are 8 MB. */
export const MAX_UNPACKED_BYTES = 2 ** 28

/**
 * Which column of a table holds what.
 *
 * @returns the names in the order of CANDLE_COLUMNS
 * @throws ValidationError INVALID_FORMAT: one is missing
 */
export function candleColumnNames(names: readonly string[], into: CandleCollector): string[] {
  const { roles, missing } = matchColumns(names)
  if (missing.length > 0) into.problems.fail('INVALID_FORMAT', null, null, missingColumns(missing, names))
  return CANDLE_COLUMNS.map((_, column) => names[roles.indexOf(column)])
}

/** Take the next `count` rows of a table. @param columns in the order of CANDLE_COLUMNS; times in ms, or any form */
export function acceptColumns(columns: readonly Cells[], count: number, into: CandleCollector): void {
  for (let row = 0; row < count; row++) {
    into.row++
    let good = true
    for (let column = 0; column < columns.length; column++) {
      good = set(into, column, columns[column](row)) && good
    }
    if (good) into.accept()
  }
}

function set(into: CandleCollector, column: number, value: unknown): boolean {
  if (typeof value === 'bigint') return set(into, column, Number(value))
  if (typeof value === 'string') return into.setText(column, value.trim())
  if (value === null || value === undefined) {
    return into.refuse(column, 'is empty. Every row needs a time, four prices and a volume.')
  }
  if (typeof value !== 'number') return into.refuse(column, `is ${typeof value}, not a number.`)
  if (!Number.isFinite(value)) return into.refuse(column, `is ${value}, not a finite number.`)
  if (column === TIME) return into.setTime(value)
  into.cells[column] = value
  return true
}
