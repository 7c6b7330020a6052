import { CANDLE_COLUMNS, type Candles } from './candles.ts'
import { scratchBytes, type SeriesInput } from './indicators.ts'
import { BLOCK } from './layout.ts'
import { columnKey, type ColumnSpec } from './program.ts'
import { Arena } from './wasm.ts'

const YEAR = 31_536_000_000

let nextId = 1

/** One column that a thread is to compute: all byte offsets into the data set's memory. */
export interface ColumnTask {
  spec: ColumnSpec & { kind: 'indicator' }
  source: number
  out: number
}

/**
 * The candles of a backtest and the indicator columns over them, in one shared memory that every compute thread
 * reads in place. A column is computed once for each distinct set of arguments.
 */
export class DataSet {
  /** Threads recognise the memory by it. */
  readonly id = nextId++
  readonly length: number
  readonly timeframeMs: number
  readonly arena: Arena
  readonly candles: SeriesInput
  readonly #columns = new Map<string, number>()

  constructor(candles: Candles, timeframeMs: number) {
    this.length = candles.openTime.length
    this.timeframeMs = timeframeMs
    this.arena = new Arena(CANDLE_COLUMNS.length * this.#columnBytes())
    const offsets = {} as Record<(typeof CANDLE_COLUMNS)[number], number>
    for (const name of CANDLE_COLUMNS) {
      offsets[name] = this.arena.alloc(this.#columnBytes())
      this.arena.float64(offsets[name], this.length).set(candles[name])
    }
    this.candles = { length: this.length, barsPerYear: YEAR / timeframeMs, ...offsets }
  }

  /** Byte offset of a column that is there. */
  column(spec: ColumnSpec): number {
    if (spec.kind === 'candle') return this.candles[spec.name]
    const offset = this.#columns.get(columnKey(spec))
    if (offset === undefined) throw new Error(`Column ${columnKey(spec)} has not been computed.`)
    return offset
  }

  /**
   * Reserve room for the columns that are missing. @returns what is to be computed, in waves: a wave reads only
   * columns of the waves before it
   */
  plan(specs: Iterable<ColumnSpec>): ColumnTask[][] {
    const waves: ColumnTask[][] = []
    for (const spec of specs) this.#planColumn(spec, waves)
    return waves
  }

  /** Bytes of scratch for computing one column. */
  get columnScratchBytes(): number {
    return scratchBytes(this.length)
  }

  /** @returns the wave after which the column is there: 0 = at once */
  #planColumn(spec: ColumnSpec, waves: ColumnTask[][]): number {
    if (spec.kind === 'candle') return 0
    const key = columnKey(spec)
    const planned = waves.findIndex((wave) => wave.some((task) => columnKey(task.spec) === key))
    if (planned >= 0) return planned + 1
    if (this.#columns.has(key)) return 0

    const wave = spec.source ? this.#planColumn(spec.source, waves) : 0
    const out = this.arena.alloc(this.#columnBytes())
    this.#columns.set(key, out)
    const task = { spec, source: spec.source ? this.column(spec.source) : 0, out }
    ;(waves[wave] ??= []).push(task)
    return wave + 1
  }

  #columnBytes(): number {
    return (this.length + BLOCK) * 8
  }
}
