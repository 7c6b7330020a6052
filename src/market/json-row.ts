import { CANDLE_COLUMNS } from '../engine/candles.ts'
import type { CandleCollector } from './collector.ts'
import { IGNORED, matchColumns, missingColumns } from './header.ts'
import { shown } from './problems.ts'

/**
 * Takes candles as JSON values: arrays in the order of ccxt and of Binance's API, [ms, o, h, l, c, v, …], or of jesse,
 * [ms, o, c, h, l, v]; or objects with named members. Numbers may be written as strings, as Binance does.
 */
export class JsonRows {
  readonly #into: CandleCollector
  #keys: string[] | null = null

  constructor(into: CandleCollector) {
    this.#into = into
  }

  /** Take one value; `into.row` has been set. */
  accept(value: unknown): void {
    this.#into.positional = Array.isArray(value)
    if (Array.isArray(value)) this.#acceptCells((column) => value[column])
    else if (typeof value === 'object' && value !== null) this.#acceptObject(value as Record<string, unknown>)
    else this.#refuse(`is ${shown(JSON.stringify(value))}.`)
  }

  #acceptObject(value: Record<string, unknown>): void {
    this.#keys ??= this.#matchKeys(Object.keys(value))
    const keys = this.#keys
    this.#acceptCells((column) => (Object.hasOwn(value, keys[column]) ? value[keys[column]] : undefined))
  }

  /** The member of each column, by the names that the first object uses. */
  #matchKeys(names: string[]): string[] {
    const { roles, missing } = matchColumns(names)
    if (missing.length > 0) {
      this.#into.problems.fail('INVALID_FORMAT', this.#into.row, null, missingColumns(missing, names))
    }
    const keys: string[] = []
    roles.forEach((column, at) => {
      if (column !== IGNORED) keys[column] = names[at]!
    })
    return keys
  }

  #acceptCells(cell: (column: number) => unknown): void {
    let good = true
    for (let column = 0; column < CANDLE_COLUMNS.length; column++) good = this.#set(column, cell(column)) && good
    if (good) this.#into.accept()
  }

  #set(column: number, value: unknown): boolean {
    const into = this.#into
    if (typeof value === 'string') return into.setText(column, value.trim())
    if (value === undefined) return into.refuse(column, 'is missing. Every row needs a time, four prices and a volume.')
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      const text = typeof value === 'number' ? 'too large a number' : JSON.stringify(value).slice(0, 40)
      return into.refuse(column, `is ${text}, not a finite number. Write it like 43282.47.`)
    }
    if (column === 0) return into.setTime(value)
    into.cells[column] = value
    return true
  }

  #refuse(what: string): void {
    this.#into.problems.add('INVALID_FORMAT', this.#into.row, null, `${what} ${EXPECTED}`)
  }
}

export const EXPECTED = 'A candle is [time, open, high, low, close, volume] or an object with these names.'

/** What `parseJson` gives for text that is not JSON. */
export const NOT_JSON = Symbol('not JSON')

/** JSON, and what Python writes into it where a number is missing: NaN and Infinity, here as text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const quoted = text.replaceAll(/(?<=[[,:]\s*)(?:NaN|-?Infinity)(?=\s*[\],}])/g, '"$&"')
    return quoted === text ? NOT_JSON : parseJson(quoted)
  }
}
