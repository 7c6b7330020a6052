import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core'
import { bytea } from '../bytea.ts'
import type { Gap } from './quality.ts'

/** One series of candles per exchange, symbol and timeframe. Times are ms since epoch. */
export const markets = pgTable(
  'markets',
  {
    id: text().primaryKey(),
    exchange: text().notNull(),
    symbol: text().notNull(),
    timeframe: text().notNull(),
    synthetic: boolean().notNull().default(false),
    candleCount: integer('candle_count').notNull(),
    /** open time of the first and of the last candle */
    firstOpenTime: bigint('first_open_time', { mode: 'number' }),
    lastOpenTime: bigint('last_open_time', { mode: 'number' }),
    qualityScore: doublePrecision('quality_score').notNull(),
    missingCandles: integer('missing_candles').notNull(),
    zeroVolumeCandles: integer('zero_volume_candles').notNull(),
    gaps: jsonb().$type<Gap[]>().notNull(),
    /** SHA-256 over all columns: equal content, equal hash */
    contentHash: text('content_hash').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [unique().on(table.exchange, table.symbol, table.timeframe)],
)

export type MarketRow = typeof markets.$inferSelect

/** Candles as column chunks: float64 little-endian, the six columns one after the other. Never a row per candle. */
export const candleChunks = pgTable(
  'candle_chunks',
  {
    marketId: text('market_id')
      .notNull()
      .references(() => markets.id, { onDelete: 'cascade' }),
    sequence: integer().notNull(),
    firstOpenTime: bigint('first_open_time', { mode: 'number' }).notNull(),
    lastOpenTime: bigint('last_open_time', { mode: 'number' }).notNull(),
    count: integer().notNull(),
    columns: bytea().notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketId, table.sequence] })],
)
