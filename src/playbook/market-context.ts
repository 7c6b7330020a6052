import { eq, or, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { classifyInThread, REGIME_LEAD_BARS, regimeTimeframe } from '../market/regime-list.ts'
import { MARKET_REGIMES, NO_REGIME, type MarketRegime } from '../market/regimes.ts'
import { lowerBound } from '../market/range.ts'
import { loadCandles } from '../market/service.ts'
import { markets, type MarketRow } from '../market/table.ts'
import { TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import type { TradeInput } from './trade.ts'

/** What the market's candles say about a trade; null where they say nothing. */
export interface TradeContext {
  regime: MarketRegime | null
  regimeAtExit: MarketRegime | null
  /** 0…1 at entry */
  volatilityPercentile: number | null
}

const NOTHING: TradeContext = { regime: null, regimeAtExit: null, volatilityPercentile: null }

/** The regime at entry and exit of each trade, by candles that had closed by then. One entry per trade. */
export async function tradeContexts(ctx: AppContext, trades: readonly TradeInput[]): Promise<TradeContext[]> {
  const contexts = trades.map(() => NOTHING)
  const bySymbol = Map.groupBy(trades.keys(), (at) => trades[at].symbol)
  for (const [symbol, places] of bySymbol) {
    const market = await marketOf(ctx, symbol)
    if (!market) continue
    const own = places.map((at) => trades[at])
    const tell = await regimeTeller(ctx, market, own)
    for (const at of places) contexts[at] = tell(trades[at])
  }
  return contexts
}

/** The market with candles of a symbol: traded rather than made up, with the finest candles. */
async function marketOf(ctx: AppContext, symbol: string): Promise<MarketRow | null> {
  const spot = symbol.split(':')[0]
  const rows = await ctx.db
    .select()
    .from(markets)
    .where(or(eq(markets.symbol, symbol), eq(markets.symbol, spot)))
    .orderBy(sql`${markets.symbol} <> ${symbol}`, markets.synthetic, markets.id)
  const usable = rows.filter(({ candleCount }) => candleCount > 0)
  return usable.toSorted((a, b) => preference(a, symbol) - preference(b, symbol))[0] ?? null
}

function preference({ symbol, synthetic, timeframe }: MarketRow, wanted: string): number {
  const length = TIMEFRAMES[timeframe as Timeframe] / TIMEFRAMES['1w'] // at most 1
  return (symbol === wanted ? 0 : 4) + (synthetic ? 2 : 0) + length
}

async function regimeTeller(
  ctx: AppContext,
  market: MarketRow,
  trades: readonly TradeInput[],
): Promise<(trade: TradeInput) => TradeContext> {
  const timeframe = regimeTimeframe(market)
  const timeframeMs = TIMEFRAMES[timeframe]
  let from = Infinity
  let to = -Infinity
  for (const { entryTime, exitTime } of trades) {
    from = Math.min(from, entryTime.getTime())
    to = Math.max(to, exitTime.getTime())
  }
  const candles = await loadCandles(ctx, market.id, {
    from: from - timeframeMs,
    to,
    timeframe,
    warmupBars: REGIME_LEAD_BARS,
  })
  const { label, volatilityPercentile } = await classifyInThread(ctx, candles, timeframeMs)
  /** The last bar that had closed, if it is not long gone. */
  const barAt = (time: number): number => {
    const bar = lowerBound(candles.openTime, time - timeframeMs + 1) - 1
    return bar >= 0 && time - candles.openTime[bar] < STALE_BARS * timeframeMs ? bar : -1
  }
  const regimeAt = (bar: number): MarketRegime | null =>
    bar < 0 || label[bar] === NO_REGIME ? null : MARKET_REGIMES[label[bar]]
  return ({ entryTime, exitTime }) => {
    const entry = barAt(entryTime.getTime())
    const percentile = entry < 0 ? NaN : volatilityPercentile[entry]
    return {
      regime: regimeAt(entry),
      regimeAtExit: regimeAt(barAt(exitTime.getTime())),
      volatilityPercentile: Number.isNaN(percentile) ? null : percentile,
    }
  }
}

/** A regime that was told so many bars ago is not known any more. */
const STALE_BARS = 24
