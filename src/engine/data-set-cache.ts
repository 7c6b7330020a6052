import { outsideOperation } from '../operation.ts'
import { DataSet } from './data-set.ts'
import type { MemoryLimit } from './heap.ts'

/** A data set that is shared; close it when the work with it is done. */
export interface OpenDataSet extends Disposable {
  dataSet: DataSet
  close(): void
}

/** Room for so many candles within the budget. @throws DomainError TOO_LARGE beside what others hold */
export type Allocate = (bars: number, timeframeMs: number) => DataSet

interface Entry {
  loading: Promise<DataSet>
  /** null until there is room for it */
  dataSet: DataSet | null
  holders: number
  idle: NodeJS.Timeout | undefined
}

/** Data sets that nobody holds are kept for this long. */
const IDLE_MS = 300_000

/**
 * Data sets by key, so that jobs over the same candles share memory and indicator columns. All together stay within
 * one budget: where it is short, those that nobody holds are dropped, the longest unused first, and what is held
 * cannot grow any further. The rest are dropped after a while.
 */
export class DataSetCache {
  readonly #budgetBytes: number
  /** in the order of use, the most recent one last */
  readonly #entries = new Map<string, Entry>()

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  /**
   * Of concurrent callers one loads, outside of its operation: it may give up, the others do not. A failure is told to
   * all of them and forgotten.
   */
  async open(key: string, load: (allocate: Allocate) => Promise<DataSet>): Promise<OpenDataSet> {
    const entry = this.#entries.get(key) ?? this.#load(load)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    clearTimeout(entry.idle)
    entry.holders++
    let dataSet: DataSet
    try {
      dataSet = await entry.loading
    } catch (error) {
      this.#drop(key, entry)
      throw error
    }
    let isOpen = true
    const close = (): void => {
      if (isOpen && --entry.holders === 0) this.#rest(key, entry)
      isOpen = false
    }
    return { dataSet, close, [Symbol.dispose]: close }
  }

  /** Whoever opens its key from now on gets a new one: its memory can no longer be trusted. */
  forget(id: number): void {
    for (const [key, entry] of this.#entries) if (entry.dataSet?.id === id) this.#drop(key, entry)
  }

  #load(load: (allocate: Allocate) => Promise<DataSet>): Entry {
    const limit: MemoryLimit = {
      bytes: () => Math.max(this.#budgetBytes - this.#heldBesides(entry), entry.dataSet?.arena.committedBytes ?? 0),
      claim: (bytes) => this.#makeRoom(bytes),
    }
    const allocate: Allocate = (bars, timeframeMs) => {
      this.#makeRoom(DataSet.bytesOf(bars))
      return (entry.dataSet = new DataSet(bars, timeframeMs, limit))
    }
    // a turn later, when it is one of the entries
    const loading = Promise.resolve()
      .then(() => outsideOperation(() => load(allocate)))
      .then((dataSet) => (entry.dataSet = dataSet))
    const entry: Entry = { loading, dataSet: null, holders: 0, idle: undefined }
    return entry
  }

  #rest(key: string, entry: Entry): void {
    entry.idle = setTimeout(() => this.#drop(key, entry), IDLE_MS).unref()
    this.#makeRoom(0)
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
    clearTimeout(entry.idle)
  }

  #heldBesides(one: Entry): number {
    const others = [...this.#entries.values()].filter((entry) => entry !== one && entry.holders > 0)
    return others.reduce((sum, entry) => sum + committed(entry), 0)
  }

  /** Drop what nobody holds until so many bytes more fit the budget. */
  #makeRoom(bytes: number): void {
    let total = bytes + [...this.#entries.values()].reduce((sum, entry) => sum + committed(entry), 0)
    for (const [key, entry] of this.#entries) {
      if (total <= this.#budgetBytes) return
      if (entry.holders > 0) continue
      total -= committed(entry)
      this.#drop(key, entry)
    }
  }
}

function committed({ dataSet }: Entry): number {
  return dataSet?.arena.committedBytes ?? 0
}
