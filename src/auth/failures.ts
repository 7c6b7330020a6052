const WINDOW_MS = 60_000
const ALLOWED = 10
/** More addresses than this are not told apart: memory is bounded, whoever knocks. */
const MAX_ADDRESSES = 10_000

/** Counts failed sign-ins by address: after ten within a minute nobody unknown gets an answer from there. */
export class Failures {
  /** times of the failures within the last minute, ms; in the order in which addresses last failed */
  readonly #times = new Map<string, number[]>()
  readonly #clock: () => number

  /** @param clock ms, monotonic */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  add(address: string): void {
    const times = [...this.#recent(address), this.#clock()].slice(-ALLOWED)
    this.#times.delete(address)
    this.#times.set(address, times)
    if (this.#times.size > MAX_ADDRESSES) this.#times.delete(this.#times.keys().next().value!)
  }

  /** Seconds until this address may try again; 0 while it may. */
  waitSeconds(address: string): number {
    const times = this.#recent(address)
    if (times.length < ALLOWED) return 0
    return Math.max(1, Math.ceil((times[0] + WINDOW_MS - this.#clock()) / 1000))
  }

  #recent(address: string): number[] {
    const since = this.#clock() - WINDOW_MS
    return (this.#times.get(address) ?? []).filter((time) => time > since)
  }
}
