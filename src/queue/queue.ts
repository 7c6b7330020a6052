import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { fromDrizzle, fromPglite, PgBoss, type ConstructorOptions, type DrizzleTransactionLike } from 'pg-boss'
import type { Database, Storage, Transaction } from '../db.ts'

/** A message in the hands of a worker. */
export interface Delivery<T> {
  data: T
  /** Aborts when the message is taken away: expired, cancelled, or the process stops. */
  signal: AbortSignal
  /** After a failure of this one the message is not delivered again. */
  lastAttempt: boolean
}

/** How often a message is delivered before it counts as poison. */
const ATTEMPTS = 3

const QUEUE_OPTIONS = {
  notify: true,
  retryLimit: ATTEMPTS - 1,
  retryDelay: 1,
  retryBackoff: true,
  heartbeatSeconds: 10, // the least that pg-boss allows
  expireInSeconds: 12 * 3600,
}

const WORK_OPTIONS = {
  pollingIntervalSeconds: 2,
  notifyPollingIntervalSeconds: 2,
  heartbeatRefreshSeconds: 1,
  includeMetadata: true,
} as const

/**
 * Durable messages in the same database as everything else, so that a row and its message are written in one
 * transaction. The engine is pg-boss; what a message means is the caller's affair.
 */
export class Queue {
  readonly #boss: PgBoss
  readonly #stopping = new AbortController()
  readonly #names = new Set<string>()

  private constructor(boss: PgBoss) {
    this.#boss = boss
  }

  static async open(storage: Storage, log: Logger): Promise<Queue> {
    const options: ConstructorOptions = {
      useListenNotify: true,
      superviseIntervalSeconds: 1,
      monitorIntervalSeconds: 1,
      schedule: false,
    }
    const boss =
      storage.engine.kind === 'embedded'
        ? new PgBoss({ ...options, db: fromPglite(storage.engine.lite), backend: 'pglite' })
        : new PgBoss({ ...options, connectionString: storage.engine.url, max: 4, application_name: 'tunebook-queue' })
    boss.on('error', (error) => log.warn({ error: error.message }, 'queue'))
    await boss.start()
    return new Queue(boss)
  }

  /** Make a queue known before its first message, with one beside it for messages that nobody survives. */
  async declare(name: string): Promise<void> {
    if (this.#names.has(name)) return
    const deadLetter = deadLetterQueue(name)
    await this.#boss.createQueue(deadLetter, { notify: true })
    await this.#boss.createQueue(name, { ...QUEUE_OPTIONS, deadLetter })
    this.#names.add(name)
  }

  /** Send within the caller's transaction: the message exists exactly if the transaction commits. */
  async send(tx: Database | Transaction, name: string, data: object): Promise<void> {
    await this.#boss.send(name, data, { db: fromDrizzle(tx as unknown as DrizzleTransactionLike, sql) })
  }

  /**
   * Handle messages one at a time. A handler that throws gets the message again, later; a handler must therefore
   * bear being called twice.
   *
   * @param onDead gets a message whose last delivery failed too, or whose handler's process died each time
   */
  async work<T extends object>(
    name: string,
    handler: (delivery: Delivery<T>) => Promise<void>,
    onDead: (data: T) => Promise<void>,
  ): Promise<void> {
    await this.#boss.work<T>(deadLetterQueue(name), async ([message]) => {
      if (message) await onDead(message.data)
    })
    await this.#boss.work<T, void, typeof WORK_OPTIONS>(name, WORK_OPTIONS, async ([message]) => {
      if (!message) return
      const signal = AbortSignal.any([message.signal, this.#stopping.signal])
      await handler({ data: message.data, signal, lastAttempt: message.retryCount >= message.retryLimit })
    })
  }

  /** True once `stop` was called: what is aborted now is not cancelled, but goes on elsewhere or later. */
  get stopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Abort what is being worked on and wait until it has let go. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The service is stopping.'))
    await this.#boss.stop({ graceful: true, timeout: 8_000 })
  }
}

function deadLetterQueue(name: string): string {
  return `${name}-dead`
}
