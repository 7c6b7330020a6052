import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testContext, type TestContext } from '../helpers.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

/** Columns of our tables and the migrator's. */
async function columnsOf(type: string): Promise<string[]> {
  const columns = await ctx.db
    .select({ name: sql<string>`table_schema || '.' || table_name || '.' || column_name` })
    .from(sql`information_schema.columns`)
    .where(sql`data_type = ${type} and table_schema in ('public', 'drizzle')`)
  return columns.map(({ name }) => name)
}

test('every instant in the database has a time zone: a plain timestamp would move with that of the server', async () => {
  expect(await columnsOf('timestamp with time zone')).toContain('public.tuning_jobs.created_at')
  for (const type of ['timestamp without time zone', 'time without time zone', 'date']) {
    expect(await columnsOf(type), type).toEqual([])
  }
})
