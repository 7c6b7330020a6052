import { CANDLE_COLUMNS, type Candles } from './candles.ts'
import { ADDRESSABLE_BYTES } from './allocator.ts'
import { Heap, type MemoryLimit, tooLarge } from './heap.ts'
import { scratchBytes, type SeriesInput } from './indicators.ts'
import { BLOCK } from './layout.ts'
import { columnKey, columnsOf, type ColumnSpec } from './program.ts'

const YEAR = 31_536_000_000

/** Bars that a zone map sums up; the kernel counts on it. */
const ZONE = 64
/** Bars that the kernels may read beyond the last one: a block, and what rounds up to one. */
const PADDING = 2 * BLOCK

let nextId = 1

/** One column that a thread is to compute: all byte offsets into the data set's memory. */
export interface ColumnTask {
  spec: ColumnSpec & { kind: 'indicator' }
  source: number
  out: number
}

/** Computes the tasks of a wave; a wave reads only columns of the waves before it. */
export type ComputeWave = (tasks: ColumnTask[]) => Promise<void>

/** Candles that threads can write: views of shared memory. */
export interface SharedCandles extends Candles {
  /** f64[2 × ⌈bars / 64⌉]; see `fillZones` */
  zones: Float64Array
}

interface Column {
  offset: number
  /** settled when the values are there; null once they are */
  pending: Promise<void> | null
  /** runs that read it now */
  readers: number
}

/**
 * The candles of a backtest and the indicator columns over them, in one shared memory that every compute thread
 * reads in place. A column is computed once for each distinct set of arguments and kept; when room is short, those
 * that were read longest ago go first.
 *
 * It is itself the candles: views of the memory.
 */
export class DataSet implements Candles {
  /** Threads recognise the memory by it. */
  readonly id = nextId++
  readonly length: number
  readonly timeframeMs: number
  readonly arena: Heap
  readonly candles: SeriesInput
  /** byte offset of the zone maps of low and high, as `assembly/zones.ts` describes them */
  readonly zones: number
  readonly openTime: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
  /** In the order of use, the most recent one last. */
  readonly #columns = new Map<string, Column>()

  /**
   * Room for candles: write them into the columns, then `seal` it.
   *
   * @throws DomainError TOO_LARGE before anything is allocated
   */
  constructor(bars: number, timeframeMs: number, limit: number | MemoryLimit = ADDRESSABLE_BYTES) {
    this.length = bars
    this.timeframeMs = timeframeMs
    const bytes = DataSet.bytesOf(bars)
    const limitBytes = typeof limit === 'number' ? limit : limit.bytes()
    if (bytes > limitBytes) throw tooLarge(bytes, limitBytes)
    this.arena = new Heap(bytes, limit)
    const offsets = {} as Record<(typeof CANDLE_COLUMNS)[number], number>
    for (const name of CANDLE_COLUMNS) offsets[name] = this.arena.alloc(this.columnBytes)
    this.zones = this.arena.alloc(Math.ceil(bars / ZONE) * 16)
    this.candles = { length: bars, barsPerYear: YEAR / timeframeMs, ...offsets }
    this.openTime = this.arena.float64(offsets.openTime, bars)
    this.open = this.arena.float64(offsets.open, bars)
    this.high = this.arena.float64(offsets.high, bars)
    this.low = this.arena.float64(offsets.low, bars)
    this.close = this.arena.float64(offsets.close, bars)
    this.volume = this.arena.float64(offsets.volume, bars)
  }

  /** A copy of these candles. @throws DomainError TOO_LARGE */
  static of(candles: Candles, timeframeMs: number, limit?: number | MemoryLimit): DataSet {
    const dataSet = new DataSet(candles.openTime.length, timeframeMs, limit)
    for (const name of CANDLE_COLUMNS) dataSet[name].set(candles[name])
    return dataSet.seal()
  }

  /** The candles are there and stay as they are. */
  seal(): this {
    fillZones(this, this.arena.float64(this.zones, 2 * Math.ceil(this.length / ZONE)))
    return this
  }

  /** Bytes that candles and zone maps of so many bars take. */
  static bytesOf(bars: number): number {
    return CANDLE_COLUMNS.length * (bars + PADDING) * 8 + Math.ceil(bars / ZONE) * 16 + 8 * ZONE
  }

  /** The candles as they stand in the shared memory, and the zone maps over them; see `replaced`. */
  get shared(): SharedCandles {
    const { openTime, open, high, low, close, volume } = this
    return {
      openTime,
      open,
      high,
      low,
      close,
      volume,
      zones: this.arena.float64(this.zones, 2 * Math.ceil(this.length / ZONE)),
    }
  }

  /**
   * Somebody has written other candles, and zone maps that fit them, over the shared ones: forget every column. Open
   * times must have stayed. Nobody may be reading, so it is for a data set with a single user.
   */
  replaced(): void {
    for (const { offset, readers, pending } of this.#columns.values()) {
      if (readers > 0 || pending) throw new Error('Candles cannot be replaced while somebody reads them.')
      this.arena.free(offset)
    }
    this.#columns.clear()
  }

  get columnBytes(): number {
    return (this.length + PADDING) * 8
  }

  /** Bytes of scratch for computing one column. */
  get columnScratchBytes(): number {
    return scratchBytes(this.length)
  }

  /** Byte offset of a column that is there. */
  column(spec: ColumnSpec): number {
    if (spec.kind === 'candle') return this.candles[spec.name]
    const column = this.#columns.get(columnKey(spec))
    if (!column || column.pending) throw new Error(`Column ${columnKey(spec)} has not been computed.`)
    return column.offset
  }

  /**
   * Have the columns computed that are missing, and keep all of them until `release`.
   *
   * @param compute     fails where one of its tasks did; its columns are then forgotten
   * @param mayStillRun whether the threads of a failed computation may still write, so that the room must rest
   */
  async acquire(
    specs: readonly ColumnSpec[],
    compute: ComputeWave,
    mayStillRun: (error: unknown) => boolean,
  ): Promise<void> {
    const wanted = new Map(specs.flatMap((spec) => columnsOf(spec)).map((spec) => [columnKey(spec), spec]))
    const held = new Map<string, Column>()
    try {
      for (;;) {
        for (const key of wanted.keys()) this.#hold(key, held)
        const missing = [...wanted].filter(([key]) => !this.#columns.has(key))
        if (missing.length > 0) await this.#compute(missing, held, compute, mayStillRun)
        // columns that another run is computing: should it fail, this one computes them
        const pending = [...held.values()].flatMap((column) => column.pending ?? [])
        if (missing.length === 0 && pending.length === 0) return
        await Promise.allSettled(pending)
      }
    } catch (error) {
      for (const column of held.values()) column.readers--
      throw error
    }
  }

  /** The run is over: its columns may go when room is short. */
  release(specs: readonly ColumnSpec[]): void {
    for (const key of new Set(specs.flatMap((spec) => columnsOf(spec).map(columnKey))))
      this.#columns.get(key)!.readers--
  }

  /**
   * Make room by forgetting columns that nobody reads, the least recently used first.
   *
   * @param bytes in all; piece: the largest piece of it
   */
  makeRoom(bytes: number, piece: number): void {
    for (const [key, { readers, pending, offset }] of this.#columns) {
      if (this.arena.availableBytes >= bytes && this.arena.fits(piece)) return
      if (readers > 0 || pending) continue
      this.#columns.delete(key)
      this.arena.free(offset)
    }
  }

  /** Forget columns that nobody reads, the least recently used first, until these take no more than `bytes`. */
  trimColumns(bytes: number): void {
    const idle = [...this.#columns].filter(([, { readers, pending }]) => readers === 0 && !pending)
    const tooMany = Math.max(0, idle.length - Math.floor(bytes / this.columnBytes))
    for (const [key, { offset }] of idle.slice(0, tooMany)) {
      this.#columns.delete(key)
      this.arena.free(offset)
    }
  }

  /** Keep a column that is there, and note that it was used last. */
  #hold(key: string, held: Map<string, Column>): void {
    const column = this.#columns.get(key)
    if (!column || held.get(key) === column) return
    column.readers++
    held.set(key, column)
    this.#columns.delete(key)
    this.#columns.set(key, column)
  }

  async #compute(
    missing: [string, ColumnSpec][],
    held: Map<string, Column>,
    compute: ComputeWave,
    mayStillRun: (error: unknown) => boolean,
  ): Promise<void> {
    const bytes = missing.length * this.columnBytes
    this.makeRoom(bytes, this.columnBytes)
    if (this.arena.availableBytes < bytes) throw tooLarge(bytes, this.arena.availableBytes)
    const done = Promise.withResolvers<void>()
    done.promise.catch(() => {})
    const added: { key: string; column: Column }[] = []
    try {
      for (const [key] of missing) {
        const column: Column = { offset: this.arena.alloc(this.columnBytes), pending: done.promise, readers: 1 }
        this.#columns.set(key, column)
        held.set(key, column)
        added.push({ key, column })
      }
      for (const wave of wavesOf(missing.map(([, spec]) => spec as ColumnTask['spec']))) {
        await compute(
          wave.map((spec) => ({ spec, source: spec.source ? this.#offset(spec.source) : 0, out: this.#offset(spec) })),
        )
      }
      for (const { column } of added) column.pending = null
      done.resolve()
    } catch (error) {
      for (const { key, column } of added) {
        this.#columns.delete(key)
        held.delete(key)
        if (mayStillRun(error)) this.arena.freeLater(column.offset)
        else this.arena.free(column.offset)
      }
      done.reject(error)
      throw error
    }
  }

  #offset(spec: ColumnSpec): number {
    return spec.kind === 'candle' ? this.candles[spec.name] : this.#columns.get(columnKey(spec))!.offset
  }
}

/** By how many of the columns each one stands on. */
function wavesOf(specs: readonly ColumnTask['spec'][]): ColumnTask['spec'][][] {
  const missing = new Set(specs.map(columnKey))
  const waves: ColumnTask['spec'][][] = []
  for (const spec of specs) {
    const depth = columnsOf(spec).filter((part) => missing.has(columnKey(part))).length - 1
    ;(waves[depth] ??= []).push(spec)
  }
  return waves.filter((wave) => wave.length > 0)
}

/** Pairs (lowest low, highest high) of 64 bars each. @param zones f64[2 × ⌈bars / 64⌉], written */
export function fillZones({ low, high }: Candles, zones: Float64Array): void {
  for (let zone = 0; zone < zones.length / 2; zone++) {
    const end = Math.min((zone + 1) * ZONE, low.length)
    let lowest = Infinity
    let highest = -Infinity
    for (let bar = zone * ZONE; bar < end; bar++) {
      if (low[bar] < lowest) lowest = low[bar]
      if (high[bar] > highest) highest = high[bar]
    }
    zones[2 * zone] = lowest
    zones[2 * zone + 1] = highest
  }
}
