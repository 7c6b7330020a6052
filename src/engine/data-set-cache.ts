import type { DataSet } from './data-set.ts'

/** A data set that is shared; close it when the work with it is done. */
export interface OpenDataSet extends Disposable {
  dataSet: DataSet
  close(): void
}

interface Entry {
  loading: Promise<DataSet>
  dataSet: DataSet | null
  holders: number
}

/** Data sets that nobody holds are kept for this long. */
const IDLE_MS = 300_000

/**
 * Data sets by key, so that jobs over the same candles share memory and indicator columns. Those that nobody holds are
 * dropped after a while, and the longest unused first where all together take more than the budget.
 */
export class DataSetCache {
  readonly #budgetBytes: number
  /** in the order of use, the most recent one last */
  readonly #entries = new Map<string, Entry>()

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  /** Of concurrent callers one loads; a failure is told to all of them and forgotten. */
  async open(key: string, load: () => Promise<DataSet>): Promise<OpenDataSet> {
    const entry = this.#entries.get(key) ?? { loading: load(), dataSet: null, holders: 0 }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.holders++
    try {
      entry.dataSet = await entry.loading
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      throw error
    }
    this.#trim()
    let isOpen = true
    const close = (): void => {
      if (!isOpen) return
      isOpen = false
      entry.holders--
      this.#trim()
      setTimeout(() => this.#dropIdle(key, entry), IDLE_MS).unref()
    }
    return { dataSet: entry.dataSet, close, [Symbol.dispose]: close }
  }

  #dropIdle(key: string, entry: Entry): void {
    if (entry.holders === 0 && this.#entries.get(key) === entry) this.#entries.delete(key)
  }

  #trim(): void {
    let bytes = [...this.#entries.values()].reduce((sum, { dataSet }) => sum + (dataSet?.arena.usedBytes ?? 0), 0)
    for (const [key, { dataSet, holders }] of this.#entries) {
      if (bytes <= this.#budgetBytes) return
      if (holders > 0 || !dataSet) continue
      this.#entries.delete(key)
      bytes -= dataSet.arena.usedBytes
    }
  }
}
