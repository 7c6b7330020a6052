import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

export const WEBHOOK_EVENTS = ['job.finished', 'review.created', 'change.applied'] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

/** What has been handed to the queue for the webhook, each once. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    event: text().$type<WebhookEvent>().notNull(),
    subjectId: text('subject_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.event, table.subjectId] })],
)
