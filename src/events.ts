import { notify, type Database, type Storage, type Transaction } from './db.ts'

/** One channel for everything; the payload says what changed: `tuningJob:6f1c…`. */
const CHANNEL = 'tunebook_events'

/** Something that a subscriber may want to read again. Events carry no state: the table is the truth. */
export interface ChangeEvent {
  topic: string
  id: string
}

/** Announce a change to all processes, when the transaction commits. */
export async function announce(tx: Database | Transaction, topic: string, id: string): Promise<void> {
  await notify(tx, CHANNEL, `${topic}:${id}`)
}

/**
 * Passes announcements on to this process's subscribers. Bounded by design: each subscriber keeps a set of changed
 * ids, so a thousand changes of one job while a reader sleeps cost one entry, and it then reads the newest state.
 */
export class EventHub {
  readonly #subscribers = new Set<Subscriber>()
  #stop: (() => Promise<void>) | undefined

  async start(storage: Storage): Promise<void> {
    this.#stop = await storage.listen(CHANNEL, (payload) => {
      const colon = payload.indexOf(':')
      // An empty payload follows a lost connection: anything may have been missed, so everybody looks again.
      for (const subscriber of this.#subscribers) {
        if (colon < 0) subscriber.refresh()
        else subscriber.offer({ topic: payload.slice(0, colon), id: payload.slice(colon + 1) })
      }
    })
  }

  async stop(): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.end()
    await this.#stop?.()
  }

  /** How many subscriptions are open; for tests and health. */
  get size(): number {
    return this.#subscribers.size
  }

  /**
   * Ids of `topic` as they change, each at most once until it is read.
   *
   * @param id only this one, and it comes once at the start: the state now, then every change
   */
  subscribe(topic: string, id?: string): AsyncIterableIterator<string> {
    const subscriber = new Subscriber(topic, id, () => this.#subscribers.delete(subscriber))
    this.#subscribers.add(subscriber)
    return subscriber
  }
}

/** Not an async generator: `return()` must end it at once, also while `next()` waits (a generator would hang on). */
class Subscriber implements AsyncIterableIterator<string> {
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
