import { and, asc, between, eq, gte, sql } from 'drizzle-orm'
import type { Transaction } from '../db.ts'
import type { Candles } from '../engine/candles.ts'
import { newId } from '../ids.ts'
import { CandleUnpacker, CHUNK_BARS, emptyCandles, openTimesOf, packCandles } from './chunks.ts'
import { contentHash } from './merge.ts'
import type { MarketName } from './name.ts'
import { dataQuality, longestGaps } from './quality.ts'
import { lowerBound } from './range.ts'
import { candleChunks, type MarketRow, markets } from './table.ts'
import { TIMEFRAMES } from './timeframe.ts'

// Candles in and out of the database, each within the caller's transaction.

/** Chunks a statement: 6 MB, so that neither side holds much more than the candles themselves. */
const BATCH = 16
/** A market of thin trading has a gap for every other minute; nobody reads them all. */
const GAPS_KEPT = 1_000

/** The row of the market of that name, made where it is new, and locked until the transaction ends. */
export async function lockMarket(tx: Transaction, name: MarketName, synthetic: boolean): Promise<MarketRow> {
  const empty = { candleCount: 0, qualityScore: 0, missingCandles: 0, zeroVolumeCandles: 0, gaps: [], contentHash: '' }
  await tx
    .insert(markets)
    .values({ id: newId('market'), ...name, synthetic, ...empty })
    .onConflictDoNothing()
  const [row] = await tx.select().from(markets).where(isMarket(name)).for('update')
  return row
}

export function isMarket({ exchange, symbol, timeframe }: MarketName) {
  return and(eq(markets.exchange, exchange), eq(markets.symbol, symbol), eq(markets.timeframe, timeframe))
}

/** Replace the candles of a market from bar `firstChanged` on; earlier chunks are not touched. */
export async function writeCandles(
  tx: Transaction,
  market: MarketRow,
  candles: Candles,
  firstChanged: number,
): Promise<MarketRow> {
  const first = Math.floor(firstChanged / CHUNK_BARS)
  await tx.delete(candleChunks).where(and(eq(candleChunks.marketId, market.id), gte(candleChunks.sequence, first)))
  let batch: (typeof candleChunks.$inferInsert)[] = []
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await tx.insert(candleChunks).values(batch)
    batch = []
  }
  for (const chunk of packCandles(candles, first * CHUNK_BARS)) {
    batch.push({ marketId: market.id, ...chunk })
    if (batch.length === BATCH) await flush()
  }
  await flush()
  const [updated] = await tx
    .update(markets)
    .set({ ...summary(market, candles), updatedAt: sql`now()` })
    .where(eq(markets.id, market.id))
    .returning()
  return updated
}

/** What the row of a market says about its candles. */
function summary(market: MarketRow, candles: Candles): Partial<MarketRow> {
  const { openTime, volume } = candles
  const quality = dataQuality(openTime, volume, TIMEFRAMES[market.timeframe as keyof typeof TIMEFRAMES])
  return {
    candleCount: openTime.length,
    firstOpenTime: openTime[0],
    lastOpenTime: openTime[openTime.length - 1],
    qualityScore: quality.score,
    missingCandles: quality.missingCandles,
    zeroVolumeCandles: quality.zeroVolumeCandles,
    gaps: longestGaps(quality.gaps, GAPS_KEPT),
    contentHash: contentHash(candles),
  }
}

/** Where a run of stored bars begins, and the bars; `start` 0 is the first bar of the market. */
export interface StoredBars {
  start: number
  candles: Candles
}

/**
 * All bars with from ≤ open time < to, ms, and at least `before` bars more in front of them where there are any; whole
 * chunks, so some bars beyond both ends may come too.
 */
export async function readBars(
  tx: Transaction,
  marketId: string,
  { from, to, before }: { from: number; to: number; before: number },
): Promise<StoredBars> {
  const chunks = await chunkIndex(tx, marketId)
  const end = chunks.filter((chunk) => chunk.firstOpenTime < to).length
  const wanted = chunks.findIndex((chunk) => chunk.lastOpenTime >= from)
  const first = wanted < 0 ? end : Math.max(0, wanted - Math.ceil(before / CHUNK_BARS))
  const bars = chunks.slice(first, end).reduce((sum, chunk) => sum + chunk.count, 0)
  const candles = emptyCandles(bars)
  await copyBars(tx, marketId, first * CHUNK_BARS, candles)
  return { start: first * CHUNK_BARS, candles }
}

/** Bars of a market, by number: [start, end). */
export interface BarSpan {
  start: number
  end: number
}

/** As `readBars`, but only where the bars are, and exactly those. */
export async function locateBars(
  tx: Transaction,
  marketId: string,
  { from, to, before }: { from: number; to: number; before: number },
): Promise<BarSpan> {
  const chunks = await chunkIndex(tx, marketId)
  /** The first bar that opens at or after `time`. */
  const barAt = async (time: number): Promise<number> => {
    const at = chunks.findIndex((chunk) => chunk.lastOpenTime >= time)
    if (at < 0) return chunks.reduce((sum, chunk) => sum + chunk.count, 0)
    if (chunks[at].firstOpenTime >= time) return at * CHUNK_BARS
    const { count, columns } = candleChunks
    const [chunk] = await tx
      .select({ openTime: sql`substring(${columns} from 1 for 8 * ${count})`.mapWith(columns) })
      .from(candleChunks)
      .where(and(eq(candleChunks.marketId, marketId), eq(candleChunks.sequence, at)))
    return at * CHUNK_BARS + lowerBound(openTimesOf(chunk.openTime), time)
  }
  const [start, end] = [await barAt(from), await barAt(to)]
  const isBehind = chunks.every((chunk) => chunk.lastOpenTime < from)
  return { start: isBehind ? end : Math.max(0, Math.min(start, end) - before), end }
}

/** Copy bars into columns, as many as these hold, from bar `start` of the market on. */
export async function copyBars(tx: Transaction, marketId: string, start: number, into: Candles): Promise<void> {
  const { sequence, count, columns } = candleChunks
  const unpacker = new CandleUnpacker(into, start)
  const end = Math.ceil((start + into.openTime.length) / CHUNK_BARS)
  for (let at = Math.floor(start / CHUNK_BARS); at < end; at += BATCH) {
    const batch = await tx
      .select({ count, columns })
      .from(candleChunks)
      .where(and(eq(candleChunks.marketId, marketId), between(sequence, at, Math.min(end, at + BATCH) - 1)))
      .orderBy(asc(sequence))
    for (const chunk of batch) unpacker.add(chunk)
  }
}

/** Where the chunks of a market begin and end. */
function chunkIndex(tx: Transaction, marketId: string) {
  const { sequence, count, firstOpenTime, lastOpenTime } = candleChunks
  return tx
    .select({ sequence, count, firstOpenTime, lastOpenTime })
    .from(candleChunks)
    .where(eq(candleChunks.marketId, marketId))
    .orderBy(asc(sequence))
}
