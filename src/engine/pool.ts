import { totalmem } from 'node:os'
import { Piscina } from 'piscina'
import { DomainError } from '../errors.ts'
import { operationSignal } from '../operation.ts'
import type { Candles } from './candles.ts'
import { type ColumnTask, DataSet } from './data-set.ts'
import { type Allocate, DataSetCache, type OpenDataSet } from './data-set-cache.ts'
import type { ExecutionSettings, TradeRecord, Window } from './execution.ts'
import {
  Control,
  type JobWords,
  laneBytes,
  orderBySlots,
  placeJob,
  placeLane,
  sampleBytes,
  type ScratchShape,
  shapeOf,
  sharedBytes,
} from './fast-job.ts'
import { ADDRESSABLE_BYTES, type Scope, tooLarge } from './heap.ts'
import { decodeTrade, METRIC_COUNT, placeRun, TRADE_FIELDS } from './layout.ts'
import { columnKey, columnsOf, type ColumnSpec, type SampleBatch, type StrategyProgram } from './program.ts'
import { engineModule } from './wasm.ts'
import { type KernelTask, type MemoryHandle, STARTED, type Task } from './task.ts'

/** What is to be backtested. */
export interface BacktestRequest {
  dataSet: DataSet
  program: StrategyProgram
  batch: SampleBatch
  settings: ExecutionSettings
  window: Window
}

export interface RunOptions {
  /** stops the run within a few milliseconds */
  signal?: AbortSignal | undefined
  /** @param done samples finished so far */
  onProgress?: ((done: number) => void) | undefined
  /** for tests: the kernel traps, or never ends */
  fault?: 'TRAP' | 'ENDLESS' | undefined
}

export interface EngineOptions {
  /** of one data set with its columns and runs; by default half of the machine's, at most 4 GiB */
  memoryBytes?: number | undefined
  /** MiB of JavaScript objects that one thread may hold; 2048 where not given */
  heapMb?: number | undefined
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

/** Less work than this (bars × samples) is not worth waking a second thread. */
const FAN_OUT = 20_000_000
/** What the samples of a chunk may take in a thread's memory. */
const CHUNK_BYTES = 16 << 20
/** What the columns of a run may take at a time; where a parameter makes a column for each sample, they come in turns. */
const COLUMN_BYTES = 512 << 20
const PROGRESS_MS = 100
const ENDED = 2

/** The compute threads. Typed arrays in, typed arrays out; it knows nothing of jobs, strategies or the database. */
export class Engine {
  readonly threads: number
  /** what all data sets together may take */
  readonly memoryBytes: number
  readonly #pool: Piscina
  readonly #deadlineMs: number | undefined
  readonly #cache: DataSetCache

  /** @param onError hears of failures that belong to no call, such as the late answer of a cancelled one */
  constructor(threads: number, onError: (error: unknown) => void, options: EngineOptions = {}) {
    this.threads = threads
    this.memoryBytes = Math.min(options.memoryBytes ?? totalmem() / 2, ADDRESSABLE_BYTES)
    this.#deadlineMs = options.deadlineMs
    this.#cache = new DataSetCache(this.memoryBytes)
    this.#pool = new Piscina({
      filename: new URL('./worker.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 60_000,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb ?? 2048 },
    })
    this.#pool.on('error', onError) // without a listener the late answer of an aborted task ends the process
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true })
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
    return { threads: this.#pool.threads.length, waiting: this.#pool.queueSize, completed: this.#pool.completed }
  }

  /**
   * Call the exported function `name` of a module in a compute thread.
   *
   * @param task.module href of the file
   * @param task.data   anything that can be cloned
   */
  async call<T>(
    task: { module: string; name: string; data: unknown },
    signal: AbortSignal | undefined = operationSignal(),
  ): Promise<T> {
    return (await this.#pool.run({ kind: 'call', ...task }, signal ? { signal } : {})) as T
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

  async #run(request: JobRequest, options: RunOptions): Promise<DailyBacktests> {
    const { dataSet, batch } = request
    const signal = options.signal ?? operationSignal()
    signal?.throwIfAborted()
    const plan = this.#planRun(request)
    return this.#inScope(dataSet, async (scope) => {
      const words = placeJob(scope, request)
      const jobs = Array.from({ length: plan.lanes }, () => placeLane(scope, words, plan.shape, plan.chunk))
      const scratches = this.#columnScratches(scope, dataSet)
      const control = scope.int32(words.control, 3)
      if (options.fault) control[Control.FAULT] = options.fault === 'TRAP' ? 1 : 2
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

  /**
   * How a run is divided: threads, samples that one works on at a time, and parts whose columns fit the memory.
   *
   * @throws DomainError TOO_LARGE
   */
  #planRun(request: JobRequest): RunPlan {
    const { dataSet, batch } = request
    const shape = shapeOf(request)
    const work = batch.count * barsOf(request)
    const lanes = work < FAN_OUT ? 1 : Math.min(this.threads, batch.count)
    const chunk = Math.max(1, Math.min(Math.ceil(batch.count / lanes), Math.floor(CHUNK_BYTES / sampleBytes(shape))))
    const own = sharedBytes(request) + lanes * laneBytes(shape, chunk) + this.threads * dataSet.columnScratchBytes
    const forColumns = dataSet.arena.limitBytes - DataSet.bytesOf(dataSet.length) - own
    const room = Math.floor(forColumns / dataSet.columnBytes)
    const parts = partition(request, { room, wanted: Math.floor(COLUMN_BYTES / dataSet.columnBytes) }, own)
    dataSet.makeRoom(own, laneBytes(shape, chunk))
    if (dataSet.arena.availableBytes < own) throw tooLarge(own, dataSet.arena.availableBytes)
    return { shape, lanes, chunk, parts }
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

  /**
   * Run a task, no longer than its deadline: then its thread is stopped and replaced. Time in the queue does not count.
   *
   * @param work bars × samples, or bars × columns
   */
  async #compute(task: KernelTask, work: number, signal: AbortSignal | undefined): Promise<unknown> {
    const limit = this.#deadlineMs ?? 10_000 + work / 5_000
    const deadline = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const started = new Int32Array(new SharedArrayBuffer(4))
    const begin = (): void => void (timer = setTimeout(() => deadline.abort(), limit))
    const waiting = Atomics.waitAsync(started, 0, 0).value
    if (waiting instanceof Promise) void waiting.then(() => started[0] === STARTED && begin())
    try {
      return await this.#pool.run({ ...task, started } satisfies Task, { signal: deadline.signal })
    } catch (error) {
      this.#cache.forget(task.handle.id) // a trap, a killed thread
      if (!deadline.signal.aborted) throw error
      signal?.throwIfAborted()
      throw new DeadlineError(limit)
    } finally {
      Atomics.store(started, 0, ENDED)
      Atomics.notify(started, 0) // nobody waits for a task that never began
      clearTimeout(timer)
    }
  }
}

/** A thread that did not answer in time was stopped. */
export class DeadlineError extends DomainError {
  constructor(limitMs: number) {
    super(
      'DEADLINE_EXCEEDED',
      `A calculation took longer than ${Math.round(limitMs)} ms and was stopped. Try again with fewer samples or a shorter period.`,
    )
  }
}

function wasStopped(error: unknown): boolean {
  return error instanceof DeadlineError
}

type JobRequest = BacktestRequest & { returns?: boolean; dayMs?: number }

const NO_RETURNS = new Float64Array()

interface RunPlan {
  shape: ScratchShape
  lanes: number
  /** samples that a thread works on at a time */
  chunk: number
  parts: { to: number; columns: ColumnSpec[] }[]
}

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

function barsOf({ window }: { window: Window }): number {
  return window.end - window.start
}

function handle(dataSet: DataSet): MemoryHandle {
  return { id: dataSet.id, module: engineModule(), memory: dataSet.arena.memory }
}

/** The kernel counts tiles × samples. */
function finished(control: Int32Array, { start, end, tile }: JobWords, { count }: SampleBatch): number {
  const tiles = Math.floor((end - 1) / tile) - Math.floor(start / tile) + 1
  return Math.min(count, Math.floor(Atomics.load(control, Control.DONE) / tiles))
}

/**
 * Stretches of the order of work, each with no more columns than there is room for, and no more than wanted where one
 * sample does not need more.
 */
function partition(
  { batch, program, dataSet }: BacktestRequest,
  { room, wanted }: { room: number; wanted: number },
  ownBytes: number,
): RunPlan['parts'] {
  const parts: RunPlan['parts'] = []
  const width = program.slotCount
  const sources = batch.columns.map((spec) => new Set(columnsOf(spec).map(columnKey)))
  let used = new Set<number>()
  let keys = new Set<string>()
  const close = (to: number): void =>
    void (to > 0 && parts.push({ to, columns: [...used].map((column) => batch.columns[column]) }))
  orderBySlots(batch, width).forEach((sample, position) => {
    const own = batch.slots.subarray(sample * width, (sample + 1) * width)
    if (own.every((column) => used.has(column))) return
    const added = new Set([...own].flatMap((column) => [...sources[column]]))
    if (added.size > room)
      throw tooLarge(
        DataSet.bytesOf(dataSet.length) + ownBytes + added.size * dataSet.columnBytes,
        dataSet.arena.limitBytes,
      )
    if (keys.size > 0 && keys.union(added).size > Math.min(room, wanted)) {
      close(position)
      used = new Set()
      keys = new Set()
    }
    for (const column of own) used.add(column)
    for (const key of added) keys.add(key)
  })
  close(batch.count)
  return parts
}
