import { and, asc, count, eq, gte, inArray, isNotNull, lt, sql, type SQL } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { MARKET_REGIMES, type MarketRegime } from '../market/regimes.ts'
import { keyset, type Slice } from '../paging.ts'
import type { ForecastLog } from './forecasts.ts'
import { playbookForecasts, playbookTrades, type PlaybookTradeRow } from './table.ts'
import type { LoggedTrade } from './trade-log.ts'
import { isReachable } from './version.ts'

export interface TradeFilter {
  regime?: MarketRegime[] | null | undefined
  strategy?: string[] | null | undefined
  /** by exit time, half-open */
  from?: Date | null | undefined
  to?: Date | null | undefined
}

/** One page of a playbook's trades, the last closed first. */
export async function listTrades(
  ctx: AppContext,
  playbookId: string,
  filter: TradeFilter,
  slice: Slice,
): Promise<PlaybookTradeRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: playbookTrades.exitTime,
    type: 'timestamptz',
    id: playbookTrades.id,
    idType: 'text',
    direction: 'DESC',
  })
  return ctx.db
    .select()
    .from(playbookTrades)
    .where(and(matching(playbookId, filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countTrades(ctx: AppContext, playbookId: string, filter: TradeFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(playbookTrades).where(matching(playbookId, filter))
  return row.total
}

export async function findTrade(ctx: AppContext, id: string): Promise<PlaybookTradeRow | null> {
  const [row] = await ctx.db.select().from(playbookTrades).where(eq(playbookTrades.id, id))
  return row && isReachable(ctx.viewer, row.playbookId) ? row : null
}

function matching(playbookId: string, { regime, strategy, from, to }: TradeFilter): SQL | undefined {
  return and(
    eq(playbookTrades.playbookId, playbookId),
    regime ? inArray(playbookTrades.regime, regime) : undefined,
    strategy ? inArray(playbookTrades.strategy, strategy) : undefined,
    from ? gte(playbookTrades.exitTime, from) : undefined,
    to ? lt(playbookTrades.exitTime, to) : undefined,
  )
}

const milliseconds = (column: typeof playbookTrades.entryTime) =>
  sql<number>`(extract(epoch from ${column}) * 1000)::double precision`

/** All trades that an analysis looks at, in order of exit; only the columns that it reads. */
export async function readTrades(ctx: AppContext, playbookId: string, filter: TradeFilter): Promise<LoggedTrade[]> {
  return ctx.db
    .select({
      side: playbookTrades.side,
      strategy: playbookTrades.strategy,
      regime: playbookTrades.regime,
      regimeAtExit: playbookTrades.regimeAtExit,
      volatilityPercentile: playbookTrades.volatilityPercentile,
      confidence: playbookTrades.confidence,
      leverage: playbookTrades.leverage,
      entryTime: milliseconds(playbookTrades.entryTime),
      exitTime: milliseconds(playbookTrades.exitTime),
      entryPrice: playbookTrades.entryPrice,
      exitPrice: playbookTrades.exitPrice,
      stopLoss: playbookTrades.stopLoss,
      minPrice: playbookTrades.minPrice,
      maxPrice: playbookTrades.maxPrice,
      profitRatio: playbookTrades.profitRatio,
      profitAbs: playbookTrades.profitAbs,
    })
    .from(playbookTrades)
    .where(matching(playbookId, filter))
    .orderBy(asc(playbookTrades.exitTime), asc(playbookTrades.externalId))
}

/** The forecasts of a period whose outcome is known, in the order in which they were made. */
export async function readForecasts(
  ctx: AppContext,
  playbookId: string,
  { from, to }: Pick<TradeFilter, 'from' | 'to'>,
): Promise<ForecastLog> {
  const { externalId, regime, confidence, predictedDirection, actualDirection, actualChange, madeAt } =
    playbookForecasts
  const rows = await ctx.db
    .select({ regime, confidence, predictedDirection, actualDirection, actualChange })
    .from(playbookForecasts)
    .where(
      and(
        eq(playbookForecasts.playbookId, playbookId),
        isNotNull(actualDirection),
        from ? gte(madeAt, from) : undefined,
        to ? lt(madeAt, to) : undefined,
      ),
    )
    .orderBy(asc(madeAt), asc(externalId))
  return {
    regime: Uint8Array.from(rows, (row) => MARKET_REGIMES.indexOf(row.regime)),
    confidence: Float64Array.from(rows, (row) => row.confidence),
    hit: Uint8Array.from(rows, (row) => (row.predictedDirection === row.actualDirection ? 1 : 0)),
    change: Float64Array.from(rows, (row) => Math.abs(row.actualChange ?? NaN)),
  }
}
