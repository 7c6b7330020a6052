import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit, verifyAuditLog } from '../../src/auth/audit.ts'
import { canonical, GENESIS } from '../../src/auth/chain.ts'
import { sqlState } from '../../src/db.ts'
import { answered, asker } from '../graphql/ask.ts'
import { testContext, type TestContext } from '../helpers.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

const write = (action: string, detail: Record<string, unknown> = {}) =>
  ctx.db.transaction((tx) => audit(tx, ctx.viewer, action, 'job_1', detail))

async function entries() {
  const query = `{ auditLog(first: 100) { nodes { id time actor channel action subject detail hash previousHash } } }`
  const { auditLog } = await answered(asker(ctx)(query))
  return auditLog.nodes
}

/** Change the log as only the owner of the database can: past its trigger. */
async function tamper(statement: ReturnType<typeof sql>): Promise<void> {
  await ctx.db.execute(sql`alter table audit_entries disable trigger audit_entries_append_only`)
  await ctx.db.execute(statement)
  await ctx.db.execute(sql`alter table audit_entries enable always trigger audit_entries_append_only`)
}

describe('the audit log', () => {
  test('keeps one chain, whoever writes at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => write('WRITTEN', { index })))
    expect(await verifyAuditLog(ctx)).toMatchObject({ intact: true, entries: 20 })
    const log = (await entries()).toReversed()
    expect(log[0]).toMatchObject({ id: 'audit_1', previousHash: GENESIS, actor: 'tester', channel: 'API' })
    expect(log.slice(1).map((entry: { previousHash: string }) => entry.previousHash)).toEqual(
      log.slice(0, -1).map(({ hash }: { hash: string }) => hash),
    )
  })

  test('leaves nothing behind of a change that did not happen', async () => {
    const before = await verifyAuditLog(ctx)
    const failing = ctx.db.transaction(async (tx) => {
      await audit(tx, ctx.viewer, 'UNDONE', null)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await verifyAuditLog(ctx)).toEqual(before)
  })

  test('can be verified by anybody from what the API says', async () => {
    await write('ODD', {
      text: 'half \ud800 and \0',
      tiny: 1e-7,
      huge: 1e21,
      list: [{ b: 1, a: null }],
      none: undefined,
    })
    const [{ hash, previousHash, ...content }] = await entries()
    const text = `${previousHash}\n${canonical(content)}`
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash)
    expect(await verifyAuditLog(ctx)).toMatchObject({ intact: true, head: hash })
  })

  test.each([
    ['an update', sql`update audit_entries set actor = 'nobody'`],
    ['a deletion', sql`delete from audit_entries where sequence = 3`],
    ['a truncation', sql`truncate audit_entries`],
  ])('refuses %s, whoever tries', async (_, statement) => {
    const state = await ctx.db.execute(statement).then(() => 'done', sqlState)
    expect(state).toBe('42501')
    expect(await verifyAuditLog(ctx)).toMatchObject({ intact: true })
  })

  test('is read a page at a time, and by action', async () => {
    const ask = asker(ctx)
    const query = `query ($after: String) { auditLog(first: 8, after: $after, action: "WRITTEN") { nodes { id } totalCount pageInfo { endCursor hasNextPage } } }`
    const first = (await answered(ask(query))).auditLog
    const second = (await answered(ask(query, { after: first.pageInfo.endCursor }))).auditLog
    expect(first.nodes[0].id).toBe('audit_20')
    expect(second.nodes[0].id).toBe('audit_12')
    expect(second).toMatchObject({ totalCount: 20, pageInfo: { hasNextPage: true } })
  })

  test('names the first entry that somebody changed', async () => {
    await tamper(sql`update audit_entries set detail = '{"index": 99}' where sequence = 7`)
    expect(await answered(asker(ctx)('{ auditVerification { intact entries brokenId problem } }'))).toEqual({
      auditVerification: {
        intact: false,
        entries: 6,
        brokenId: 'audit_7',
        problem: 'Its content does not match its hash.',
      },
    })
  })

  test('names the entry behind one that somebody took out', async () => {
    await tamper(sql`delete from audit_entries where sequence = 4`)
    expect(await verifyAuditLog(ctx)).toMatchObject({
      entries: 3,
      brokenId: 'audit_5',
      problem: 'audit_4 is missing before it.',
    })
  })
})
