import { bigint, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * What has changed lately, in the order in which it was announced. Kept for an hour: whoever was not listening finds
 * here what he missed.
 */
export const events = pgTable(
  'events',
  {
    sequence: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** what kind of thing: tuningJob, playbook … */
    topic: text().notNull(),
    subjectId: text('subject_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [index().on(table.createdAt)],
)
