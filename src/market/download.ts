import type { AppContext } from '../context.ts'
import type { Candles } from '../engine/candles.ts'
import { type FieldError, ValidationError } from '../errors.ts'
import { CandleCollector } from './collector.ts'
import { type CandlePages, type CandleRow, openExchange } from './exchange.ts'
import { checkMarketName, type MarketName, SYNTHETIC } from './name.ts'
import { Problems } from './problems.ts'
import { findMarketByName, type StoreResult, storeCandles } from './service.ts'
import type { MarketRow } from './table.ts'
import { tidyCandles } from './tidy.ts'
import { alignDown, TIMEFRAMES } from './timeframe.ts'

export interface DownloadInput {
  exchange: string
  symbol: string
  timeframe: string
  /** half-open, by open time */
  from: Date
  /** now where not given */
  to?: Date | null | undefined
}

export interface DownloadResult {
  market: MarketRow
  /** candles that were not there before */
  imported: number
  /** nothing that the exchange has is missing any more */
  complete: boolean
  /** where the next call goes on; the end of the period once it is complete */
  next: Date
}

/** Rows that are written together: writing costs a read of the market, a loss of them a minute of paging. */
const STORE_CANDLES = 50_000

/** A call that answers in time can be repeated by anybody; one that runs for an hour is lost with its connection. */
const WITHIN_MS = 7000

/** Half-open, ms. */
interface Span {
  from: number
  to: number
}

/**
 * Download what a market lacks of a period: before, after and inside of what is stored. It stops after some seconds
 * with what it has; the next call goes on from there.
 *
 * @throws ValidationError  a bad name or period, or nothing to be had in it
 * @throws UnavailableError the exchange does not answer; what came before is stored
 */
export async function downloadCandles(
  ctx: AppContext,
  input: DownloadInput,
  withinMs = WITHIN_MS,
): Promise<DownloadResult> {
  const to = input.to ?? new Date(ctx.clock())
  const name = checkMarketName(input, problemsOf({ ...input, to }, ctx.clock()))
  const timeframeMs = TIMEFRAMES[name.timeframe]
  const wanted = {
    from: alignDown(input.from.getTime() + timeframeMs - 1, timeframeMs),
    to: Math.min(to.getTime(), alignDown(ctx.clock(), timeframeMs)),
  }
  const market = await findMarketByName(ctx, name)
  const missing = market ? missingSpans(market, wanted, timeframeMs) : [wanted]
  const download = new Download(ctx, name, performance.now() + withinMs)
  const pages = missing.length > 0 ? await openExchange(name, ctx.config.exchangeApiRoot) : null
  for (const span of missing) if (pages) await download.read(pages, span)
  return download.finish(market, wanted.to)
}

function problemsOf({ exchange, from, to }: DownloadInput & { to: Date }, now: number): FieldError[] {
  const problems: FieldError[] = []
  if (exchange === SYNTHETIC) problems.push({ path: ['exchange'], message: `"${SYNTHETIC}" markets are made up.` })
  if (!(from < to)) problems.push({ path: ['to'], message: `${to.toISOString()} is not after from. Swap them.` })
  if (from.getTime() >= now) {
    problems.push({
      path: ['from'],
      message: `${from.toISOString()} is in the future. Ask for a time that has passed.`,
    })
  }
  return problems
}

/** What of a period is not stored; a pause of the exchange is asked for again, in case it was filled later. */
export function missingSpans(market: MarketRow, wanted: Span, timeframeMs: number): Span[] {
  const { firstOpenTime, lastOpenTime, gaps } = market
  if (firstOpenTime === null || lastOpenTime === null) return [wanted]
  return [{ from: -Infinity, to: firstOpenTime }, ...gaps, { from: lastOpenTime + timeframeMs, to: Infinity }]
    .map(({ from, to }) => ({ from: Math.max(from, wanted.from), to: Math.min(to, wanted.to) }))
    .filter(({ from, to }) => from < to)
}

/** One call's worth of pages. */
class Download {
  readonly #ctx: AppContext
  readonly #name: MarketName
  readonly #timeframeMs: number
  /** by performance.now() */
  readonly #until: number
  #stored: StoreResult | null = null
  #imported = 0
  /** the first time that was not asked for, once time is up */
  #next: number | null = null

  constructor(ctx: AppContext, name: MarketName, until: number) {
    this.#ctx = ctx
    this.#name = name
    this.#timeframeMs = TIMEFRAMES[name.timeframe]
    this.#until = until
  }

  /** Read a span page by page; store it in large parts. Does nothing once time is up. */
  async read(pages: CandlePages, span: Span): Promise<void> {
    let since = span.from
    let into = new CandleCollector(new Problems('exchange'))
    while (since < span.to && this.#next === null) {
      const rows = await pages.fetch(since).catch(async (error: unknown) => {
        await this.#store(into)
        throw error
      })
      const last = takeRows(rows, { from: since, to: span.to }, into)
      // An exchange that answers by windows has nothing in this one; others would have answered with later candles.
      since = last === null ? since + pages.pageCandles * this.#timeframeMs : last + this.#timeframeMs
      if (performance.now() > this.#until && since < span.to) this.#next = since
      if (into.count >= STORE_CANDLES) {
        await this.#store(into)
        into = new CandleCollector(new Problems('exchange'))
      }
    }
    await this.#store(into)
  }

  async #store(into: CandleCollector): Promise<void> {
    into.problems.throwIfAny()
    if (into.count === 0) return
    const candles = this.#tidy(into)
    this.#stored = await storeCandles(this.#ctx, this.#name, candles, { source: 'exchange' })
    this.#imported += this.#stored.imported
  }

  #tidy(into: CandleCollector): Candles {
    const options = { timeframe: this.#name.timeframe, now: this.#ctx.clock(), problems: into.problems }
    return tidyCandles(into.finish(), { ...options, rowOf: (index) => into.rowOf(index) }).candles
  }

  finish(before: MarketRow | null, end: number): DownloadResult {
    const market = this.#stored?.market ?? before
    const { exchange, symbol, timeframe } = this.#name
    if (!market) {
      const message = `has no candles of ${symbol} ${timeframe} in this period. Ask for a later one.`
      throw ValidationError.at('from', `${exchange} ${message}`)
    }
    return {
      market,
      imported: this.#imported,
      complete: this.#next === null,
      next: new Date(this.#next ?? end),
    }
  }
}

/** @returns the time of the last row, also where it lies beyond the span; null where there is none */
function takeRows(rows: readonly CandleRow[], { from, to }: Span, into: CandleCollector): number | null {
  let last: number | null = null
  for (const row of rows) {
    const time = row[0]!
    if (!(time >= from)) continue // some exchanges repeat the candle before
    last = time
    if (time >= to) break
    into.row++
    if (!into.setTime(time)) continue
    for (let column = 1; column < into.cells.length; column++) into.cells[column] = row[column] ?? Number.NaN
    into.accept()
  }
  return last
}
