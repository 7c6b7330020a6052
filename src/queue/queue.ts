import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import {
  fromDrizzle,
  fromPglite,
  type JobWithMetadata,
  PgBoss,
  type ConstructorOptions,
  type QueueOptions,
} from 'pg-boss'
import type { Database, Storage, Transaction } from '../db.ts'
import { outsideOperation } from '../operation.ts'
import { outlasting } from '../outage.ts'
import { Holders, type Orphan } from './holders.ts'
import { Supervisor } from './supervisor.ts'

/** A message in the hands of a worker. */
export interface Delivery<T> {
  data: T
  /** Aborts when the message is taken away: expired, cancelled, or the process stops. */
  signal: AbortSignal
  /** After a failure of this one the message is not delivered again. */
  lastAttempt: boolean
}

/** When a message is delivered. */
export interface When {
  /** one of a higher priority (0) comes earlier; within one the oldest comes first */
  priority?: number
  /** not before so many seconds have passed */
  startAfter?: number
}

/** How a message that failed is delivered again. */
export type Retries = Partial<Record<'retryLimit' | 'retryDelay' | 'retryDelayMax', number>>

/** How often a message is delivered before it counts as poison. */
const ATTEMPTS = 3

/** As long as for a statement of our own: a connection that stays silent is given up. */
const QUERY_MS = 35_000

/** No message has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000'

const QUEUE_OPTIONS = {
  notify: true,
  retryLimit: ATTEMPTS - 1,
  retryDelay: 1,
  retryBackoff: true,
  heartbeatSeconds: 10, // the least that pg-boss allows
  expireInSeconds: 12 * 3600,
  retentionSeconds: 10 * 365 * 86_400, // a message waits for a worker as long as what it tells of
}

/** What a dead message leaves to do is done once it can be, or nobody would hear of the death. */
const DEAD_LETTER_OPTIONS = { ...QUEUE_OPTIONS, retryLimit: 1_000_000, retryDelayMax: 60 }

const WORK_OPTIONS = {
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 1, // a message that is delivered again is not announced
  heartbeatRefreshSeconds: 1,
  includeMetadata: true,
} as const

/**
 * Durable messages in the same database as everything else, so that a row and its message are written in one
 * transaction. The engine is pg-boss; what a message means is the caller's affair.
 */
export class Queue {
  readonly #boss: PgBoss
  readonly #db: Database
  /** nobody but this process can hold messages */
  readonly #alone: boolean
  readonly #stopping = new AbortController()
  readonly #declared = new Map<string, Promise<void>>()
  /** the queues that this process handles */
  readonly #workers = new Set<string>()
  readonly #supervisor: Supervisor
  /** who holds what, where several processes may */
  #holders: Holders | undefined

  private constructor(boss: PgBoss, db: Database, alone: boolean) {
    this.#boss = boss
    this.#db = db
    this.#alone = alone
    this.#supervisor = new Supervisor(
      () => db.execute(sql`select 1`),
      () => boss.supervise(),
    )
  }

  static async open(storage: Storage, log: Logger): Promise<Queue> {
    const options: ConstructorOptions = {
      useListenNotify: true,
      supervise: false, // our supervisor asks for it
      monitorIntervalSeconds: 1,
      schedule: false,
    }
    const boss =
      storage.engine.kind === 'embedded'
        ? new PgBoss({ ...options, db: fromPglite(storage.engine.lite), backend: 'pglite' })
        : new PgBoss({ ...options, ...connectionOptions(storage.engine.url) })
    boss.on('error', (error) => log.warn({ error: error.message }, 'queue'))
    await boss.start()
    const queue = new Queue(boss, storage.db, storage.engine.kind === 'embedded')
    if (storage.engine.kind === 'server') {
      const { db, engine } = storage
      queue.#holders = await Holders.open(db, engine.url, log, (tx, orphan) => queue.#inherit(tx, orphan))
    }
    return queue
  }

  /**
   * A message whose process died is delivered again, or dead, at once: unlike an error, a death explains itself. One
   * that waits has been taken back before.
   */
  async #inherit(tx: Database | Transaction, { queue, messageId }: Orphan): Promise<void> {
    const db = fromDrizzle(tx, sql)
    const [message] = await this.#boss.findJobs(queue, { id: messageId, db })
    if (message?.state !== 'active') return
    await this.#boss.fail(queue, message, { message: 'The process died.' }, { db })
    await this.#boss.update(queue, undefined, { id: messageId, startAfter: 0, db })
  }

  /**
   * Make a queue known before its first message, with one beside it for messages that nobody survives.
   *
   * @param retries how often and after which pauses, s, a message is delivered again
   */
  async declare(name: string, retries: Retries = {}): Promise<void> {
    const declared = this.#declared.get(name) ?? this.#create(name, retries)
    this.#declared.set(name, declared)
    await declared
  }

  async #create(name: string, retries: Retries): Promise<void> {
    try {
      const deadLetter = deadLetterQueue(name)
      await this.#make(deadLetter, DEAD_LETTER_OPTIONS)
      await this.#make(name, { ...QUEUE_OPTIONS, ...retries, deadLetter })
    } catch (error) {
      this.#declared.delete(name)
      throw error
    }
  }

  /** A queue that an earlier version has made becomes as this one wants it. */
  async #make(name: string, options: QueueOptions & { deadLetter?: string }): Promise<void> {
    await this.#boss.createQueue(name, options)
    await this.#boss.updateQueue(name, options)
    // pg-boss reads about a queue when it is first used, on a connection of its own. Were that inside a transaction
    // of the embedded database, which has one connection, the two would wait for each other.
    await this.#boss.findJobs(name, { id: NOBODY })
  }

  /**
   * Send within the caller's transaction: the message exists exactly if the transaction commits.
   *
   * @param key by which it can be withdrawn; messages may share one
   */
  async send(tx: Database | Transaction, name: string, data: object, key: string, when: When = {}): Promise<void> {
    await this.#boss.send(name, data, { ...when, db: fromDrizzle(tx, sql), singletonKey: key })
  }

  /** Take back, within the caller's transaction, every message of a key that nobody has finished. */
  async withdraw(tx: Database | Transaction, name: string, key: string): Promise<void> {
    const ids = await this.#open(tx, name, key)
    if (ids.length > 0) await this.#boss.cancel(name, ids, { db: fromDrizzle(tx, sql) })
  }

  /** Whether there is a message of a key that nobody has finished, as the caller's transaction sees it. */
  async has(tx: Database | Transaction, name: string, key: string): Promise<boolean> {
    return (await this.#open(tx, name, key)).length > 0
  }

  async #open(tx: Database | Transaction, name: string, key: string): Promise<string[]> {
    const messages = await this.#boss.findJobs(name, { key, db: fromDrizzle(tx, sql) })
    return messages.filter(({ completedOn }) => !completedOn).map(({ id }) => id)
  }

  /**
   * Handle messages one at a time, once for each queue. A handler that throws gets the message again, later, unless it
   * throws because the service stops, which does not count; a handler must therefore bear being called twice.
   *
   * @param onDead gets a message whose last delivery failed too, or whose handler's process died each time; it gets it
   *               again until it has done what it has to
   */
  async work<T extends object>(
    name: string,
    handler: (delivery: Delivery<T>) => Promise<void>,
    onDead: (data: T) => Promise<void>,
  ): Promise<void> {
    await this.#handle(name, handler)
    await this.#handle<T>(deadLetterQueue(name), ({ data, signal }) => outlasting(signal, () => onDead(data)))
  }

  async #handle<T extends object>(name: string, handler: (delivery: Delivery<T>) => Promise<void>): Promise<void> {
    if (this.#alone) await this.#takeBack(name)
    const worker = await this.#boss.work<T, void, typeof WORK_OPTIONS>(name, WORK_OPTIONS, async ([message]) => {
      if (!message) return
      const signal = AbortSignal.any([message.signal, this.#stopping.signal])
      try {
        signal.throwIfAborted() // it was on its way when we let go
        await outlasting(signal, async () => this.#holders?.hold(name, message.id))
        const lastAttempt = message.retryCount >= message.retryLimit
        await outsideOperation(() => handler({ data: message.data, signal, lastAttempt }))
      } catch (error) {
        if (!this.stopping) throw error
        await this.#handBack(name, message)
      } finally {
        await this.#holders?.release(name, message.id).catch(() => {}) // the next who gets it becomes its holder
        this.#boss.notifyWorker(worker) // look for the next one at once, not at the next poll
      }
    })
    this.#workers.add(name)
  }

  /** Back into the queue as if this delivery had not been: a service that stops is no failure of the message. */
  async #handBack<T extends object>(name: string, message: JobWithMetadata<T>): Promise<void> {
    const { data, priority, singletonKey, retryLimit, retryCount } = message
    await this.#db.transaction(async (tx) => {
      const db = fromDrizzle(tx, sql)
      const taken = (await this.#boss.cancel(name, message, { db })) as { affected: number }
      if (taken.affected === 0) return // somebody else has it
      const left = retryLimit - retryCount
      await this.#boss.send(name, data, { db, priority, retryLimit: left, ...(singletonKey && { singletonKey }) })
    })
  }

  /**
   * What a process that died had in its hands is delivered again, or dead, at once; where other processes may live its
   * heartbeat tells after ten seconds.
   */
  async #takeBack(name: string): Promise<void> {
    const messages = await this.#boss.findJobs(name)
    const orphans = messages.filter(({ state }) => state === 'active')
    for (const { id } of orphans) await this.#inherit(this.#db, { queue: name, messageId: id })
  }

  /** True once `stop` was called: what is aborted now is not cancelled, but goes on elsewhere or later. */
  get stopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /**
   * Abort what is being worked on and begin nothing new, so that all is handed back while other things are closed;
   * messages are still sent.
   */
  letGo(): void {
    this.#stopping.abort(new Error('The service is stopping.'))
    for (const name of this.#workers) void this.#boss.offWork(name, { wait: false })
  }

  /** Abort what is being worked on and wait until it has let go. */
  async stop(): Promise<void> {
    this.letGo()
    await this.#supervisor.stop()
    await this.#boss.stop({ graceful: true, timeout: 8_000 })
    await this.#holders?.close()
  }
}

/** @param url a silent connection is found out by keepalives where nothing is asked, by time where something is */
function connectionOptions(url: string): ConstructorOptions & Record<'query_timeout' | 'keepAlive', unknown> {
  const application_name = 'tunebook-queue'
  return { connectionString: url, max: 4, application_name, keepAlive: true, query_timeout: QUERY_MS }
}

function deadLetterQueue(name: string): string {
  return `${name}-dead`
}
