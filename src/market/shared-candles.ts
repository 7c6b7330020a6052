import { eq } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { CANDLE_COLUMNS } from '../engine/candles.ts'
import type { Allocate, OpenDataSet } from '../engine/data-set-cache.ts'
import type { DataSet } from '../engine/data-set.ts'
import { baseRange, cutRange, type CandleRange } from './range.ts'
import { requireMultiple } from './resample.ts'
import { getMarket } from './service.ts'
import { copyBars, locateBars, readBars } from './store.ts'
import { type MarketRow, markets } from './table.ts'
import { parseTimeframe, type Timeframe, TIMEFRAMES } from './timeframe.ts'

/** Which candles, with nothing left to a default. */
export interface OpenRange {
  /** ms, half-open, by open time */
  from: number
  to: number
  timeframe: Timeframe
  /** bars in front, fewer where the market begins */
  warmupBars: number
}

/**
 * What `loadCandles` gives, in memory that all compute threads read: shared by all who ask for the same candles, with
 * the indicator columns that others had computed over them. The candles go from the database straight into it, those
 * of a longer timeframe by way of the market's own. Close it when the work is done.
 *
 * @throws NotFoundError   no such market
 * @throws ValidationError a timeframe that is no multiple of the market's own
 * @throws DomainError     TOO_LARGE beside what others hold, before anything is read
 */
export async function openCandles(ctx: AppContext, marketId: string, range: OpenRange): Promise<OpenDataSet> {
  const timeframeMs = TIMEFRAMES[range.timeframe]
  for (;;) {
    const market = await getMarket(ctx, marketId)
    requireMultiple(TIMEFRAMES[parseTimeframe(market.timeframe)], timeframeMs)
    const key = [market.id, market.contentHash, timeframeMs, range.from, range.to, range.warmupBars].join(' ')
    try {
      return await ctx.engine.openDataSet(key, (allocate) => read(ctx, market, { ...range, timeframeMs }, allocate))
    } catch (error) {
      if (!(error instanceof MarketChanged)) throw error
    }
  }
}

/** An import came between the look at the market and at its candles. */
class MarketChanged extends Error {}

function read(ctx: AppContext, market: MarketRow, range: CandleRange, allocate: Allocate): Promise<DataSet> {
  const baseMs = TIMEFRAMES[parseTimeframe(market.timeframe)]
  const fill = range.timeframeMs === baseMs ? readDirectly : readResampled
  return ctx.db.transaction(
    async (tx) => {
      const [now] = await tx.select({ hash: markets.contentHash }).from(markets).where(eq(markets.id, market.id))
      if (now?.hash !== market.contentHash) throw new MarketChanged()
      const dataSet = await fill(tx, market.id, baseMs, range, allocate)
      return dataSet.seal()
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

type Fill = (
  tx: Transaction,
  marketId: string,
  baseMs: number,
  range: CandleRange,
  allocate: Allocate,
) => Promise<DataSet>

const readDirectly: Fill = async (tx, marketId, _, { from, to, timeframeMs, warmupBars }, allocate) => {
  const { start, end } = await locateBars(tx, marketId, { from, to, before: warmupBars })
  const dataSet = allocate(end - start, timeframeMs)
  await copyBars(tx, marketId, start, dataSet)
  return dataSet
}

const readResampled: Fill = async (tx, marketId, baseMs, range, allocate) => {
  const { start, candles } = await readBars(tx, marketId, baseRange(range, baseMs))
  const bars = cutRange(candles, start === 0, baseMs, range)
  const dataSet = allocate(bars.openTime.length, range.timeframeMs)
  for (const column of CANDLE_COLUMNS) dataSet[column].set(bars[column])
  return dataSet
}
