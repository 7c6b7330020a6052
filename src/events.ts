import { asc, gt, lt, max, sql } from 'drizzle-orm'
import type { Database, Storage, Transaction } from './db.ts'
import { type ChangeEvent, Subscriber } from './events/subscriber.ts'
import { events } from './events/table.ts'
import { type ReadStates, SharedReads } from './events/shared-reads.ts'

/** One channel for everything; the payload says what changed: `17:tuningJob:6f1c…`. */
const CHANNEL = 'tunebook_events'
/** How often the table is looked at for what no notification told. */
const CATCH_UP_MS = 5000
const KEPT_MS = 3_600_000
const PRUNE_MS = 600_000
/**
 * A transaction that began early may commit late, with a small sequence number; so each look begins this much before
 * the last one seen. What has been passed on already is not passed on again.
 */
const OVERLAP = 1000

/** Announce a change to all processes, when the transaction commits. */
export async function announce(tx: Database | Transaction, topic: string, id: string): Promise<void> {
  await tx.execute(sql`
    with event as (insert into ${events} (topic, subject_id) values (${topic}, ${id}) returning sequence)
    select pg_notify(${CHANNEL}, sequence || ':' || ${topic}::text || ':' || ${id}::text) from event`)
}

/**
 * Passes announcements on to this process's subscribers. The table is the truth and a notification only a hint that
 * there is something to see: what a lost connection has swallowed is read from the table when it is back, and every
 * few seconds anyway.
 */
export class EventHub {
  readonly #subscribers = new Set<Subscriber>()
  readonly #reads = new SharedReads()
  /** the last sequence numbers that were passed on; a set keeps their order */
  readonly #seen = new Set<number>()
  #newest = 0
  #db: Database | undefined
  #stopListening: (() => Promise<void>) | undefined
  #timers: NodeJS.Timeout[] = []
  #catchingUp: Promise<void> | undefined

  async start(storage: Storage): Promise<void> {
    this.#db = storage.db
    const [row] = await storage.db.select({ newest: max(events.sequence) }).from(events)
    this.#newest = row?.newest ?? 0
    for await (const old of this.#since(storage.db)) this.#remember(old.sequence)
    this.#stopListening = await storage.listen(CHANNEL, (payload) => this.#hear(payload))
    this.#timers = [
      setInterval(() => this.#subscribers.size > 0 && void this.#catchUp(), CATCH_UP_MS).unref(),
      setInterval(() => void this.#prune(), PRUNE_MS).unref(),
    ]
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    for (const subscriber of this.#subscribers) subscriber.end()
    await this.#catchingUp
    await this.#stopListening?.()
  }

  /** How many subscriptions are open; for tests and health. */
  get size(): number {
    return this.#subscribers.size
  }

  /** The sequence number of the newest event that was passed on. */
  get newest(): number {
    return this.#newest
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

  /**
   * Read the state behind an event. A thousand subscribers to one thing read it once: until its next event, for a
   * moment, what one of them has read serves all, and is the same object for all. Things that change together are read
   * together.
   *
   * @param readAll reads all that are given, whoever asks: what a viewer may not see, the caller leaves out afterwards
   * @returns null where there is no such thing
   */
  read<State extends { id: string }>(topic: string, id: string, readAll: ReadStates<State>): Promise<State | null> {
    return this.#reads.read(topic, id, readAll)
  }

  #hear(payload: string): void {
    const [sequence, topic, ...id] = payload.split(':')
    // An empty payload follows a lost connection: anything may have been missed.
    if (topic === undefined) this.#lookAgain()
    else this.#pass({ sequence: Number(sequence), topic, id: id.join(':') })
  }

  #lookAgain(): void {
    this.#reads.forgetAll()
    for (const subscriber of this.#subscribers) subscriber.refresh()
    void this.#catchUp()
  }

  #pass(event: ChangeEvent): void {
    if (this.#seen.has(event.sequence)) return
    this.#remember(event.sequence)
    this.#reads.forget(event.topic, event.id)
    for (const subscriber of this.#subscribers) subscriber.offer(event)
  }

  #remember(sequence: number): void {
    this.#seen.add(sequence)
    this.#newest = Math.max(this.#newest, sequence)
    if (this.#seen.size > 2 * OVERLAP) this.#seen.delete(this.#seen.values().next().value!)
  }

  /** One look at a time; a database that does not answer is looked at again later. */
  #catchUp(): Promise<void> {
    return (this.#catchingUp ??= this.#readMissed()
      .catch(() => {})
      .finally(() => (this.#catchingUp = undefined)))
  }

  async #readMissed(): Promise<void> {
    for await (const event of this.#since(this.#db!)) this.#pass(event)
  }

  async *#since(db: Database): AsyncGenerator<ChangeEvent> {
    const { sequence, topic, subjectId } = events
    let from = this.#newest - OVERLAP
    for (;;) {
      const rows = await db
        .select({ sequence, topic, id: subjectId })
        .from(events)
        .where(gt(sequence, from))
        .orderBy(asc(sequence))
        .limit(OVERLAP)
      yield* rows
      if (rows.length < OVERLAP) return
      from = rows.at(-1)!.sequence
    }
  }

  async #prune(): Promise<void> {
    await this.#db!
      .delete(events)
      .where(lt(events.createdAt, sql`now() - ${KEPT_MS} * interval '1 millisecond'`))
      .catch(() => {})
  }
}
