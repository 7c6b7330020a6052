/** Something that a subscriber may want to read again. Events carry no state: the table is the truth. */
export interface ChangeEvent {
  /** in the order of announcement; two transactions may commit in another */
  sequence: number
  topic: string
  id: string
}

/** Ids that a sleeping subscriber to a whole topic keeps; beyond, it loses those that have waited longest. */
const KEPT = 5000

/**
 * The ids that have changed since a reader last looked, each once. A thousand changes of one thing while the reader
 * sleeps cost one entry, and it then reads the newest state; so it never misses the last one either.
 *
 * Not an async generator: `return()` must end it at once, also while `next()` waits (a generator would hang on).
 */
export class Subscriber implements AsyncIterableIterator<string> {
  readonly #topic: string
  readonly #id: string | undefined
  readonly #onEnd: () => void
  readonly #changed = new Set<string>()
  #waiting: ((result: IteratorResult<string>) => void) | undefined
  #ended = false

  constructor(topic: string, id: string | undefined, onEnd: () => void) {
    this.#topic = topic
    this.#id = id
    this.#onEnd = onEnd
    this.refresh()
  }

  offer(event: ChangeEvent): void {
    if (event.topic !== this.#topic || (this.#id !== undefined && event.id !== this.#id)) return
    this.#changed.add(event.id)
    if (this.#changed.size > KEPT) this.#changed.delete(this.#changed.values().next().value!)
    this.#deliver()
  }

  /** Have the one subscribed id read again; a subscriber to all ids starts from what it already knows. */
  refresh(): void {
    if (this.#id === undefined) return
    this.#changed.add(this.#id)
    this.#deliver()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = undefined
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      this.#waiting?.({ done: true, value: undefined })
      this.#waiting = resolve
      this.#deliver()
    })
  }

  return(): Promise<IteratorResult<string>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #deliver(): void {
    const [id] = this.#changed
    if (id === undefined || !this.#waiting) return
    this.#changed.delete(id)
    const resolve = this.#waiting
    this.#waiting = undefined
    resolve({ done: false, value: id })
  }
}
