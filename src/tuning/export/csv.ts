import type { Cell, Rows } from './columns.ts'

/** What a spreadsheet takes for the start of a formula. */
const FORMULA = /^[=+\-@\t\r]/

/** A table as CSV; times as ISO 8601. @param isFirst whether the names of the columns stand above it */
export function csv({ columns, rows }: Rows, isFirst = true): string {
  const head = isFirst ? csvRow(columns.map(({ name }) => name)) : ''
  const cell = (value: Cell, at: number): Cell =>
    columns[at].kind === 'TIME' && typeof value === 'number' ? new Date(value).toISOString() : value
  return head + rows.map((row) => csvRow(row.map(cell))).join('')
}

/** One row with its line end (RFC 4180). */
export function csvRow(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/**
 * One cell. Numbers stand as they are, with every digit they have. A text that a spreadsheet would run as a formula is
 * defused by a leading apostrophe; quotes stand around what needs them.
 */
export function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : ''
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
