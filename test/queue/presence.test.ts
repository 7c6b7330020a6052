import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOLDER_LOCKS, Presence } from '../../src/queue/presence.ts'
import { Gate } from '../gate.ts'
import { testContext, type TestContext } from '../helpers.ts'

describe.runIf(process.env.TEST_DATABASE_URL)('the presence of a process', () => {
  let ctx: TestContext
  let gate: Gate
  let presence: Presence
  beforeAll(async () => {
    ctx = await testContext()
    await ctx.queue.stop() // or it would be the one that watches
    gate = await Gate.to(ctx.config.databaseUrl!)
    presence = await Presence.open(gate.url, pino({ level: 'silent' }))
  })
  afterAll(async () => {
    await presence.close()
    gate.close()
    await ctx.close()
  })

  async function isSeen(): Promise<boolean> {
    const { number } = presence
    const locks = await ctx.db
      .select({ granted: sql`granted` })
      .from(sql`pg_locks`)
      .where(sql`locktype = 'advisory' and classid = ${HOLDER_LOCKS} and objid = ${number}`)
    return locks.length > 0
  }

  test('is seen again soon after the database is back, however long it was away', async () => {
    expect(await isSeen()).toBe(true)
    gate.shut()
    await pause(8000)
    expect(await isSeen()).toBe(false)
    gate.isShut = false
    await expect.poll(isSeen, { timeout: 2000 }).toBe(true)
  }, 30_000)

  test('gives the others time to be seen too, before it looks after the messages of the dead', async () => {
    gate.shut()
    await expect.poll(isSeen, { timeout: 2000 }).toBe(false)
    gate.isShut = false
    await expect.poll(isSeen, { timeout: 2000 }).toBe(true)
    const seen = performance.now()
    while (!(await presence.watches())) await pause(50)
    expect(performance.now() - seen).toBeGreaterThan(2000)
  }, 30_000)

  test('is tried for again where its lock could not be had', async () => {
    const lockedUntil = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const other = ctx.db.transaction(async (tx) => {
      await expect.poll(isSeen, { timeout: 2000 }).toBe(false)
      await tx.execute(sql`select pg_advisory_xact_lock(${HOLDER_LOCKS}, ${presence.number})`)
      locked.resolve()
      await lockedUntil.promise
    })
    gate.shut()
    await locked.promise
    gate.isShut = false
    const waiting = sql`select pid from pg_stat_activity
      where application_name = 'tunebook-presence' and datname = current_database() and wait_event_type = 'Lock'`
    const waiters = async () => (await ctx.db.execute(waiting)) as unknown as { pid: number }[]
    await expect.poll(async () => (await waiters()).length, { timeout: 5000 }).toBe(1)
    await ctx.db.execute(sql`select pg_cancel_backend(${(await waiters())[0].pid})`)
    await pause(1000)
    expect(await waiters()).toHaveLength(1)
    lockedUntil.resolve()
    await other
  }, 30_000)
})
