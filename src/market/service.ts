import { join } from 'node:path'
import { count, eq } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import { sqlState } from '../db.ts'
import type { Candles } from '../engine/candles.ts'
import { ConflictError, type FieldError, NotFoundError, UnavailableError } from '../errors.ts'
import { keyset, type Slice } from '../paging.ts'
import { readCandles } from './formats.ts'
import { type ImportSource, sourceBytes, sourceProblems } from './import-source.ts'
import { contentHash, mergeCandles } from './merge.ts'
import { checkMarketName, type MarketName, SYNTHETIC } from './name.ts'
import { Problems } from './problems.ts'
import { qualityGate } from './quality.ts'
import { baseRange, cutRange } from './range.ts'
import { requireMultiple } from './resample.ts'
import { isMarket, lockMarket, readBars, writeCandles } from './store.ts'
import { syntheticCandles, type SyntheticOptions } from './synthetic.ts'
import { type MarketRow, markets } from './table.ts'
import { alignDown, parseTimeframe, type Timeframe, TIMEFRAMES } from './timeframe.ts'

type NameInput = { exchange: string; symbol: string; timeframe: string }

export interface StoreResult {
  market: MarketRow
  /** candles that were not there before */
  imported: number
  /** candles that were there already; in an import also rows that repeat another row */
  duplicates: number
}

export interface ImportResult extends StoreResult {
  /** sentences about what was done to the rows, and about what is missing */
  warnings: string[]
}

/**
 * Import candles from the content of a request or from a file in the import folder, into a new market or the one of
 * that name. All or nothing.
 *
 * @throws ValidationError every problem of the name and of the source at once; then up to 20 problems of the rows
 */
export async function importCandles(ctx: AppContext, input: NameInput & ImportSource): Promise<ImportResult> {
  checkImportName(input, sourceProblems(input))
  const bytes = sourceBytes(input, join(ctx.config.home, 'import'))
  return importCandleStream(ctx, input, bytes, typeof input.file === 'string' ? 'file' : 'content')
}

/** The same from any stream of bytes. @param source what the paths of errors begin with */
export async function importCandleStream(
  ctx: AppContext,
  input: NameInput,
  bytes: AsyncIterable<Uint8Array>,
  source = 'file',
): Promise<ImportResult> {
  const name = checkImportName(input)
  const read = await readCandles(bytes, { timeframe: name.timeframe, now: ctx.clock(), source })
  const stored = await storeCandles(ctx, name, read.candles, { source })
  const { candleCount, missingCandles } = stored.market
  const { reason } = qualityGate({ missingCandles, expectedCandles: missingCandles + candleCount })
  return {
    ...stored,
    duplicates: read.duplicates + stored.duplicates,
    warnings: reason ? [...read.warnings, reason] : read.warnings,
  }
}

function checkImportName(input: NameInput, others: FieldError[] = []): MarketName {
  const reserved = `"${SYNTHETIC}" is kept for markets that are made up. Name the exchange the candles come from.`
  return checkMarketName(
    input,
    input.exchange === SYNTHETIC ? [{ path: ['exchange'], message: reserved }, ...others] : others,
  )
}

/**
 * Add good candles to the market of that name, which is made where it is new. One transaction; those who add to one
 * market at once wait for each other.
 *
 * @param candles checked, in order of time, each time once
 * @throws ValidationError  a stored candle of the same time says something else; a new market of a single candle
 * @throws UnavailableError another import into the market takes too long
 */
export async function storeCandles(
  ctx: AppContext,
  name: MarketName,
  candles: Candles,
  { source = 'content', synthetic = false } = {},
): Promise<StoreResult> {
  const problems = new Problems(source)
  const work = ctx.db.transaction(async (tx) => {
    const market = await lockMarket(tx, name, synthetic)
    const stored = await readBars(tx, market.id, { from: -Infinity, to: Infinity, before: 0 })
    const merged = mergeCandles(stored.candles, candles, problems)
    if (merged.candles.openTime.length < 2) {
      problems.fail('NOT_ENOUGH_DATA', null, null, 'holds 1 candle; a new market needs at least 2.')
    }
    const { added, duplicates, firstChanged } = merged
    if (added === 0) return { market, imported: 0, duplicates }
    const after = await writeCandles(tx, market, merged.candles, firstChanged)
    const { exchange, symbol, timeframe, contentHash: hash } = after
    await audit(tx, ctx.viewer, 'CANDLES_ADDED', after.id, { exchange, symbol, timeframe, added, contentHash: hash })
    return { market: after, imported: added, duplicates }
  })
  return work.catch((error: unknown) => {
    if (sqlState(error) !== LOCK_TIMEOUT) throw error
    throw new UnavailableError(
      `Another import into ${name.symbol} ${name.timeframe} is running. Try again when it is done.`,
    )
  })
}

const LOCK_TIMEOUT = '55P03'

/**
 * Make a market by rule, labelled as synthetic. The same options give the same market again.
 *
 * @throws ValidationError every bad option at once
 * @throws ConflictError   a market of that symbol and timeframe was made with other options
 */
export async function createSyntheticMarket(
  ctx: AppContext,
  options: Omit<SyntheticOptions, 'timeframe'> & { symbol: string; timeframe: string },
): Promise<MarketRow> {
  const name = checkMarketName({ ...options, exchange: SYNTHETIC }, syntheticProblems(options))
  const from = alignDown(options.from, TIMEFRAMES[name.timeframe])
  const candles = syntheticCandles({ ...options, from, timeframe: name.timeframe })
  const [existing] = await ctx.db.select().from(markets).where(isMarket(name))
  if (!existing) return (await storeCandles(ctx, name, candles, { source: 'symbol', synthetic: true })).market
  if (existing.contentHash === contentHash(candles)) return existing
  throw new ConflictError(
    `There is another synthetic market ${name.symbol} ${name.timeframe}. Choose another symbol, or its seed, bars, start and edge.`,
  )
}

const MAX_SYNTHETIC_BARS = 5_000_000
const MAX_EDGE = 10

function syntheticProblems({ bars, edge, seed }: { bars: number; edge: number; seed: number }): FieldError[] {
  const checks: [name: string, good: boolean, message: string][] = [
    [
      'bars',
      Number.isInteger(bars) && bars >= 2 && bars <= MAX_SYNTHETIC_BARS,
      `${bars} is not a whole number from 2 to ${MAX_SYNTHETIC_BARS}.`,
    ],
    [
      'edge',
      edge >= 0 && edge <= MAX_EDGE,
      `${edge} is not an edge from 0 (nothing to find) to ${MAX_EDGE}; 1 is strong.`,
    ],
    ['seed', Number.isInteger(seed), `${seed} is not a whole number.`],
  ]
  return checks.filter(([, good]) => !good).map(([name, , message]) => ({ path: [name], message }))
}

/**
 * Candles of a market as columns: the bars of a period, and in front of them as many as asked for the warm-up, fewer
 * where the market begins. A longer timeframe is resampled from the market's own.
 *
 * @param range.from, range.to ms, half-open, by open time; the whole market where not given
 * @throws NotFoundError   no such market
 * @throws ValidationError a timeframe that is no multiple of the market's own
 */
export async function loadCandles(
  ctx: AppContext,
  marketId: string,
  range: { from?: number; to?: number; timeframe?: Timeframe; warmupBars?: number } = {},
): Promise<Candles> {
  const market = await getMarket(ctx, marketId)
  const baseMs = TIMEFRAMES[market.timeframe as Timeframe]
  const { from = -Infinity, to = Infinity, timeframe, warmupBars = 0 } = range
  const timeframeMs = TIMEFRAMES[timeframe ?? parseTimeframe(market.timeframe)]
  requireMultiple(baseMs, timeframeMs)
  const wanted = { from, to, timeframeMs, warmupBars }
  // One snapshot: an import that commits between two statements must not show half.
  const { start, candles } = await ctx.db.transaction((tx) => readBars(tx, marketId, baseRange(wanted, baseMs)), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  })
  return cutRange(candles, start === 0, baseMs, wanted)
}

export async function findMarket(ctx: AppContext, id: string): Promise<MarketRow | null> {
  const [row] = await ctx.db.select().from(markets).where(eq(markets.id, id))
  return row ?? null
}

export async function getMarket(ctx: AppContext, id: string): Promise<MarketRow> {
  const row = await findMarket(ctx, id)
  if (!row) throw new NotFoundError('market', id, 'Query.markets lists those there are.')
  return row
}

/** @throws ValidationError for a name that cannot be one */
export async function findMarketByName(ctx: AppContext, input: NameInput): Promise<MarketRow | null> {
  const [row] = await ctx.db
    .select()
    .from(markets)
    .where(isMarket(checkMarketName(input)))
  return row ?? null
}

/** Oldest first. */
export async function listMarkets(ctx: AppContext, slice: Slice): Promise<MarketRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: markets.createdAt,
    type: 'timestamptz',
    id: markets.id,
    idType: 'text',
    direction: 'ASC',
  })
  return ctx.db.select().from(markets).where(where).orderBy(orderBy).limit(slice.limit)
}

export async function countMarkets(ctx: AppContext): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(markets)
  return row.total
}
