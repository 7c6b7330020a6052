import { Piscina } from 'piscina'
import { DomainError } from '../errors.ts'
import { MemoryGuard } from './memory-guard.ts'
import { type KernelTask, STARTED, type Task } from './task.ts'

const ENDED = 2

/** The compute threads. They start when there is work, and one that hangs is stopped and replaced. */
export class Threads {
  readonly count: number
  readonly #pool: Piscina
  readonly #deadlineMs: number | undefined
  readonly #memory: MemoryGuard

  /**
   * @param onError           hears of failures that belong to no call, such as the late answer of a cancelled one
   * @param options.heapMb     MiB of JavaScript objects that one thread may hold
   * @param options.residentBytes memory of the whole process beyond which calls are stopped
   * @param options.deadlineMs longest time of one task; by default by the work it has to do, far beyond what that takes
   */
  constructor(
    count: number,
    onError: (error: unknown) => void,
    options: { heapMb: number; residentBytes: number; deadlineMs?: number | undefined },
  ) {
    this.count = count
    this.#deadlineMs = options.deadlineMs
    this.#memory = new MemoryGuard(options.residentBytes)
    this.#pool = new Piscina({
      filename: new URL('./worker.ts', import.meta.url).href,
      minThreads: 0,
      maxThreads: count,
      idleTimeout: 60_000,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
    })
    this.#pool.on('error', onError) // without a listener the late answer of an aborted task ends the process
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true })
  }

  /** Threads that live, tasks that wait for one, tasks done since the start. */
  get load(): { threads: number; waiting: number; completed: number } {
    return { threads: this.#pool.threads.length, waiting: this.#pool.queueSize, completed: this.#pool.completed }
  }

  /**
   * Call the exported function `name` of a module, given by the href of its file.
   *
   * @throws OutOfMemoryError
   */
  async call<T>(task: { module: string; name: string; data: unknown }, signal: AbortSignal | undefined): Promise<T> {
    return this.#memory.watch(async (full) => {
      const either = signal ? AbortSignal.any([signal, full]) : full
      return (await this.#pool.run({ kind: 'call', ...task }, { signal: either })) as T
    })
  }

  /**
   * Run a task, no longer than its deadline: then its thread is stopped and replaced. Time in the queue does not count.
   *
   * @param work bars × samples, or bars × columns
   * @throws DeadlineError
   */
  async compute(task: KernelTask, work: number, signal: AbortSignal | undefined): Promise<unknown> {
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
