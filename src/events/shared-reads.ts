/** For so long a result serves others who ask: long enough for a thousand who heard the same event. */
const GOOD_MS = 250

/** Reads of which many want the result at once. What was read is good until the thing's next event, and not for long. */
export class SharedReads {
  readonly #reads = new Map<string, Promise<unknown>>()

  read<State>(key: string, read: () => Promise<State>): Promise<State> {
    const known = this.#reads.get(key)
    if (known) return known as Promise<State>
    const reading = read()
    this.#reads.set(key, reading)
    const forget = (): void => {
      if (this.#reads.get(key) === reading) this.#reads.delete(key)
    }
    setTimeout(forget, GOOD_MS).unref()
    reading.catch(forget)
    return reading
  }

  /** Whoever asks from now on wants to see what has just happened. */
  forget(key: string): void {
    this.#reads.delete(key)
  }

  forgetAll(): void {
    this.#reads.clear()
  }
}
