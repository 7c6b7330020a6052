import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { ValidationError, type FieldError } from '../errors.ts'
import { newId } from '../ids.ts'
import { requireRole } from '../viewer.ts'
import { forecastDigest, forecastProblems, type ForecastInput } from './forecast.ts'
import { tradeContexts } from './market-context.ts'
import { NEEDED } from './roles.ts'
import { playbookForecasts, playbookTrades } from './table.ts'
import { contentDigest, tradeProblems, type TradeInput } from './trade.ts'
import { getPlaybook } from './version.ts'

export const MAX_BATCH = 10_000
/** More problems than these help nobody. */
const MAX_PROBLEMS = 100

export interface Recorded {
  /** rows that are new, or forecasts that are resolved now */
  recorded: number
  /** rows that were there already, with the same content */
  duplicates: number
}

/**
 * Add closed trades to a playbook's memory: all of them, or none. The same trade again changes nothing, whoever sends
 * it and however often.
 *
 * @throws NotFoundError   no such playbook
 * @throws ValidationError every bad trade by index and field; an id that was used for other content
 */
export async function recordTrades(
  ctx: AppContext,
  input: { playbookId: string; trades: TradeInput[] },
): Promise<Recorded> {
  requireRole(ctx.viewer, NEEDED.RECORD)
  await getPlaybook(ctx, input.playbookId)
  const { trades } = input
  checkBatch('trades', trades, (trade) => tradeProblems(trade, ctx.clock()))
  const rows = distinct('trades', trades, contentDigest)
  const contexts = await tradeContexts(
    ctx,
    rows.map(({ item }) => item),
  )
  refuseProblems(
    rows.flatMap(({ index, item }, at) =>
      item.regime || contexts[at].regime
        ? []
        : [{ path: ['trades', String(index), 'regime'], message: NO_CANDLES(item) }],
    ),
  )
  const values = rows.map(({ item, digest }, at) => ({
    ...columnsOf(item),
    id: newId('trade'),
    playbook_id: input.playbookId,
    digest,
    regime: item.regime ?? contexts[at].regime,
    regime_at_exit: item.regimeAtExit ?? contexts[at].regimeAtExit,
    volatility_percentile: contexts[at].volatilityPercentile,
  }))
  return ctx.db.transaction(async (tx) => {
    const added = await insertRows(tx, 'playbook_trades', TRADE_COLUMNS, values)
    const stored = await storedTradeDigests(tx, input.playbookId, missing(rows, added))
    refuseProblems(
      rows
        .filter(({ item, digest }) => !added.has(item.externalId) && stored.get(item.externalId) !== digest)
        .map(({ index, item }) => reused('trades', index, item.externalId)),
    )
    const done = { recorded: added.size, duplicates: trades.length - added.size }
    if (added.size > 0) await audit(tx, ctx.viewer, 'TRADES_RECORDED', input.playbookId, done)
    return done
  })
}

const NO_CANDLES = ({ symbol, entryTime }: TradeInput): string =>
  `is missing, and no market ${symbol} has enough candles before ${entryTime.toISOString()} to compute it from. Give the regime, or import candles.`

function columnsOf(trade: TradeInput) {
  return {
    external_id: trade.externalId,
    symbol: trade.symbol,
    side: trade.side,
    strategy: trade.strategy,
    confidence: trade.confidence,
    leverage: trade.leverage,
    entry_time: trade.entryTime,
    exit_time: trade.exitTime,
    entry_price: trade.entryPrice,
    exit_price: trade.exitPrice,
    stop_loss: trade.stopLoss,
    take_profit: trade.takeProfit,
    min_price: trade.minPrice,
    max_price: trade.maxPrice,
    profit_ratio: trade.profitRatio,
    profit_abs: trade.profitAbs,
    fees: trade.fees,
    exit_reason: trade.exitReason,
  }
}

/** Column name and SQL type, in the order of the statement. */
const TRADE_COLUMNS = {
  id: 'text',
  playbook_id: 'text',
  external_id: 'text',
  digest: 'text',
  symbol: 'text',
  side: 'text',
  strategy: 'text',
  regime: 'text',
  regime_at_exit: 'text',
  volatility_percentile: 'double precision',
  confidence: 'double precision',
  leverage: 'double precision',
  entry_time: 'timestamptz',
  exit_time: 'timestamptz',
  entry_price: 'double precision',
  exit_price: 'double precision',
  stop_loss: 'double precision',
  take_profit: 'double precision',
  min_price: 'double precision',
  max_price: 'double precision',
  profit_ratio: 'double precision',
  profit_abs: 'double precision',
  fees: 'double precision',
  exit_reason: 'text',
}

const FORECAST_COLUMNS = {
  playbook_id: 'text',
  external_id: 'text',
  digest: 'text',
  symbol: 'text',
  strategy: 'text',
  regime: 'text',
  made_at: 'timestamptz',
  resolved_at: 'timestamptz',
  confidence: 'double precision',
  predicted_direction: 'text',
  actual_direction: 'text',
  predicted_change: 'double precision',
  actual_change: 'double precision',
}

/**
 * Insert a batch as one JSON parameter: ten thousand rows have more columns together than a statement may have
 * parameters. Sorted by id, so that two callers with the same rows wait for each other and cannot block each other.
 *
 * @returns external ids of the rows that are new
 */
async function insertRows(
  tx: Transaction,
  table: string,
  columns: Record<string, string>,
  rows: { external_id: string }[],
): Promise<Set<string>> {
  const sorted = rows.toSorted((a, b) => (a.external_id < b.external_id ? -1 : 1))
  const names = sql.raw(
    Object.keys(columns)
      .map((name) => `"${name}"`)
      .join(', '),
  )
  const types = sql.raw(
    Object.entries(columns)
      .map(([name, type]) => `"${name}" ${type}`)
      .join(', '),
  )
  const added = sql<string>`insert into ${sql.identifier(table)} (${names})
    select ${names} from json_to_recordset(${JSON.stringify(sorted)}::text::json) as given (${types})
    on conflict (playbook_id, external_id) do nothing
    returning external_id`
  return new Set(rowsOf<{ external_id: string }>(await tx.execute(added)).map((row) => row.external_id))
}

/** The two drivers wrap rows differently. */
function rowsOf<T>(result: unknown): T[] {
  return Array.isArray(result) ? (result as T[]) : (result as { rows: T[] }).rows
}

async function storedTradeDigests(
  tx: Transaction,
  playbookId: string,
  externalIds: string[],
): Promise<Map<string, string>> {
  const { externalId, digest } = playbookTrades
  const rows = await tx
    .select({ externalId, digest })
    .from(playbookTrades)
    .where(and(eq(playbookTrades.playbookId, playbookId), isOneOf(externalId, externalIds)))
  return new Map(rows.map((row) => [row.externalId, row.digest]))
}

/** By an array parameter: a list of ten thousand would be ten thousand parameters. */
function isOneOf(column: Parameters<typeof inArray>[0], values: string[]): SQL {
  return sql`${column} in (select json_array_elements_text(${JSON.stringify(values)}::text::json))`
}

/**
 * Add forecasts, or say what came of them: a forecast that was recorded open may be sent once more with its outcome.
 *
 * @throws NotFoundError   no such playbook
 * @throws ValidationError every bad forecast by index and field; an id that was used for other content
 */
export async function recordForecasts(
  ctx: AppContext,
  input: { playbookId: string; forecasts: ForecastInput[] },
): Promise<Recorded> {
  requireRole(ctx.viewer, NEEDED.RECORD)
  await getPlaybook(ctx, input.playbookId)
  const { forecasts, playbookId } = input
  checkBatch('forecasts', forecasts, (forecast) => forecastProblems(forecast, ctx.clock()))
  const rows = distinct('forecasts', forecasts, (forecast) => Object.values(forecastDigest(forecast)).join(':'))
  const values = rows.map(({ item, digest }) => ({
    playbook_id: playbookId,
    external_id: item.externalId,
    digest,
    symbol: item.symbol,
    strategy: item.strategy,
    regime: item.regime,
    made_at: item.madeAt,
    resolved_at: item.resolvedAt,
    confidence: item.confidence,
    predicted_direction: item.predictedDirection,
    actual_direction: item.actualDirection,
    predicted_change: item.predictedChange,
    actual_change: item.actualChange,
  }))
  return ctx.db.transaction(async (tx) => {
    const added = await insertRows(tx, 'playbook_forecasts', FORECAST_COLUMNS, values)
    let resolved = 0
    const problems: FieldError[] = []
    const stored = await storedForecasts(tx, playbookId, missing(rows, added))
    for (const { index, item, digest } of rows) {
      const old = stored.get(item.externalId)
      if (added.has(item.externalId) || old === undefined || old === digest) continue
      const stillOpen = old === `${forecastDigest(item).expected}:`
      if (stillOpen) resolved += await resolveForecast(tx, playbookId, item, old, digest)
      else problems.push(reused('forecasts', index, item.externalId))
    }
    refuseProblems(problems)
    const recorded = added.size + resolved
    const done = { recorded, duplicates: forecasts.length - recorded }
    if (recorded > 0) await audit(tx, ctx.viewer, 'FORECASTS_RECORDED', playbookId, done)
    return done
  })
}

async function storedForecasts(
  tx: Transaction,
  playbookId: string,
  externalIds: string[],
): Promise<Map<string, string>> {
  const { externalId, digest } = playbookForecasts
  const rows = await tx
    .select({ externalId, digest })
    .from(playbookForecasts)
    .where(and(eq(playbookForecasts.playbookId, playbookId), isOneOf(externalId, externalIds)))
  return new Map(rows.map((row) => [row.externalId, row.digest]))
}

async function resolveForecast(
  tx: Transaction,
  playbookId: string,
  { externalId, resolvedAt, actualDirection, actualChange }: ForecastInput,
  old: string,
  digest: string,
): Promise<number> {
  const rows = await tx
    .update(playbookForecasts)
    .set({
      digest,
      resolvedAt: resolvedAt ?? null,
      actualDirection: actualDirection ?? null,
      actualChange: actualChange ?? null,
    })
    .where(
      and(
        eq(playbookForecasts.playbookId, playbookId),
        eq(playbookForecasts.externalId, externalId),
        eq(playbookForecasts.digest, old),
      ),
    )
    .returning({ externalId: playbookForecasts.externalId })
  return rows.length
}

interface Row<T> {
  /** place in the batch as it was sent */
  index: number
  item: T
  digest: string
}

function checkBatch<T>(field: string, items: readonly T[], problemsOf: (item: T) => FieldError[]): void {
  if (items.length > MAX_BATCH) {
    throw ValidationError.at(field, `has ${items.length} entries; send at most ${MAX_BATCH} at once.`)
  }
  const problems: FieldError[] = []
  for (const [index, item] of items.entries()) {
    for (const { path, message } of problemsOf(item)) problems.push({ path: [field, String(index), ...path], message })
    if (problems.length >= MAX_PROBLEMS) break
  }
  refuseProblems(problems)
}

/** Each id once. @throws ValidationError one that stands for two different things */
function distinct<T extends { externalId: string }>(
  field: string,
  items: readonly T[],
  digestOf: (item: T) => string,
): Row<T>[] {
  const rows = new Map<string, Row<T>>()
  const problems: FieldError[] = []
  items.forEach((item, index) => {
    const digest = digestOf(item)
    const first = rows.get(item.externalId)
    if (!first) rows.set(item.externalId, { index, item, digest })
    else if (first.digest !== digest) problems.push(reused(field, index, item.externalId))
  })
  refuseProblems(problems)
  return [...rows.values()]
}

function missing<T extends { externalId: string }>(rows: readonly Row<T>[], added: Set<string>): string[] {
  return rows.map(({ item }) => item.externalId).filter((externalId) => !added.has(externalId))
}

function reused(field: string, index: number, externalId: string): FieldError {
  const message = `${externalId} was recorded before with other content. Use another id, or send it as it was.`
  return { path: [field, String(index), 'externalId'], message }
}

function refuseProblems(problems: FieldError[]): void {
  if (problems.length > 0) throw new ValidationError(problems.slice(0, MAX_PROBLEMS))
}
