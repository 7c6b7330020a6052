import type { CandleCollector } from './collector.ts'
import { IGNORED, matchColumns, missingColumns, standardColumns } from './header.ts'
import { shown } from './problems.ts'
import { wholeLines } from './text.ts'

const LF = 10
const CR = 13
const QUOTE = 34
const POINT = 46
const ZERO = 48
const NINE = 57

const TIME = 0
const SEPARATORS = [',', ';', '\t']
/** Powers that a double holds exactly. An exact integer divided by one of them is the nearest double to the decimal. */
const POWERS = Float64Array.from({ length: 23 }, (_, digits) => Number(`1e${digits}`))
/** Longer digit strings, and all other forms, go to `Number`. */
const MAX_DIGITS = 16
const EXACT_INTEGERS = 2 ** 53

/**
 * Read candles from CSV: with a header in any order, or without one as time, open, high, low, close, volume (Binance's
 * files among them). The separator is a comma, a semicolon or a tab, whichever the first line has most of.
 *
 * Cells are read from the bytes; a row in plain form (digits and a point) allocates nothing.
 *
 * @param chunks UTF-8 text without a byte order mark
 */
export async function readCsv(chunks: AsyncIterable<Uint8Array>, into: CandleCollector): Promise<void> {
  let table: CsvTable | null = null
  for await (const lines of wholeLines(chunks, into.problems, () => into.row)) {
    let at = 0
    while (!table && at < lines.length) {
      const end = lineEnd(lines, at)
      const line = new TextDecoder().decode(lines.subarray(at, end)).trimEnd()
      into.row++
      const layout = line === '' || isBanner(line) ? null : csvLayout(line, into)
      if (layout) table = new CsvTable(layout, into)
      if (layout) into.positional = !layout.hasHeader
      if (layout && !layout.hasHeader) into.row--
      else at = nextLine(lines, end)
    }
    table?.read(lines, at)
  }
}

interface CsvLayout {
  separator: number
  /** for each cell of a row its index in CANDLE_COLUMNS, or IGNORED */
  roles: Int8Array
  hasHeader: boolean
}

/** What the columns are, from the first line: a header, or the first candle. */
function csvLayout(line: string, into: CandleCollector): CsvLayout {
  const separator = SEPARATORS.reduce((best, next) => (line.split(next).length > line.split(best).length ? next : best))
  const cells = line.split(separator).map((cell) => unquote(cell.trim()))
  const hasHeader = !/^[+-]?[\d.]/.test(cells[0]) && cells.some((cell) => /[a-z]/i.test(cell))
  const { roles, missing } = hasHeader ? matchColumns(cells) : { roles: standardColumns(cells.length), missing: [] }
  if (missing.length > 0) into.problems.fail('INVALID_FORMAT', into.row, null, missingColumns(missing, cells))
  if (cells.length < 6) {
    const message = `has ${cells.length} cells in ${shown(line)}; a candle needs six: time, open, high, low, close, volume.`
    into.problems.fail('INVALID_FORMAT', into.row, null, `${message} Separate them by commas.`)
  }
  return { separator: separator.charCodeAt(0), roles, hasHeader }
}

/** Some sources put their address above the header. */
function isBanner(line: string): boolean {
  return /^"?https?:\/\/[^,;\t]*$/.test(line)
}

class CsvTable {
  readonly #separator: number
  readonly #roles: Int8Array
  readonly #into: CandleCollector

  constructor({ separator, roles }: CsvLayout, into: CandleCollector) {
    this.#separator = separator
    this.#roles = roles
    this.#into = into
  }

  /** @param lines whole lines, the last one ended too; read from offset `at` */
  read(lines: Uint8Array, at: number): void {
    const into = this.#into
    while (at < lines.length) {
      into.row++
      if (lines[at] === LF || lines[at] === CR) at = nextLine(lines, at)
      else at = this.#readRow(lines, at)
    }
  }

  /** The hot loop: about 2 ns a byte. @returns where the next row begins */
  #readRow(lines: Uint8Array, at: number): number {
    const into = this.#into
    const cells = into.cells
    const roles = this.#roles
    const separator = this.#separator
    let good = true
    let cell = 0
    for (; ; cell++) {
      const column = cell < roles.length ? roles[cell] : IGNORED
      const start = at
      let byte = lines[at]
      if (column === IGNORED) {
        at = cellEnd(lines, at, separator)
      } else {
        let value = 0
        while (byte >= ZERO && byte <= NINE) {
          value = value * 10 + (byte - ZERO)
          byte = lines[++at]!
        }
        let digits = at - start
        let decimals = 0
        if (byte === POINT && digits > 0) {
          byte = lines[++at]!
          while (byte >= ZERO && byte <= NINE) {
            value = value * 10 + (byte - ZERO)
            byte = lines[++at]!
            decimals++
          }
          digits += decimals
        }
        const ended = byte === separator || byte === LF || byte === CR
        if (ended && digits > 0 && digits <= MAX_DIGITS && value < EXACT_INTEGERS) {
          if (decimals > 0) value /= POWERS[decimals]
          if (column !== TIME) cells[column] = value
          else if (!into.setTime(value)) good = false
        } else {
          at = cellEnd(lines, start, separator)
          if (!into.setText(column, cellText(lines, start, at))) good = false
        }
      }
      if (lines[at] !== separator) break
      at++
    }
    if (cell + 1 !== roles.length) this.#refuseWidth(cell + 1)
    else if (good) into.accept()
    return nextLine(lines, at)
  }

  #refuseWidth(cells: number): void {
    const message = `has ${cells} cells, the first row has ${this.#roles.length}.`
    const remedy = 'Complete the row, and write decimals with a point, not a comma.'
    this.#into.problems.add('INVALID_NUMBER', this.#into.row, null, `${message} ${remedy}`)
  }
}

function lineEnd(lines: Uint8Array, at: number): number {
  while (lines[at] !== LF && lines[at] !== CR) at++
  return at
}

/** @param at a line end, which may be LF, CR LF or CR */
function nextLine(lines: Uint8Array, at: number): number {
  return lines[at] === CR && lines[at + 1] === LF ? at + 2 : at + 1
}

/** Where the cell that begins at `at` ends: at a separator or a line end, which do not count inside quotes. */
function cellEnd(lines: Uint8Array, at: number, separator: number): number {
  if (lines[at] === QUOTE) at = closingQuote(lines, at)
  let byte = lines[at]
  while (byte !== separator && byte !== LF && byte !== CR) byte = lines[++at]
  return at
}

/** A quote that is never closed ends with the line. */
function closingQuote(lines: Uint8Array, at: number): number {
  let end = at + 1
  while (lines[end] !== QUOTE && lines[end] !== LF) end++
  return lines[end] === QUOTE ? end : at
}

function cellText(lines: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(lines.buffer, lines.byteOffset + start, end - start).toString('utf8')
  return unquote(text.trim())
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text
}
