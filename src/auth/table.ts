import { index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { Channel, Role } from '../viewer.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** What programs and people sign in with. The secret itself is nowhere: its SHA-256 finds the row. */
export const apiTokens = pgTable('api_tokens', {
  id: text().primaryKey(),
  name: text().notNull(),
  /** the first characters of the secret, by which people recognise it */
  prefix: text().notNull(),
  /** SHA-256 of the secret, hexadecimal */
  secretHash: text('secret_hash').notNull().unique(),
  roles: text().$type<Role>().array().notNull(),
  /** a bot of this one playbook only */
  playbookId: text('playbook_id'),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  lastUsedAt: instant('last_used_at'),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
})

export type ApiTokenRow = typeof apiTokens.$inferSelect

/**
 * Who changed what. Rows are only ever added: a trigger refuses anything else, and each row carries the hash of the
 * one before.
 */
export const auditEntries = pgTable(
  'audit_entries',
  {
    /** 1, 2, 3 … without a gap */
    sequence: integer().primaryKey(),
    time: instant('time').notNull(),
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
