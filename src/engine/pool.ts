import { Piscina } from 'piscina'
import type { Candles } from './candles.ts'
import { DataSet } from './data-set.ts'
import { decodeTrade, encodeSettings, METRIC_COUNT, RUN, scratchBytes, stackBytes, stackDepth, TRADE_FIELDS } from './layout.ts'
import type { RunWords } from './layout.ts'
import type { ExecutionSettings, TradeRecord, Window } from './execution.ts'
import { SIGNALS, type SampleBatch, type StrategyProgram } from './program.ts'
import { engineModule } from './wasm.ts'
import type { MemoryHandle, Task } from './worker.ts'

/** What is to be backtested. */
export interface BacktestRequest {
  dataSet: DataSet
  program: StrategyProgram
  batch: SampleBatch
  settings: ExecutionSettings
  window: Window
}

export interface RunOptions {
  /** stops the run between two chunks and ends the threads' calls */
  signal?: AbortSignal | undefined
  /** @param done samples finished so far */
  onProgress?: ((done: number) => void) | undefined
}

/** One sample in full detail. */
export interface BacktestDetail {
  /** f64[26] in the order of METRIC_NAMES */
  metrics: Float64Array
  trades: TradeRecord[]
  /** f64[window] at each close */
  equity: Float64Array
}

/** A chunk is about this much work, so that progress moves and a cancel is heard. */
const CHUNK_BAR_SAMPLES = 4_000_000

/** The compute threads. Typed arrays in, typed arrays out; it knows nothing of jobs, strategies or the database. */
export class Engine {
  readonly threads: number
  readonly #pool: Piscina

  /** @param onError hears of failures that belong to no call, such as the late answer of a cancelled one */
  constructor(threads: number, onError: (error: unknown) => void) {
    this.threads = threads
    this.#pool = new Piscina({
      filename: new URL('./worker.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 60_000,
      resourceLimits: { maxOldGenerationSizeMb: 2048 },
    })
    this.#pool.on('error', onError) // without a listener the late answer of an aborted task ends the process
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true })
  }

  dataSet(candles: Candles, timeframeMs: number): DataSet {
    return new DataSet(candles, timeframeMs)
  }

  /**
   * Call the exported function `name` of a module in a compute thread.
   *
   * @param task.module href of the file
   * @param task.data   anything that can be cloned
   */
  async call<T>(task: { module: string; name: string; data: unknown }, signal?: AbortSignal): Promise<T> {
    return (await this.#run({ kind: 'call', ...task }, signal)) as T
  }

  /**
   * Backtest every sample of a batch.
   *
   * @returns f64[count × 26]: a row of metrics per sample, the same bits for any number of threads
   */
  async backtest(request: BacktestRequest, options: RunOptions = {}): Promise<Float64Array> {
    const { dataSet, batch } = request
    await this.#computeColumns(request, options.signal)
    const mark = dataSet.arena.mark()
    try {
      const shared = place(request)
      const lanes = Math.min(this.threads, batch.count)
      const runs = Array.from({ length: lanes }, () => placeLane(request, shared))
      const chunk = Math.max(1, Math.min(Math.ceil(batch.count / lanes), Math.ceil(CHUNK_BAR_SAMPLES / bars(request))))
      let next = 0
      let done = 0
      const lane = async (run: number): Promise<void> => {
        while (next < batch.count) {
          options.signal?.throwIfAborted()
          const from = next
          const to = (next = Math.min(batch.count, from + chunk))
          await this.#run({ kind: 'backtest', handle: handle(dataSet), run, from, to }, options.signal)
          done += to - from
          options.onProgress?.(done)
        }
      }
      await Promise.all(runs.map(lane))
      return dataSet.arena.float64(shared.results, batch.count * METRIC_COUNT).slice()
    } finally {
      dataSet.arena.release(mark)
    }
  }

  /** Backtest the one sample of a batch with its trades and its equity curve. */
  async detail(request: BacktestRequest, options: RunOptions & { flags?: Uint8Array } = {}): Promise<BacktestDetail> {
    const { arena } = request.dataSet
    await this.#computeColumns(request, options.signal)
    const mark = arena.mark()
    try {
      const shared = place(request)
      shared.equityOut = arena.alloc(bars(request) * 8)
      shared.tradesOut = arena.alloc(bars(request) * TRADE_FIELDS * 8)
      if (options.flags) {
        shared.givenFlags = arena.alloc(options.flags.length)
        arena.uint8(shared.givenFlags, options.flags.length).set(options.flags)
      }
      const run = placeLane(request, shared)
      const task: Task = { kind: 'backtest', handle: handle(request.dataSet), run, from: 0, to: 1 }
      const count = (await this.#run(task, options.signal)) as number
      return {
        metrics: arena.float64(shared.results, METRIC_COUNT).slice(),
        trades: Array.from({ length: count }, (_, i) =>
          decodeTrade(arena.float64(shared.tradesOut + i * TRADE_FIELDS * 8, TRADE_FIELDS)),
        ),
        equity: arena.float64(shared.equityOut, bars(request)).slice(),
      }
    } finally {
      arena.release(mark)
    }
  }

  /** The batch's columns that the data set does not hold yet, spread over the threads. */
  async #computeColumns({ dataSet, batch }: BacktestRequest, signal?: AbortSignal): Promise<void> {
    const waves = dataSet.plan(batch.columns)
    const mark = dataSet.arena.mark()
    const scratches = Array.from({ length: this.threads }, () => dataSet.arena.alloc(dataSet.columnScratchBytes))
    try {
      for (const wave of waves) {
        const shares = scratches.map((_, lane) => wave.filter((_, at) => at % this.threads === lane))
        await Promise.all(
          shares.map((columns, lane) => {
            if (columns.length === 0) return undefined
            const task: Task = { kind: 'columns', handle: handle(dataSet), candles: dataSet.candles, columns, scratch: scratches[lane]! }
            return this.#run(task, signal)
          }),
        )
      }
    } finally {
      dataSet.arena.release(mark)
    }
  }

  #run(task: Task, signal?: AbortSignal): Promise<unknown> {
    return this.#pool.run(task, signal ? { signal } : {})
  }
}

function bars({ window }: BacktestRequest): number {
  return window.end - window.start
}

function handle(dataSet: DataSet): MemoryHandle {
  return { id: dataSet.id, module: engineModule(), memory: dataSet.arena.memory }
}

/** Put what all threads share into the data set's memory. */
function place({ dataSet, program, batch, settings, window }: BacktestRequest): RunWords {
  const { arena, candles } = dataSet
  const words = Object.fromEntries(RUN.map((name) => [name, 0])) as RunWords
  words.settings = arena.putFloat64(encodeSettings(settings, dataSet.timeframeMs))
  words.openTime = candles.openTime
  words.open = candles.open
  words.high = candles.high
  words.low = candles.low
  words.close = candles.close
  words.start = window.start
  words.end = window.end
  words.firstSignal = window.firstSignal
  for (const signal of SIGNALS) {
    words[signal] = arena.putInt32(program.signals[signal])
    words[`${signal}Words`] = program.signals[signal].length
  }
  words.constants = arena.putFloat64(program.constants)
  words.parameters = arena.putFloat64(batch.parameters)
  words.parameterCount = program.parameterCount
  words.slots = arena.putInt32(batch.slots)
  words.slotCount = program.slotCount
  words.columns = arena.putInt32(batch.columns.map((spec) => dataSet.column(spec)))
  words.stopLoss = arena.putFloat64(batch.stopLoss)
  words.takeProfit = arena.putFloat64(batch.takeProfit)
  words.trailingStop = arena.putFloat64(batch.trailingStop)
  words.leverage = arena.putFloat64(batch.leverage)
  words.results = arena.alloc(batch.count * METRIC_COUNT * 8)
  words.stackDepth = stackDepth(program)
  return words
}

/** Give one thread its scratch. @returns the byte offset of its Run */
function placeLane(request: BacktestRequest, shared: RunWords): number {
  const { arena, length } = request.dataSet
  const own = {
    ...shared,
    flags: arena.alloc(length),
    stack: arena.alloc(stackBytes(shared.stackDepth)),
    scratch: arena.alloc(scratchBytes(bars(request))),
  }
  return arena.putInt32(RUN.map((name) => own[name]))
}
