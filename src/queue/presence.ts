import { setImmediate as next, setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connect, type ReservedSql, type Sql } from '../postgres.ts'

/** First key of the advisory locks by which processes show that they live; the second is their number. */
export const HOLDER_LOCKS = 7_420_251
/** Whoever has this one looks after the messages of the dead. */
const WATCH_LOCK = 0

const RECONNECT_AFTER_MS = 100
/** However long the database was away: by then it is tried again. */
const LONGEST_PAUSE_S = 0.5
/** Where connections are lost locks are too: everybody gets this long to take theirs again, */
const GRACE_MS = 600
/** and longer where we have lost ours or the database has just been started: clients wait from try to try. */
const GRACE_AFTER_LOSS_MS = 3000

/** A process whose machine is gone keeps its locks until the server has asked after it in vain; by default for hours. */
const FOUND_OUT_BY_SERVER = { tcp_keepalives_idle: 10, tcp_keepalives_interval: 5, tcp_keepalives_count: 3 }

/**
 * A number by which other processes can see that this one lives: an advisory lock of a session that does nothing else,
 * taken again, under the same number, where its connection is lost. The server frees it as soon as the process is
 * gone, which is milliseconds after a SIGKILL; a process that is stopped or cut off keeps it, and is found out by its
 * heartbeat.
 *
 * It needs a connection of its own, not one of a transaction pooler.
 */
export class Presence {
  /** 1 … 2³¹ − 1 */
  readonly number = 1 + Math.floor(Math.random() * (2 ** 31 - 2))
  readonly #client: Sql
  readonly #log: Logger
  readonly #closing = new AbortController()
  #session: ReservedSql | undefined
  /** when the connection was had again after a loss, by performance.now() */
  #againSince = -Infinity
  /** when this process, being the one that watches, may begin, by performance.now(); null where another one does */
  #watchesFrom: number | null = null

  private constructor(url: string, log: Logger) {
    this.#log = log
    this.#client = connect(url, {
      max: 1,
      max_lifetime: null,
      keep_alive: 10,
      backoff: (attempt) => Math.min(LONGEST_PAUSE_S, 0.05 * 2 ** attempt),
      connection: { application_name: 'tunebook-presence', ...FOUND_OUT_BY_SERVER },
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
    if (this.#watchesFrom === null) {
      const [{ got, upMs }] = await session`
        select pg_try_advisory_lock(${HOLDER_LOCKS}, ${WATCH_LOCK}) as got,
          extract(epoch from clock_timestamp() - pg_postmaster_start_time())::float8 * 1000 as "upMs"`
      if (got && session === this.#session) {
        const now = performance.now()
        const unrest = Math.min(upMs, now - this.#againSince)
        this.#watchesFrom = now + Math.max(GRACE_MS, GRACE_AFTER_LOSS_MS - unrest)
      }
    }
    return this.#watchesFrom !== null && performance.now() > this.#watchesFrom
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#session = undefined
    await this.#client.end({ timeout: 1 })
  }

  async #take(): Promise<void> {
    const session = await this.#client.reserve()
    try {
      // Where the session before lives on, because the server does not know yet that nobody hears it, this waits for
      // its end. A lock that is waited for shows as much life as one that is held.
      await session`select pg_advisory_lock(${HOLDER_LOCKS}, ${this.number})`
    } catch (error) {
      session.release() // there is no other to try again with
      throw error
    }
    this.#session = session
  }

  /** The connection was lost, and our locks with it. */
  async #again(): Promise<void> {
    if (!this.#session) return
    this.#session = undefined
    this.#watchesFrom = null
    const { signal } = this.#closing
    await next() // asked for within its own `onclose`, the driver would open the connection twice and lose both
    while (!signal.aborted) {
      try {
        await this.#take()
        this.#againSince = performance.now()
        return
      } catch (error) {
        this.#log.debug({ err: error }, 'no presence in the database yet')
        await wait(RECONNECT_AFTER_MS, undefined, { signal }).catch(() => {})
      }
    }
  }
}
