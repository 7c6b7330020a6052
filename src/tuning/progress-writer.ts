import type { ProgressState } from './progress.ts'

/** Within a phase progress is written this often at most. */
const INTERVAL_MS = 200

/** Writes progress: never two states at once, and of those that wait only the newest. */
export class ProgressWriter {
  readonly #write: (state: ProgressState) => Promise<unknown>
  readonly #clock: () => number
  #phase: ProgressState['phase'] | undefined
  #takenAt = 0
  #next: ProgressState | undefined
  #writing: Promise<void> | undefined

  /**
   * @param write must not reject
   * @param clock ms, never going back
   */
  constructor(write: (state: ProgressState) => Promise<unknown>, clock: () => number) {
    this.#write = write
    this.#clock = clock
  }

  offer(state: ProgressState): void {
    const now = this.#clock()
    if (state.phase === this.#phase && now - this.#takenAt < INTERVAL_MS) return
    this.#phase = state.phase
    this.#takenAt = now
    this.#next = state
    this.#writing ??= this.#drain()
  }

  /** Everything that was taken is written. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #drain(): Promise<void> {
    while (this.#next) {
      const state = this.#next
      this.#next = undefined
      await this.#write(state)
    }
    this.#writing = undefined
  }
}
