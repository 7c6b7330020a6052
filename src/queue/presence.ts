import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connect, type ReservedSql, type Sql } from '../postgres.ts'

/** First key of the advisory locks by which processes show that they live; the second is their number. */
export const HOLDER_LOCKS = 7_420_251
/** Whoever has this one looks after the messages of the dead. */
const WATCH_LOCK = 0

const RECONNECT_AFTER_MS = 100
/** A database that was restarted has let go of all locks: everybody gets this long to take theirs again. */
const GRACE_MS = 600

/**
 * A number by which other processes can see that this one lives: an advisory lock of a session that does nothing else.
 * The server frees it as soon as the process is gone, which is milliseconds after a SIGKILL; a process that is stopped
 * or cut off keeps it, and is found out by its heartbeat.
 *
 * It needs a connection of its own, not one of a transaction pooler.
 */
export class Presence {
  /** 1 … 2³¹ − 1, another one after each lost connection */
  number = 0
  readonly #client: Sql
  readonly #log: Logger
  readonly #closing = new AbortController()
  #session: ReservedSql | undefined
  /** when this process became the one that watches, by performance.now(); null where another one does */
  #watchesSince: number | null = null

  private constructor(url: string, log: Logger) {
    this.#log = log
    this.#client = connect(url, {
      max: 1,
      max_lifetime: null,
      keep_alive: 10,
      connection: { application_name: 'tunebook-presence' },
      onclose: () => void this.#again(),
    })
  }

  static async open(url: string, log: Logger): Promise<Presence> {
    const presence = new Presence(url, log)
    await presence.#take()
    return presence
  }

  /** Whether this process is to look after the messages of the dead. Exactly one is, or for a moment none. */
  async watches(): Promise<boolean> {
    const session = this.#session
    if (!session) return false
    if (this.#watchesSince === null) {
      const [{ got }] = await session`select pg_try_advisory_lock(${HOLDER_LOCKS}, ${WATCH_LOCK}) as got`
      if (got && session === this.#session) this.#watchesSince = performance.now()
    }
    return this.#watchesSince !== null && performance.now() - this.#watchesSince > GRACE_MS
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#session = undefined
    await this.#client.end({ timeout: 1 })
  }

  async #take(): Promise<void> {
    const session = await this.#client.reserve()
    const number = 1 + Math.floor(Math.random() * (2 ** 31 - 2))
    await session`select pg_advisory_lock(${HOLDER_LOCKS}, ${number})`
    this.number = number
    this.#session = session
  }

  /** The connection was lost, and our locks with it. */
  async #again(): Promise<void> {
    if (!this.#session) return
    this.#session = undefined
    this.#watchesSince = null
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        return await this.#take()
      } catch (error) {
        this.#log.debug({ err: error }, 'no presence in the database yet')
        await wait(RECONNECT_AFTER_MS, undefined, { signal }).catch(() => {})
      }
    }
  }
}
