const EVERY_MS = 1000
/** Everybody is heard of again after this long, for handlers are heard of every second. */
const GRACE_MS = 3000

/**
 * Has messages taken back whose handlers have not been heard of for long, every second. But after the database was
 * away, or this process was stopped (as a laptop is that sleeps), nobody was heard of: then everybody first gets a
 * moment to be, or messages would be taken from handlers that live.
 */
export class Supervisor {
  readonly #ask: () => PromiseLike<unknown>
  readonly #takeBack: () => Promise<void>
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined
  /** ms since epoch: a monotonic clock stands still while a machine sleeps */
  #lookedAt = Date.now()
  #troubledAt = -Infinity

  /** @param ask whether the database answers */
  constructor(ask: () => PromiseLike<unknown>, takeBack: () => Promise<void>) {
    this.#ask = ask
    this.#takeBack = takeBack
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    }, EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    try {
      if (Date.now() - this.#lookedAt > 2 * EVERY_MS) this.#troubledAt = Date.now()
      await this.#ask()
      if (Date.now() - this.#troubledAt >= GRACE_MS) await this.#takeBack()
    } catch {
      this.#troubledAt = Date.now()
    }
    this.#lookedAt = Date.now()
  }
}
