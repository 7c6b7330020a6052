import { boolean, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { StrategyDefinition } from './strategy.ts'

/** Strategies by name. A job keeps its own copy of the definition, so an edit never changes what a job meant. */
export const strategies = pgTable('strategies', {
  id: text().primaryKey(),
  name: text().notNull().unique(),
  version: integer().notNull().default(1),
  definition: jsonb().$type<StrategyDefinition>().notNull(),
  warmupBars: integer('warmup_bars').notNull(),
  builtIn: boolean('built_in').notNull().default(false),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
})

export type StrategyRow = typeof strategies.$inferSelect
