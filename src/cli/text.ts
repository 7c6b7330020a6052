import { stripVTControlCharacters } from 'node:util'

const NOTHING = '–'

/** 0.0853 → "8.5 %". */
export function percent(value: number | null | undefined, digits = 1): string {
  return isNumber(value) ? `${(100 * value).toFixed(digits)} %` : NOTHING
}

/** Three significant digits, without an exponent where that is readable. */
export function figure(value: number | null | undefined): string {
  if (!isNumber(value)) return NOTHING
  if (Number.isInteger(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 100_000 || size < 0.0001) return value.toExponential(2)
  return String(Number(value.toPrecision(size >= 100 ? 5 : 3)))
}

/** Enough digits for any coin: 118234.56, 0.00001234. */
export function price(value: number): string {
  return String(Number(value.toPrecision(8)))
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** 90 000 → "1 min 30 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** "2025-05-20T00:00:00.000Z" → "2025-05-20 00:00". */
export function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

/** @param share 0 … 1 */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

/**
 * Rows of cells as aligned columns, two spaces apart and two in front.
 *
 * @param align   one letter per column: l left, r right
 * @param columns of the screen: the last cell of a row is cut where it does not fit
 */
export function table(rows: readonly (readonly string[])[], align: string, columns = Infinity): string[] {
  const widths = Array.from(align, (_, column) => Math.max(0, ...rows.map((row) => width(row[column] ?? ''))))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + 2, 2)
  return rows.map((row) => {
    const cells = row.map((cell, column) => pad(cell, widths[column], align[column]))
    if (row.length === widths.length) cells.push(clip(cells.pop()!, columns - before))
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

/** Lines of at most `columns` characters, broken at spaces. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line && indent.length + line.length + 1 + word.length > columns) {
      lines.push(indent + line)
      line = word
    } else line = line ? `${line} ${word}` : word
  }
  return [...lines, indent + line]
}

function pad(cell: string, to: number, align: string): string {
  const space = ' '.repeat(Math.max(0, to - width(cell)))
  return align === 'r' ? space + cell : cell + space
}

/** Cells with colours are short; they are left alone. */
function clip(cell: string, to: number): string {
  return cell.trimEnd().length <= to || width(cell) < cell.length ? cell : `${cell.slice(0, Math.max(0, to - 1))}…`
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined
}
