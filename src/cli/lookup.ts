import { nearestName } from '../strategy/nearest.ts'
import type { Client } from './client.ts'
import { CliFailure, usageFailure } from './failure.ts'
import { isObject } from './json-file.ts'

/** A market as the command line needs it. */
export interface MarketInfo {
  id: string
  exchange: string
  symbol: string
  timeframe: string
  candleCount: number
  from: string | null
  to: string | null
}

interface Page<T> {
  nodes: T[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

const PAGE = 'pageInfo { hasNextPage endCursor }'
const STRATEGIES = `query ($after: String) { page: strategies(first: 100, after: $after) { nodes { id name } ${PAGE} } }`
const MARKETS = `query ($after: String) { page: markets(first: 100, after: $after) { nodes { id exchange symbol timeframe candleCount from to } ${PAGE} } }`

/** The id of a strategy that a file names, by name or id. */
export async function findStrategyId(client: Client, wanted: unknown): Promise<string> {
  if (typeof wanted !== 'string') throw usageFailure('strategy: name a strategy, as in "strategy": "rsi-adx-volume".')
  const all = await readAll<{ id: string; name: string }>(client, STRATEGIES)
  const found = all.find(({ id, name }) => name === wanted || id === wanted)
  if (found) return found.id
  const names = all.map(({ name }) => name)
  const near = nearestName(wanted, names)
  throw new CliFailure(
    `strategy: there is no strategy ${JSON.stringify(wanted)}. ${near ? `Did you mean ${near}?` : `There are ${names.join(', ')}.`}`,
  )
}

/** The market that a file names: an id, or { exchange, symbol, timeframe }. */
export async function findMarket(client: Client, wanted: unknown): Promise<MarketInfo> {
  const key = marketKey(wanted)
  const all = await readMarkets(client)
  const found = all.find((market) =>
    typeof key === 'string' ? market.id === key : MARKET_KEYS.every((name) => same(market[name], key[name])),
  )
  if (found) return found
  const there = all.length
    ? `There are:\n${all.map((market) => `  ${marketName(market)}, ${market.candleCount} candles`).join('\n')}\n`
    : 'None was imported yet.\n'
  const { exchange, symbol, timeframe } =
    typeof key === 'string' ? { exchange: 'binance', symbol: 'BTC/USDT', timeframe: '1m' } : key
  const text = typeof key === 'string' ? key : marketName(key)
  throw new CliFailure(
    `market: there is no market ${text}. ${there}Import one: npx tunebook import <file> --symbol ${symbol} --timeframe ${timeframe} --exchange ${exchange}`,
  )
}

export function readMarkets(client: Client): Promise<MarketInfo[]> {
  return readAll(client, MARKETS)
}

export function marketName({
  exchange,
  symbol,
  timeframe,
}: Pick<MarketInfo, 'exchange' | 'symbol' | 'timeframe'>): string {
  return `${exchange} ${symbol} ${timeframe}`
}

const MARKET_KEYS = ['exchange', 'symbol', 'timeframe'] as const
type MarketKey = Record<(typeof MARKET_KEYS)[number], string>

function marketKey(wanted: unknown): string | MarketKey {
  if (typeof wanted === 'string') return wanted
  const example = '{ "exchange": "binance", "symbol": "BTC/USDT", "timeframe": "1m" }'
  if (!isObject(wanted)) throw usageFailure(`market: name a market, as in ${example}.`)
  const unknown = Object.keys(wanted).filter((name) => !MARKET_KEYS.includes(name as keyof MarketKey))
  const missing = MARKET_KEYS.filter((name) => typeof wanted[name] !== 'string')
  if (unknown.length > 0) throw usageFailure(`market.${unknown[0]} is not known. Write ${example}.`)
  if (missing.length > 0) throw usageFailure(`market.${missing[0]} is missing. Write ${example}.`)
  return wanted as MarketKey
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

async function readAll<T>(client: Client, query: string): Promise<T[]> {
  const all: T[] = []
  for (let after: string | null = null; ;) {
    const { page }: { page: Page<T> } = await client.query(query, { after })
    all.push(...page.nodes)
    if (!page.pageInfo.hasNextPage) return all
    after = page.pageInfo.endCursor
  }
}
