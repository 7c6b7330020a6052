import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inOperation, operationSignal } from '../../src/operation.ts'
import { createApi } from '../../src/server/api.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { GRAPHQL_RESPONSE } from './server.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

describe('an operation', () => {
  test('that takes too long is answered with TIMEOUT, and what it was doing hears of it', async () => {
    const { promise: heard, resolve } = Promise.withResolvers<unknown>()
    const select = () => {
      const signal = operationSignal()!
      signal.addEventListener('abort', () => resolve(signal.reason))
      return { from: () => ({ where: () => new Promise(() => {}) }) }
    }
    const db = new Proxy(ctx.db, { get: (real, name) => (name === 'select' ? select : Reflect.get(real, name)) })
    const response = await createApi({ ...ctx, db }, { operationMs: 50 }).fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: GRAPHQL_RESPONSE },
      body: '{"query":"{ tuningJob(id: \\"job_1\\") { id } }"}',
    })
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'TIMEOUT' } }] })
    expect(await heard).toMatchObject({ code: 'TIMEOUT' })
  })

  test('that was given up begins no further statement, and its transaction leaves nothing', async () => {
    await ctx.db.execute(sql`create table marks (mark text)`)
    const operation = new AbortController()
    const work = inOperation(operation.signal, () =>
      ctx.db.transaction(async (tx) => {
        await tx.execute(sql`insert into marks values ('left')`)
        operation.abort(new Error('given up'))
        await tx.execute(sql`insert into marks values ('never')`)
      }),
    )
    await expect(work).rejects.toThrow()
    expect(await ctx.db.$count(sql`marks`)).toBe(0)
  })

  test.skipIf(!process.env.TEST_DATABASE_URL)(
    'that was given up leaves no statement running in the server',
    async () => {
      const slow = inOperation(AbortSignal.timeout(200), () => ctx.db.execute(sql`select pg_sleep(60) as nothing_here`))
      await expect(slow).rejects.toThrow()
      const running = sql`(select 1 from pg_stat_activity where query like '%nothing_here%' and state = 'active' and pid <> pg_backend_pid()) as running`
      await expect.poll(() => ctx.db.$count(running), { timeout: 5000 }).toBe(0)
    },
  )
})
