import { setTimeout as wait } from 'node:timers/promises'
import type { Exchange } from 'ccxt'
import { UnavailableError, ValidationError } from '../errors.ts'
import type { MarketName } from './name.ts'

/** A row as exchanges answer: ms, open, high, low, close, volume. */
export type CandleRow = readonly (number | undefined)[]

/** Candles of one market on an exchange, page by page. */
export interface CandlePages {
  /** candles of a page, at most */
  pageCandles: number
  /** Rows that open at `since` (ms) or later, oldest first; none where the exchange has none there. */
  fetch(since: number): Promise<CandleRow[]>
}

const PAGE_CANDLES = 500
/** Waits between tries while an exchange is busy or out of reach. */
const RETRY_AFTER_MS = [500, 1000, 2000, 4000]

type Ccxt = typeof import('ccxt')

/**
 * Open a market of an exchange by ccxt, which knows a hundred of them and keeps to their rate limits.
 *
 * @param apiRoot replaces the address of the exchange, for a proxy or a test
 * @throws ValidationError  an exchange, symbol or timeframe that is not there
 * @throws UnavailableError the exchange does not answer, or ccxt is not installed
 */
export async function openExchange(name: MarketName, apiRoot?: string): Promise<CandlePages> {
  const ccxt = await loadCcxt()
  const exchange = createExchange(ccxt, name.exchange)
  if (apiRoot) exchange.urls.api = redirected(exchange.urls.api, apiRoot)
  await trying(ccxt, name, () => exchange.loadMarkets())
  checkOffer(exchange, name)
  const { symbol, timeframe } = name
  const pageCandles = Number(exchange.featureValue(symbol, 'fetchOHLCV', 'limit') ?? PAGE_CANDLES)
  return {
    pageCandles,
    fetch: (since) => trying(ccxt, name, () => exchange.fetchOHLCV(symbol, timeframe, since, pageCandles)),
  }
}

async function loadCcxt(): Promise<Ccxt> {
  try {
    return await import('ccxt')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UnavailableError(
      'Downloading candles needs the package ccxt. Install it beside Tunebook: npm install ccxt',
    )
  }
}

function createExchange(ccxt: Ccxt, id: string): Exchange {
  const known = Object.keys(ccxt.exchanges)
  if (!known.includes(id)) {
    const alike = known.filter((other) => other.startsWith(id.slice(0, 3))).slice(0, 5)
    const hint = alike.length > 0 ? `Is it ${alike.join(', ')}?` : 'Use a name that ccxt knows: binance, kraken, okx.'
    throw ValidationError.at(
      'exchange',
      `${JSON.stringify(id)} is not an exchange that can be downloaded from. ${hint}`,
    )
  }
  const Class = ccxt.exchanges[id as 'binance']
  return new Class({ enableRateLimit: true })
}

function checkOffer(exchange: Exchange, { symbol, timeframe }: MarketName): void {
  if (!exchange.symbols.includes(symbol)) {
    const [base] = symbol.split('/')
    const alike = exchange.symbols.filter((other) => other.startsWith(`${base}/`))
    const hint = alike.length > 0 ? `There: ${alike.slice(0, 8).join(', ')}.` : 'Its own page lists what it trades.'
    throw ValidationError.at('symbol', `${exchange.id} does not trade ${symbol}. ${hint}`)
  }
  const offered = Object.keys(exchange.timeframes ?? {})
  if (!offered.includes(timeframe)) {
    throw ValidationError.at(
      'timeframe',
      `${exchange.id} has no candles of ${timeframe}. There: ${offered.join(', ')}.`,
    )
  }
}

/** Call an exchange, again and again while it is busy. */
async function trying<T>(ccxt: Ccxt, { exchange }: MarketName, call: () => Promise<T>): Promise<T> {
  for (const pauseMs of [...RETRY_AFTER_MS, null]) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof ccxt.BaseError)) throw error
      const why = error.message.slice(0, 200)
      if (!(error instanceof ccxt.NetworkError)) throw ValidationError.at('exchange', `${exchange} refuses: ${why}`)
      if (pauseMs === null) {
        throw new UnavailableError(
          `${exchange} does not answer: ${why}. What was downloaded is stored; try again later.`,
        )
      }
      await wait(pauseMs)
    }
  }
  throw new Error('unreachable')
}

/** The same paths below another address. */
function redirected<T>(api: T, root: string): T {
  if (typeof api === 'string') return (root + new URL(api).pathname) as T
  const entries = Object.entries(api as Record<string, unknown>)
  return Object.fromEntries(entries.map(([key, value]) => [key, redirected(value, root)])) as T
}
