import { integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'

/** Who has which message in its hands: the process that holds the advisory lock (HOLDER_LOCKS, holder). */
export const messageHolders = pgTable(
  'message_holders',
  {
    queue: text().notNull(),
    messageId: uuid('message_id').notNull(),
    holder: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.queue, table.messageId] })],
)
