import { and, asc, count, desc, eq, gt, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { keyset, type Slice } from '../paging.ts'
import type { Viewer } from '../viewer.ts'
import { entryHash, GENESIS, storable, storableText, type AuditContent } from './chain.ts'
import { auditEntries, type AuditRow } from './table.ts'

/** Any number; whoever writes an entry holds this lock until its transaction ends, so that there is one chain. */
const AUDIT_LOCK = 7_420_251_122

/**
 * Write down who changed what, in the transaction that changes it: both happen, or neither. Call it last, because
 * other writers of the log wait from here to the end of the transaction.
 *
 * @param action  what was done, as REVIEW_APPROVED
 * @param subject id of what it was done to
 * @param detail  what was before and after; never a secret
 */
export async function audit(
  tx: Transaction,
  viewer: Viewer,
  action: string,
  subject: string | null,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${AUDIT_LOCK})`)
  const { now, last } = await headOf(tx)
  const sequence = (last?.sequence ?? 0) + 1
  const previousHash = last?.hash ?? GENESIS
  const row = {
    sequence,
    time: now,
    actor: storableText(viewer.name),
    channel: viewer.channel,
    action,
    subject,
    detail: storable(detail),
    previousHash,
  }
  await tx.insert(auditEntries).values({ ...row, hash: entryHash(previousHash, contentOf(row)) })
}

/** The end of the chain, and the time by the one clock of all processes, in whole milliseconds. */
async function headOf(tx: Transaction): Promise<{ now: Date; last: { sequence: number; hash: string } | null }> {
  const { sequence, hash } = auditEntries
  const last = tx.select({ sequence, hash }).from(auditEntries).orderBy(desc(sequence)).limit(1).as('last')
  const [row] = await tx
    .select({
      now: sql<string>`floor(extract(epoch from clock_timestamp()) * 1000)::text`,
      last: { sequence: last.sequence, hash: last.hash },
    })
    .from(sql`(select 1) as one`)
    .leftJoin(last, sql`true`)
  return { now: new Date(Number(row.now)), last: row.last }
}

export function contentOf(row: Omit<AuditRow, 'hash' | 'previousHash'>): AuditContent {
  const { sequence, time, actor, channel, action, subject, detail } = row
  return { id: auditId(sequence), time: time.toISOString(), actor, channel, action, subject, detail }
}

export function auditId(sequence: number): string {
  return `audit_${sequence}`
}

export async function findAuditEntry(ctx: AppContext, id: string): Promise<AuditRow | null> {
  const sequence = /^audit_([1-9]\d{0,8})$/.exec(id)?.[1]
  if (sequence === undefined) return null
  const [row] = await ctx.db
    .select()
    .from(auditEntries)
    .where(eq(auditEntries.sequence, Number(sequence)))
  return row ?? null
}

/** One page of the log, newest first. */
export async function listAuditEntries(ctx: AppContext, action: string | null, slice: Slice): Promise<AuditRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: auditEntries.sequence,
    type: 'integer',
    id: auditEntries.sequence,
    idType: 'integer',
    direction: 'DESC',
  })
  return ctx.db
    .select()
    .from(auditEntries)
    .where(and(where, withAction(action)))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countAuditEntries(ctx: AppContext, action: string | null): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(auditEntries).where(withAction(action))
  return row.total
}

const withAction = (action: string | null) => (action === null ? undefined : eq(auditEntries.action, action))

/** Whether the log is as it was written. */
export interface AuditVerification {
  intact: boolean
  /** entries read; where the log is broken, those before the break */
  entries: number
  /** the first entry that is not as it was written, and why */
  brokenId: string | null
  problem: string | null
  /** hash of the last good entry: kept elsewhere, it proves that nothing was cut off the end */
  head: string
}

const READ_AT_ONCE = 1000

/** Compute every hash of the log again, from the first entry on. */
export async function verifyAuditLog(ctx: Pick<AppContext, 'db'>): Promise<AuditVerification> {
  let head = GENESIS
  let entries = 0
  for (;;) {
    const rows = await ctx.db
      .select()
      .from(auditEntries)
      .where(gt(auditEntries.sequence, entries))
      .orderBy(asc(auditEntries.sequence))
      .limit(READ_AT_ONCE)
    for (const row of rows) {
      const problem = problemOf(row, entries + 1, head)
      if (problem !== null) return { intact: false, entries, brokenId: auditId(row.sequence), problem, head }
      head = row.hash
      entries++
    }
    if (rows.length < READ_AT_ONCE) return { intact: true, entries, brokenId: null, problem: null, head }
  }
}

function problemOf(row: AuditRow, expected: number, head: string): string | null {
  if (row.sequence !== expected) return `${auditId(expected)} is missing before it.`
  if (row.previousHash !== head) return 'It does not carry the hash of the entry before it.'
  if (row.hash !== entryHash(head, contentOf(row))) return 'Its content does not match its hash.'
  return null
}
