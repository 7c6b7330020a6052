import { and, eq, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Database, Transaction } from '../db.ts'
import { HOLDER_LOCKS, Presence } from './presence.ts'
import { messageHolders } from './table.ts'

const LOOK_EVERY_MS = 200

/** A message whose holder died. */
export interface Orphan {
  queue: string
  messageId: string
}

type TakeBack = (tx: Transaction, orphan: Orphan) => Promise<void>

/**
 * Knows which process holds which message, and finds those whose process died, within half a second. One of all
 * processes looks; where it dies itself another one goes on.
 */
export class Holders {
  readonly #db: Database
  readonly #presence: Presence
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  readonly #takeBack: TakeBack
  /** what seemed orphaned at the last look: a holder is dead if it is seen so twice */
  #suspects = new Set<string>()
  #looking: Promise<void> | undefined

  private constructor(db: Database, presence: Presence, log: Logger, takeBack: TakeBack) {
    this.#db = db
    this.#presence = presence
    this.#log = log
    this.#takeBack = takeBack
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    }, LOOK_EVERY_MS)
  }

  /** @param takeBack called once for each message of a dead process, in one process only */
  static async open(db: Database, url: string, log: Logger, takeBack: TakeBack): Promise<Holders> {
    return new Holders(db, await Presence.open(url, log), log, takeBack)
  }

  /** This process holds the message from now on. */
  async hold(queue: string, messageId: string): Promise<void> {
    const holder = this.#presence.number
    await this.#db
      .insert(messageHolders)
      .values({ queue, messageId, holder })
      .onConflictDoUpdate({ target: [messageHolders.queue, messageHolders.messageId], set: { holder } })
  }

  /** It is done, or somebody else's. */
  async release(queue: string, messageId: string): Promise<void> {
    const ours = eq(messageHolders.holder, this.#presence.number)
    await this.#db.delete(messageHolders).where(and(isMessage({ queue, messageId }), ours))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
    await this.#presence.close()
  }

  async #look(): Promise<void> {
    try {
      if (!(await this.#presence.watches())) return
      const seen = await this.#orphans()
      const before = this.#suspects
      this.#suspects = new Set(seen.map(nameOf))
      for (const orphan of seen) if (before.has(nameOf(orphan))) await this.#claim(orphan)
    } catch (error) {
      this.#suspects.clear()
      this.#log.debug({ err: error }, 'could not look for messages of dead processes')
    }
  }

  async #orphans(): Promise<(Orphan & { holder: number })[]> {
    return this.#db
      .select()
      .from(messageHolders)
      .where(
        sql`not exists (
          select 1 from pg_locks l
          where l.locktype = 'advisory' and l.classid = ${HOLDER_LOCKS} and l.objid = ${messageHolders.holder}
            and l.database = (select oid from pg_database where datname = current_database()))`,
      )
  }

  /** In one transaction: who is stopped or dies within it can neither leave the message to nobody nor take it later. */
  async #claim(orphan: Orphan & { holder: number }): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const gone = await tx
        .delete(messageHolders)
        .where(and(isMessage(orphan), eq(messageHolders.holder, orphan.holder)))
        .returning()
      if (gone.length > 0) await this.#takeBack(tx, orphan)
    })
  }
}

function isMessage({ queue, messageId }: Orphan) {
  return and(eq(messageHolders.queue, queue), eq(messageHolders.messageId, messageId))
}

function nameOf({ queue, messageId, holder }: Orphan & { holder: number }): string {
  return `${queue} ${messageId} ${holder}`
}
