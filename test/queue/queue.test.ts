import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Transaction } from '../../src/db.ts'
import { Queue, type Delivery } from '../../src/queue/queue.ts'
import { testContext, type TestContext } from '../helpers.ts'

interface Message {
  text: string
}

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

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
    const other = await Queue.open(ctx.storage, pino({ level: 'silent' }))
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
    const queue = await Queue.open(ctx.storage, pino({ level: 'silent' }))
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
