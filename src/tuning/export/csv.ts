/** A cell of a CSV file; null where a figure is not defined. */
export type Cell = string | number | null

/** What a spreadsheet takes for the start of a formula. */
const FORMULA = /^[=+\-@\t\r]/

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
