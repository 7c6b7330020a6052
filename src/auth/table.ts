import { index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Channel } from '../viewer.ts'

/**
 * Who changed what. Rows are only ever added: a trigger refuses anything else, and each row carries the hash of the
 * one before.
 */
export const auditEntries = pgTable(
  'audit_entries',
  {
    /** 1, 2, 3 … without a gap */
    sequence: integer().primaryKey(),
    time: timestamp({ withTimezone: true, precision: 3 }).notNull(),
    actor: text().notNull(),
    channel: text().$type<Channel>().notNull(),
    action: text().notNull(),
    subject: text(),
    detail: jsonb().$type<Record<string, unknown>>().notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text().notNull(),
  },
  (table) => [index().on(table.action, table.sequence)],
)

export type AuditRow = typeof auditEntries.$inferSelect
