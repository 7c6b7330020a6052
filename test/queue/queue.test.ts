import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Storage, Transaction } from '../../src/db.ts'
import { UnavailableError } from '../../src/errors.ts'
import { Queue, type Delivery } from '../../src/queue/queue.ts'
import { messageHolders } from '../../src/queue/table.ts'
import { testContext, type TestContext } from '../helpers.ts'

interface Message {
  text: string
}

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

/** The queue of another process. */
const open = (storage: Storage = ctx.storage): Promise<Queue> => Queue.open(storage, pino({ level: 'silent' }))

let queues = 0
/** A queue that no other test uses. */
async function fresh(): Promise<string> {
  const name = `test-${queues++}`
  await ctx.queue.declare(name)
  return name
}

const send = (tx: Database | Transaction, name: string, text: string) => ctx.queue.send(tx, name, { text }, text)

const nobodyDies = async (): Promise<void> => {
  throw new Error('nothing should die here')
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a message', () => {
  test('is delivered once, soon', async () => {
    const name = await fresh()
    const { promise, resolve } = Promise.withResolvers<Delivery<Message>>()
    await ctx.queue.work<Message>(name, async (delivery) => resolve(delivery), nobodyDies)
    const sent = performance.now()
    await send(ctx.db, name, 'hello')
    const { data, lastAttempt } = await promise
    expect(data).toEqual({ text: 'hello' })
    expect(lastAttempt).toBe(false)
    expect(performance.now() - sent).toBeLessThan(3000)
  })

  test('exists exactly if the transaction that sent it commits', async () => {
    const name = await fresh()
    const delivered: string[] = []
    await ctx.queue.work<Message>(name, async ({ data }) => void delivered.push(data.text), nobodyDies)
    const work = ctx.db.transaction(async (tx) => {
      await send(tx, name, 'rolled back')
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    await ctx.db.transaction((tx) => send(tx, name, 'committed'))
    await expect.poll(() => delivered, { timeout: 5000 }).toEqual(['committed'])
    await pause(1500)
    expect(delivered).toEqual(['committed'])
  })

  test('can be sent from transactions at once before anybody has used the queue', async () => {
    const name = `test-${queues++}`
    await Promise.all(
      Array.from({ length: 5 }, async (_, at) => {
        await ctx.queue.declare(name)
        await ctx.db.transaction((tx) => send(tx, name, String(at)))
      }),
    )
    const delivered: string[] = []
    await ctx.queue.work<Message>(name, async ({ data }) => void delivered.push(data.text), nobodyDies)
    await expect.poll(() => delivered.toSorted(), { timeout: 10_000 }).toEqual(['0', '1', '2', '3', '4'])
  })

  test('waits for the one before it: they are handled one at a time, in order', async () => {
    const name = await fresh()
    for (const text of ['a', 'b', 'c']) await send(ctx.db, name, text)
    const log: string[] = []
    await ctx.queue.work<Message>(
      name,
      async ({ data }) => {
        log.push(`${data.text} begins`)
        await pause(30)
        log.push(`${data.text} ends`)
      },
      nobodyDies,
    )
    await expect.poll(() => log.length, { timeout: 10_000 }).toBe(6)
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  test('whose handler throws comes twice again, then it is dead', async () => {
    const name = await fresh()
    const last: boolean[] = []
    const { promise: buried, resolve } = Promise.withResolvers<Message>()
    await ctx.queue.work<Message>(
      name,
      async ({ lastAttempt }) => {
        last.push(lastAttempt)
        throw new Error('bad luck')
      },
      async (data) => resolve(data),
    )
    await send(ctx.db, name, 'poison')
    expect(await buried).toEqual({ text: 'poison' })
    expect(last).toEqual([false, false, true])
  })

  test('that died is buried once that can be done, however long the database is away', async () => {
    const name = await fresh()
    let burials = 0
    const { promise: buried, resolve } = Promise.withResolvers<Message>()
    await ctx.queue.work<Message>(
      name,
      async () => {
        throw new Error('bad luck')
      },
      async (data) => {
        if (++burials < 5) throw new UnavailableError('The database does not answer.')
        resolve(data)
      },
    )
    await send(ctx.db, name, 'poison')
    expect(await buried).toEqual({ text: 'poison' })
  }, 30_000)

  test('waits for a worker as long as it takes, also in a queue of an earlier version', async () => {
    const name = await fresh()
    await ctx.db.execute(sql`update pgboss.queue set retention_seconds = 60 where name = ${name}`)
    const next = await open()
    await next.declare(name)
    await next.stop()
    await send(ctx.db, name, 'patient')
    const [message] = await ctx.db
      .select({ isKept: sql`keep_until > now() + interval '5 years'` })
      .from(sql`pgboss.job`)
      .where(sql`name = ${name}`)
    expect(message).toEqual({ isKept: true })
  })

  test('that is withdrawn is not delivered', async () => {
    const name = await fresh()
    for (const text of ['wanted', 'unwanted']) await send(ctx.db, name, text)
    await ctx.queue.withdraw(ctx.db, name, 'unwanted')
    await ctx.queue.withdraw(ctx.db, name, 'never sent')
    const delivered: string[] = []
    await ctx.queue.work<Message>(name, async ({ data }) => void delivered.push(data.text), nobodyDies)
    await send(ctx.db, name, 'last')
    await expect.poll(() => delivered, { timeout: 10_000 }).toEqual(['wanted', 'last'])
  })

  test('that is withdrawn while it is handled tells its handler', async () => {
    const name = await fresh()
    const { promise: aborted, resolve } = Promise.withResolvers<void>()
    let begun = false
    await ctx.queue.work<Message>(
      name,
      async ({ signal }) => {
        begun = true
        await new Promise<void>((stop) => signal.addEventListener('abort', () => stop()))
        resolve()
      },
      nobodyDies,
    )
    await send(ctx.db, name, 'long')
    await expect.poll(() => begun, { timeout: 5000 }).toBe(true)
    await ctx.db.transaction((tx) => ctx.queue.withdraw(tx, name, 'long'))
    await aborted
  })
})

describe('a queue that stops', () => {
  test('tells its handlers, waits for them, and says that it is stopping', async () => {
    const other = await open()
    const name = await fresh()
    await other.declare(name)
    const seen: string[] = []
    await other.work<Message>(
      name,
      async ({ signal }) => {
        seen.push('begun')
        await new Promise<void>((stop) => signal.addEventListener('abort', () => stop()))
        seen.push(`stopping: ${other.stopping}`)
        await pause(200)
        seen.push('let go')
      },
      nobodyDies,
    )
    expect(other.stopping).toBe(false)
    await send(ctx.db, name, 'long')
    await expect.poll(() => seen, { timeout: 5000 }).toEqual(['begun'])
    await other.stop()
    expect(seen).toEqual(['begun', 'stopping: true', 'let go'])
  })

  test('hands back what it works on: a message that lived through any number of stops is not dead', async () => {
    const name = await fresh()
    await send(ctx.db, name, 'long')
    for (let stop = 0; stop < 4; stop++) {
      const other = await open()
      await other.declare(name)
      const { promise: begun, resolve } = Promise.withResolvers<void>()
      const handler = ({ signal }: Delivery<Message>): Promise<void> => {
        resolve()
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      }
      await other.work<Message>(name, handler, nobodyDies)
      await begun
      await other.stop()
    }
    const { promise, resolve } = Promise.withResolvers<Delivery<Message>>()
    await ctx.queue.work<Message>(name, async (delivery) => resolve(delivery), nobodyDies)
    expect(await promise).toMatchObject({ data: { text: 'long' }, lastAttempt: false })
  }, 30_000)

  test('begins nothing new from when it lets go', async () => {
    const name = await fresh()
    const other = await open()
    await other.declare(name)
    let deliveries = 0
    await other.work<Message>(name, async () => void deliveries++, nobodyDies)
    other.letGo()
    await send(ctx.db, name, 'late')
    await pause(1500)
    expect(deliveries).toBe(0)
    await other.stop()
  })
})

describe.runIf(process.env.TEST_DATABASE_URL)('who holds a message', () => {
  test('is written down as soon as the database lets it be: until then nothing counts as tried', async () => {
    const name = await fresh()
    let refusals = 0
    const db = new Proxy(ctx.db, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const isFull = property === 'insert' && refusals < 4
          if (isFull) throw Object.assign(new Error(`no connection ${refusals++}`), { code: '53300' })
          return value.apply(target, args) as unknown
        }
      },
    })
    const other = await open({ ...ctx.storage, db })
    await other.declare(name)
    const { promise, resolve } = Promise.withResolvers<Delivery<Message>>()
    await other.work<Message>(name, async (delivery) => resolve(delivery), nobodyDies)
    await send(ctx.db, name, 'held')
    expect(await promise).toMatchObject({ data: { text: 'held' }, lastAttempt: false })
    const [message] = await ctx.db
      .select({ deliveredAgain: sql`retry_count` })
      .from(sql`pgboss.job`)
      .where(sql`name = ${name}`)
    expect(message).toEqual({ deliveredAgain: 0 })
    await other.stop()
  }, 30_000)

  test('is of no account where it waits: the death of who had it before takes nothing from it', async () => {
    const name = await fresh()
    await send(ctx.db, name, 'waiting')
    const message = sql`select id, state from pgboss.job where name = ${name}`
    const [{ id }] = (await ctx.db.execute(message)) as unknown as { id: string }[]
    await ctx.db.insert(messageHolders).values({ queue: name, messageId: id, holder: 1 })
    const isHeld = async (): Promise<boolean> =>
      (await ctx.db.select().from(messageHolders)).some(({ messageId }) => messageId === id)
    await expect.poll(isHeld, { timeout: 10_000 }).toBe(false)
    expect(await ctx.db.execute(message)).toMatchObject([{ state: 'created' }])
  }, 30_000)
})

describe.runIf(process.env.TEST_DATABASE_URL)('a process whose connections are lost', () => {
  test('keeps what it has in its hands: nobody else gets it', async () => {
    const name = await fresh()
    let deliveries = 0
    const { promise: done, resolve: finish } = Promise.withResolvers<void>()
    const handler = async (): Promise<void> => {
      deliveries++
      await done
    }
    await ctx.queue.work<Message>(name, handler, nobodyDies)
    await send(ctx.db, name, 'long')
    await expect.poll(() => deliveries, { timeout: 5000 }).toBe(1)
    for (let time = 0; time < 3; time++) {
      const [{ ended }] = await ctx.db
        .select({ ended: sql<number>`count(pg_terminate_backend(pid))::integer` })
        .from(sql`pg_stat_activity`)
        .where(sql`application_name = 'tunebook-presence' and datname = current_database()`)
      expect(ended).toBe(1)
      await pause(1500) // the grace, and the two looks by which the dead are known
    }
    const [message] = await ctx.db
      .select({ state: sql`state`, deliveredAgain: sql`retry_count` })
      .from(sql`pgboss.job`)
      .where(sql`name = ${name}`)
    expect(message).toEqual({ state: 'active', deliveredAgain: 0 })
    finish()
  })
})

describe.skipIf(process.env.TEST_DATABASE_URL)('the queue of the embedded database', () => {
  /** A process that takes a message and dies over it, without a word. */
  async function takeAndDie(name: string): Promise<Queue> {
    const queue = await open()
    await queue.declare(name)
    const { promise: taken, resolve } = Promise.withResolvers<void>()
    await queue.work<Message>(
      name,
      () => {
        resolve()
        return new Promise(() => {})
      },
      async () => {},
    )
    await taken
    return queue
  }

  test('hands on at once what the process before died over', async () => {
    const name = await fresh()
    await send(ctx.db, name, 'left behind')
    await takeAndDie(name)
    const started = performance.now()
    const { promise: found, resolve } = Promise.withResolvers<Message>()
    await ctx.queue.work<Message>(name, async ({ data }) => resolve(data), nobodyDies)
    expect(await found).toEqual({ text: 'left behind' })
    expect(performance.now() - started).toBeLessThan(6000)
  })

  test('does not kill a process for ever', async () => {
    const name = await fresh()
    await send(ctx.db, name, 'poison')
    for (let death = 0; death < 3; death++) await takeAndDie(name)
    const { promise: buried, resolve } = Promise.withResolvers<Message>()
    await ctx.queue.work<Message>(name, nobodyDies, async (data) => resolve(data))
    expect(await buried).toEqual({ text: 'poison' })
  })
})
