import { DomainError } from '../errors.ts'

const LOOK_EVERY_MS = 50
/** What a stopped thread held is given back by then. */
const GIVEN_BACK_MS = 500

/**
 * Stops the youngest call of a compute thread while the process holds more memory than it may. JavaScript objects have
 * a limit of their own; typed arrays and what libraries allocate have none, and would take the whole process along.
 */
export class MemoryGuard {
  readonly #limit: number
  readonly #running = new Set<AbortController>()
  #timer: NodeJS.Timeout | undefined
  #quietUntil = 0

  /** @param limitBytes resident memory of the process */
  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  /**
   * Run with a signal that aborts when memory runs out.
   *
   * @throws OutOfMemoryError it did
   */
  async watch<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    this.#running.add(stop)
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
    try {
      return await run(stop.signal)
    } catch (error) {
      throw stop.signal.aborted ? new OutOfMemoryError() : error
    } finally {
      this.#running.delete(stop)
      if (this.#running.size === 0) this.#rest()
    }
  }

  #look(): void {
    if (performance.now() < this.#quietUntil || process.memoryUsage.rss() <= this.#limit) return
    const youngest = [...this.#running].findLast((call) => !call.signal.aborted)
    youngest?.abort()
    this.#quietUntil = performance.now() + GIVEN_BACK_MS
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** A call held, or was about to hold, more memory than there is, and was stopped. */
export class OutOfMemoryError extends DomainError {
  constructor() {
    super('OUT_OF_MEMORY', 'A calculation needed more memory than there is, and was stopped.')
  }
}
