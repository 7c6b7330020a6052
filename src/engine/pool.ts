import { totalmem } from 'node:os'
import { operationSignal } from '../operation.ts'
import { ADDRESSABLE_BYTES } from './allocator.ts'
import type { Candles } from './candles.ts'
import { type ColumnTask, DataSet } from './data-set.ts'
import { type Allocate, DataSetCache, type OpenDataSet } from './data-set-cache.ts'
import type { TradeRecord } from './execution.ts'
import { Control, type JobWords, placeJob, placeLane } from './fast-job.ts'
import type { Scope } from './heap.ts'
import { decodeTrade, METRIC_COUNT, placeRun, TRADE_FIELDS } from './layout.ts'
import type { ColumnSpec, SampleBatch } from './program.ts'
import { type BacktestRequest, barsOf, COLUMN_BYTES, planRun } from './run-plan.ts'
import type { KernelTask, MemoryHandle } from './task.ts'
import { DeadlineError, Threads } from './threads.ts'
import { engineModule } from './wasm.ts'

export interface RunOptions {
  /** stops the run within a few milliseconds */
  signal?: AbortSignal | undefined
  /** @param done samples finished so far */
  onProgress?: ((done: number) => void) | undefined
  /** for tests: the kernel traps, or never ends */
  fault?: (typeof FAULTS)[number] | undefined
}

/** As control[2] of a kernel counts them, from 1. */
const FAULTS = ['TRAP', 'ENDLESS', 'OUT_OF_BOUNDS', 'OVERFLOW'] as const

export interface EngineOptions {
  /** of one data set with its columns and runs; by default half of the machine's, at most 4 GiB */
  memoryBytes?: number | undefined
  /** MiB of JavaScript objects that one thread may hold; 2048 where not given */
  heapMb?: number | undefined
  /** of the whole process, beyond which calls are stopped; by default four fifths of the machine's */
  residentBytes?: number | undefined
  /** longest time of one call of a kernel; by default by the work it has to do, far beyond what that takes */
  deadlineMs?: number | undefined
}

/** Every sample of a batch, day by day. */
export interface DailyBacktests {
  /** f64[count × 26] */
  metrics: Float64Array
  /** UTC days of the window that have bars; bars, where these are a day or longer */
  days: number
  /** f64[count × days]: return of each day as a fraction, the first from the initial capital; 0 after ruin */
  returns: Float64Array
}

/** One sample in full detail. */
export interface BacktestDetail {
  /** f64[26] in the order of METRIC_NAMES */
  metrics: Float64Array
  trades: TradeRecord[]
  /** f64[window] at each close */
  equity: Float64Array
}

const PROGRESS_MS = 100

/** The compute threads. Typed arrays in, typed arrays out; it knows nothing of jobs, strategies or the database. */
export class Engine {
  readonly threads: number
  /** what all data sets together may take */
  readonly memoryBytes: number
  readonly #threads: Threads
  readonly #cache: DataSetCache

  /** @param onError hears of failures that belong to no call, such as the late answer of a cancelled one */
  constructor(threads: number, onError: (error: unknown) => void, options: EngineOptions = {}) {
    this.threads = threads
    this.memoryBytes = Math.min(options.memoryBytes ?? machineBytes() / 2, ADDRESSABLE_BYTES)
    this.#cache = new DataSetCache(this.memoryBytes)
    const { heapMb = 2048, residentBytes = 0.8 * machineBytes(), deadlineMs } = options
    this.#threads = new Threads(threads, onError, { heapMb, residentBytes, deadlineMs })
  }

  async close(): Promise<void> {
    await this.#threads.close()
  }

  /** A data set of one's own, with a copy of these candles. @throws DomainError TOO_LARGE */
  dataSet(candles: Candles, timeframeMs: number): DataSet {
    return DataSet.of(candles, timeframeMs, this.memoryBytes)
  }

  /**
   * The data set of this key, with the columns that earlier jobs had computed; `load` is asked where there is none.
   * It is kept for a while after the last holder has closed it.
   *
   * @param key  says all that the candles depend on: market, its version, timeframe, from and to
   * @param load takes room for the candles from what it is given, and fills it
   * @throws DomainError TOO_LARGE beside what others hold
   */
  openDataSet(key: string, load: (allocate: Allocate) => Promise<DataSet>): Promise<OpenDataSet> {
    return this.#cache.open(key, load)
  }

  /** Threads that live, tasks that wait for one, tasks done since the start. */
  get load(): { threads: number; waiting: number; completed: number } {
    return this.#threads.load
  }

  /**
   * Call the exported function `name` of a module in a compute thread.
   *
   * @param task.module href of the file
   * @param task.data   anything that can be cloned
   * @throws OutOfMemoryError
   */
  async call<T>(
    task: { module: string; name: string; data: unknown },
    signal: AbortSignal | undefined = operationSignal(),
  ): Promise<T> {
    return this.#threads.call(task, signal)
  }

  /**
   * Backtest every sample of a batch.
   *
   * @returns f64[count × 26]: a row of metrics per sample, the same bits for any number of threads
   * @throws DomainError TOO_LARGE where it would not fit, before anything is allocated; DEADLINE_EXCEEDED
   */
  async backtest(request: BacktestRequest, options: RunOptions = {}): Promise<Float64Array> {
    if (request.batch.count === 0) return new Float64Array()
    return (await this.#run(request, options)).metrics
  }

  /** As `backtest`, with the return of each day. @param request at least one sample */
  async backtestDaily(request: BacktestRequest, options: RunOptions = {}): Promise<DailyBacktests> {
    return this.#run({ ...request, returns: true }, options)
  }

  /**
   * The returns of every sample between the ends of windows of a fixed length, see `dayEnds`, instead of days.
   *
   * @returns f64[count × windows]
   */
  async windowReturns(request: BacktestRequest, windowMs: number, options: RunOptions = {}): Promise<Float64Array> {
    return (await this.#run({ ...request, returns: true, dayMs: windowMs }, options)).returns
  }

  async #run(request: BacktestRequest, options: RunOptions): Promise<DailyBacktests> {
    const { dataSet, batch } = request
    const signal = options.signal ?? operationSignal()
    signal?.throwIfAborted()
    const plan = planRun(request, this.threads)
    return this.#inScope(dataSet, async (scope) => {
      const words = placeJob(scope, request)
      const jobs = Array.from({ length: plan.lanes }, () => placeLane(scope, words, plan.shape, plan.chunk))
      const scratches = this.#columnScratches(scope, dataSet)
      const control = scope.int32(words.control, 3)
      if (options.fault) control[Control.FAULT] = 1 + FAULTS.indexOf(options.fault)
      const stop = (): void => void Atomics.store(control, Control.STOP, 1)
      signal?.addEventListener('abort', stop)
      const progress =
        options.onProgress && setInterval(() => options.onProgress!(finished(control, words, batch)), PROGRESS_MS)
      try {
        let from = 0
        for (const { to, columns } of plan.parts) {
          if (plan.parts.length > 1)
            dataSet.trimColumns(Math.max(0, COLUMN_BYTES - columns.length * dataSet.columnBytes))
          await this.#withColumns({ dataSet, scratches, specs: columns, signal }, () =>
            this.#runPart({ request, words, jobs, from, to, chunk: plan.chunk, columns, scope, stop }, signal),
          )
          from = to
        }
      } finally {
        clearInterval(progress)
        signal?.removeEventListener('abort', stop)
      }
      signal?.throwIfAborted()
      options.onProgress?.(batch.count)
      return {
        metrics: scope.float64(words.results, batch.count * METRIC_COUNT).slice(),
        days: words.dayCount,
        returns: words.returns ? scope.float64(words.returns, batch.count * words.dayCount).slice() : NO_RETURNS,
      }
    })
  }

  /** Backtest the one sample of a batch with its trades and its equity curve. */
  async detail(request: BacktestRequest, options: RunOptions & { flags?: Uint8Array } = {}): Promise<BacktestDetail> {
    const { dataSet, batch } = request
    const bars = barsOf(request)
    const signal = options.signal ?? operationSignal()
    signal?.throwIfAborted()
    return this.#inScope(dataSet, (scope) => {
      const scratches = this.#columnScratches(scope, dataSet)
      return this.#withColumns({ dataSet, scratches, specs: batch.columns, signal }, async () => {
        const words = placeRun(scope, request, options.flags)
        const task: KernelTask = { kind: 'detail', handle: handle(dataSet), run: words.run }
        const count = (await this.#compute(task, bars, signal)) as number
        return {
          metrics: scope.float64(words.results, METRIC_COUNT).slice(),
          trades: Array.from({ length: count }, (_, i) =>
            decodeTrade(scope.float64(words.tradesOut + i * TRADE_FIELDS * 8, TRADE_FIELDS)),
          ),
          equity: scope.float64(words.equityOut, bars).slice(),
        }
      })
    })
  }

  /** Run positions [from, to) of a job, whose columns are there. */
  async #runPart(part: RunPart, signal: AbortSignal | undefined): Promise<void> {
    const { request, words, jobs, from, to, chunk, columns, scope, stop } = part
    const { dataSet, batch } = request
    const present = new Set(columns)
    const offsets = batch.columns.map((spec) => (present.has(spec) ? dataSet.column(spec) : 0))
    scope.int32(words.columns, offsets.length).set(offsets)
    const step = Math.min(chunk, Math.ceil((to - from) / jobs.length))
    let next = from
    const lane = async (job: number): Promise<void> => {
      let fitting = step
      while (next < to && fitting > 0) {
        const begin = next
        const end = (next = Math.min(to, next + step))
        const task: KernelTask = {
          kind: 'backtest',
          handle: handle(dataSet),
          job,
          from: begin,
          to: end,
          chunk: fitting,
        }
        fitting = (await this.#compute(task, barsOf(request) * (end - begin), signal)) as number
      }
    }
    // a failure stops the others, and all of them are waited for: they write into the same memory
    const ends = await Promise.allSettled(
      jobs.map((job) => lane(job).catch((error: unknown) => (stop(), Promise.reject(error)))),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    signal?.throwIfAborted()
  }

  /** Have the columns computed that the data set does not hold yet, spread over the threads, and keep them for a run. */
  async #withColumns<T>({ dataSet, scratches, specs, signal }: ColumnRun, run: () => Promise<T>): Promise<T> {
    const compute = async (tasks: ColumnTask[]): Promise<void> => {
      const ends = await Promise.allSettled(
        scratches.slice(0, tasks.length).map((scratch, lane) => {
          const columns = tasks.filter((_, at) => at % scratches.length === lane)
          const task: KernelTask = {
            kind: 'columns',
            handle: handle(dataSet),
            candles: dataSet.candles,
            columns,
            scratch,
          }
          return this.#compute(task, dataSet.length * columns.length, signal)
        }),
      )
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    }
    await dataSet.acquire(specs, compute, wasStopped)
    try {
      return await run()
    } finally {
      dataSet.release(specs)
    }
  }

  /** One for each thread; taken before the columns, which may leave no room in one piece. */
  #columnScratches(scope: Scope, dataSet: DataSet): number[] {
    return Array.from({ length: this.threads }, () => scope.alloc(dataSet.columnScratchBytes))
  }

  /** Memory for a run, given back when it is over; later, where a thread was stopped by force and may still write. */
  async #inScope<T>(dataSet: DataSet, run: (scope: Scope) => Promise<T>): Promise<T> {
    const scope = dataSet.arena.scope()
    try {
      const result = await run(scope)
      scope.release()
      return result
    } catch (error) {
      if (wasStopped(error)) scope.releaseLater()
      else scope.release()
      throw error
    }
  }

  async #compute(task: KernelTask, work: number, signal: AbortSignal | undefined): Promise<unknown> {
    try {
      return await this.#threads.compute(task, work, signal)
    } catch (error) {
      this.#cache.forget(task.handle.id) // a trap, a killed thread
      throw error
    }
  }
}

function wasStopped(error: unknown): boolean {
  return error instanceof DeadlineError
}

const NO_RETURNS = new Float64Array()

interface ColumnRun {
  dataSet: DataSet
  scratches: number[]
  specs: readonly ColumnSpec[]
  signal: AbortSignal | undefined
}

interface RunPart {
  request: BacktestRequest
  words: JobWords
  jobs: number[]
  from: number
  to: number
  chunk: number
  columns: readonly ColumnSpec[]
  scope: Scope
  stop: () => void
}

function handle(dataSet: DataSet): MemoryHandle {
  return { id: dataSet.id, module: engineModule(), memory: dataSet.arena.memory }
}

/** The kernel counts tiles × samples. */
function finished(control: Int32Array, { start, end, tile }: JobWords, { count }: SampleBatch): number {
  const tiles = Math.floor((end - 1) / tile) - Math.floor(start / tile) + 1
  return Math.min(count, Math.floor(Atomics.load(control, Control.DONE) / tiles))
}

/** What there is for this process: a container may have been given less than its machine has. */
function machineBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity)
}
