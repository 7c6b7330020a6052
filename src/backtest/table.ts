import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

/**
 * The part of the lifetime ledger that is not the samples of a job: parameter sets that somebody backtested one by one,
 * that a search checked, or that verified a prediction. A line each, however often it was tried; it is never deleted.
 */
export const triedSets = pgTable(
  'tried_sets',
  {
    marketId: text('market_id').notNull(),
    /** SHA-256 over rules, timeframe and parameters */
    digest: text().notNull(),
    /** of the job whose own search tried it first; null: something else did */
    question: text(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.marketId, table.digest] })],
)
