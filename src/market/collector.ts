import { CANDLE_COLUMNS, type Candles } from '../engine/candles.ts'
import { findCandleProblem } from './candles.ts'
import { type Problems, shown } from './problems.ts'
import { FileClock } from './time.ts'

const BLOCK = 65_536
const TIME = 0

/** 38 years of one-minute candles; 960 MB of columns. A whole number of blocks. */
export const MAX_ROWS = 305 * BLOCK

/**
 * Where the readers of all formats put their rows. A reader fills `cells` and calls `accept`; what is wrong goes to
 * `problems`. Rows gather in one block and move on to buffers that grow in place: address space is reserved, memory
 * is not. So growing never copies, and `finish` needs one column (8 bytes a row) beside the result.
 */
export class CandleCollector {
  readonly problems: Problems
  /** The row under construction, in the order of CANDLE_COLUMNS; the time as the file writes it. */
  readonly cells = new Float64Array(CANDLE_COLUMNS.length)
  /** The line (in a JSON array: the element) that is being read, from 1. */
  row = 0
  /** The cells of a row have no names but stand in an order, of which there are two: see `#inOrder`. */
  positional = false
  /** the order seen, as soon as a row tells */
  #order: 'OHLC' | 'OCHL' | null = null
  readonly #clock = new FileClock()
  readonly #block = emptyBlock()
  /** rows in the block */
  #used = 0
  /** full blocks, one buffer a column */
  readonly #stored = CANDLE_COLUMNS.map(() => new ArrayBuffer(0, { maxByteLength: 8 * MAX_ROWS }))
  #count = 0
  /** Rows at which the distance between row number and index changes: after a header, after blank lines. */
  readonly #breaks: { index: number; distance: number }[] = []
  #distance = 0

  constructor(problems: Problems) {
    this.problems = problems
  }

  get count(): number {
    return this.#count
  }

  /** The time of this row is a number. */
  setTime(value: number): boolean {
    const time = this.#clock.number(value)
    this.cells[TIME] = time
    return time === time || this.#refuseTime(String(value)) // NaN differs from itself
  }

  /**
   * A cell as text: a decimal number, or any form of time in the time column.
   * @returns false where it is neither; the problem is noted
   */
  setText(column: number, text: string): boolean {
    if (text === '') return this.refuse(column, 'is empty. Every row needs a time, four prices and a volume.')
    const value = parseDecimal(text)
    if (column !== TIME) {
      this.cells[column] = value
      return value === value || this.refuse(column, `${shown(text)} is not a finite decimal number. ${EXAMPLE}`)
    }
    const time = value === value ? this.#clock.number(value) : this.#clock.text(text)
    this.cells[TIME] = time
    return time === time || this.#refuseTime(text)
  }

  /** Note that the cell of a column is no number. @returns false */
  refuse(column: number, message: string): false {
    this.problems.add(
      column === TIME ? 'INVALID_TIMESTAMP' : 'INVALID_NUMBER',
      this.row,
      CANDLE_COLUMNS[column],
      message,
    )
    return false
  }

  #refuseTime(value: string): false {
    return this.refuse(TIME, this.#clock.problem(value.slice(0, 40)))
  }

  /** Take the row in `cells`; its time has been set. */
  accept(): void {
    const { cells } = this
    if (this.positional) this.#inOrder()
    const problem = findCandleProblem(cells[1], cells[2], cells[3], cells[4], cells[5])
    if (problem) return this.problems.add(problem.code, this.row, problem.column, problem.message)
    if (this.#used === BLOCK) this.#storeBlock()
    const block = this.#block
    const at = this.#used++
    block.openTime[at] = cells[0]!
    block.open[at] = cells[1]!
    block.high[at] = cells[2]!
    block.low[at] = cells[3]!
    block.close[at] = cells[4]!
    block.volume[at] = cells[5] + 0 // −0 becomes 0: equal candles have equal bits
    const distance = this.row - this.#count
    if (distance !== this.#distance) this.#breaks.push({ index: this.#count, distance: (this.#distance = distance) })
    this.#count++
  }

  /**
   * Most sources write open, high, low, close; jesse and Bitfinex write open, close, high, low. A row in which not all
   * four prices are equal makes sense in one order only, and the first of them decides for the whole file.
   */
  #inOrder(): void {
    const { cells } = this
    const [, open, second, third, fourth, volume] = cells
    if (this.#order === null && (open !== second || open !== third || open !== fourth)) {
      if (!findCandleProblem(open, second, third, fourth, volume)) this.#order = 'OHLC'
      else if (!findCandleProblem(open, third, fourth, second, volume)) this.#order = 'OCHL'
    }
    if (this.#order !== 'OCHL') return
    cells[2] = third
    cells[3] = fourth
    cells[4] = second
  }

  #storeBlock(): void {
    if (this.#count > MAX_ROWS) {
      this.problems.fail('TOO_LARGE', null, null, `has more than ${MAX_ROWS} candles. Import it in parts.`)
    }
    CANDLE_COLUMNS.forEach((column, at) => {
      const buffer = this.#stored[at]
      const end = buffer.byteLength
      buffer.resize(end + 8 * this.#used)
      new Float64Array(buffer, end).set(this.#block[column].subarray(0, this.#used))
    })
    this.#used = 0
  }

  /** The row that an accepted candle came from; `index` counts from 0 in the order of the file. */
  rowOf(index: number): number {
    let low = 0
    let high = this.#breaks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#breaks[middle].index <= index) low = middle + 1
      else high = middle
    }
    return index + (this.#breaks[low - 1]?.distance ?? 0)
  }

  /** All rows in the order of the file. The collector is empty afterwards. */
  finish(): Candles {
    this.#storeBlock()
    const candles = {} as Candles
    CANDLE_COLUMNS.forEach((column, at) => {
      candles[column] = new Float64Array(this.#stored[at].transferToFixedLength())
    })
    return candles
  }
}

const EXAMPLE = 'Write it like 43282.47, with a point.'

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,4})?$/i

/** Strictly a decimal number: `Number` alone would read '' as 0 and 0x10 as 16. @returns NaN for all else */
export function parseDecimal(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : Number.NaN
}

function emptyBlock(): Candles {
  const block = {} as Candles
  for (const column of CANDLE_COLUMNS) block[column] = new Float64Array(BLOCK)
  return block
}
