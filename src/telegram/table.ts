import { bigint, index, integer, jsonb, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core'
import type { PressDetail, PressAction } from './press.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/**
 * Buttons that may still be pressed, each once: pressing deletes the row. The id is what Telegram carries; it says
 * nothing, and is good for one person, one action on one subject, and one version of a playbook.
 */
export const telegramButtons = pgTable(
  'telegram_buttons',
  {
    id: text().primaryKey(),
    userId: text('user_id').notNull(),
    action: text().$type<PressAction>().notNull(),
    /** a review, or a playbook to roll back */
    subjectId: text('subject_id').notNull(),
    /** of the playbook when the button was made */
    version: integer().notNull(),
    detail: jsonb().$type<PressDetail>().notNull().default({}),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index().on(table.subjectId, table.userId), index().on(table.createdAt)],
)

export type TelegramButtonRow = typeof telegramButtons.$inferSelect

/** PICTURE is that of a review, sent behind its message. */
export type NoticeKind = 'REVIEW' | 'PICTURE' | 'JOB' | 'WORSENED'

/**
 * What each person has been told, or is to be told: the outbox and its memory. `messageId` is null until Telegram has
 * taken the message; `shown` is the revision that it shows, so that a decision made elsewhere is seen to be missing.
 */
export const telegramNotices = pgTable(
  'telegram_notices',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    userId: text('user_id').notNull(),
    kind: text().$type<NoticeKind>().notNull(),
    subjectId: text('subject_id').notNull(),
    /** 0: nothing yet */
    shown: integer().notNull().default(0),
    messageId: integer('message_id'),
    /** nobody looks at it before */
    nextAt: instant('next_at').notNull().defaultNow(),
    attempts: integer().notNull().default(0),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [unique().on(table.kind, table.subjectId, table.userId), index().on(table.createdAt)],
)

export type TelegramNoticeRow = typeof telegramNotices.$inferSelect

/** Updates that were taken: Telegram delivers again what it thinks was not. */
export const telegramUpdates = pgTable('telegram_updates', {
  updateId: bigint('update_id', { mode: 'number' }).primaryKey(),
  createdAt: instant('created_at').notNull().defaultNow(),
})
