import { createHash } from 'node:crypto'
import type { FieldError } from '../errors.ts'
import type { MarketRegime } from '../market/regimes.ts'

export type TradeSide = 'LONG' | 'SHORT'

/** A closed trade as a bot reports it. */
export interface TradeInput {
  externalId: string
  symbol: string
  side: TradeSide
  strategy: string
  /** computed from the market's candles where it is not given */
  regime?: MarketRegime | null | undefined
  regimeAtExit?: MarketRegime | null | undefined
  /** 0…100 */
  confidence: number
  leverage: number
  entryTime: Date
  exitTime: Date
  entryPrice: number
  exitPrice: number
  /** fraction of the entry price */
  stopLoss?: number | null | undefined
  takeProfit?: number | null | undefined
  /** extremes while the trade was open */
  minPrice?: number | null | undefined
  maxPrice?: number | null | undefined
  profitRatio: number
  profitAbs: number
  fees?: number | null | undefined
  exitReason?: string | null | undefined
}

const MAX_PRICE = 1e100
/** Beyond it a float64 does not hold cents any more. */
const MAX_AMOUNT = 1e15
const MAX_TEXT = 200
/** A trade closed now may carry the time of a clock that runs a little ahead. */
const CLOCK_SKEW_MS = 5 * 60_000

/**
 * What makes a trade impossible. A trade that is only odd, such as one whose profit does not follow from its prices,
 * is kept and lowers the data quality.
 *
 * @param now ms since epoch
 */
export function tradeProblems(trade: TradeInput, now: number): FieldError[] {
  const problems: FieldError[] = []
  const refuse = (field: keyof TradeInput, message: string) => problems.push({ path: [field], message })
  for (const field of ['externalId', 'symbol', 'strategy'] as const) {
    const text = trade[field]
    if (text.length === 0 || text.length > MAX_TEXT)
      refuse(field, `has ${text.length} characters; 1 to ${MAX_TEXT} fit.`)
  }
  for (const field of ['entryPrice', 'exitPrice', 'minPrice', 'maxPrice'] as const) {
    const price = trade[field]
    if (price === null || price === undefined || (price > 0 && price <= MAX_PRICE)) continue
    refuse(field, `${price} is not a price: prices are above 0.`)
  }
  for (const field of ['profitRatio', 'profitAbs', 'fees', 'stopLoss', 'takeProfit'] as const) {
    const value = trade[field]
    if (value !== null && value !== undefined && !(Math.abs(value) < MAX_AMOUNT))
      refuse(field, `${value} is not an amount: amounts are below ${MAX_AMOUNT}, gains and losses alike.`)
  }
  if (!(trade.confidence >= 0 && trade.confidence <= 100))
    refuse('confidence', `${trade.confidence} is not within 0 to 100.`)
  if (!(trade.leverage > 0 && trade.leverage <= 1000)) refuse('leverage', `${trade.leverage} is not within 0 to 1000.`)
  return problems.length > 0 ? problems : relationProblems(trade, now)
}

function relationProblems(trade: TradeInput, now: number): FieldError[] {
  const { entryTime, exitTime, entryPrice, exitPrice, minPrice, maxPrice } = trade
  const problems: FieldError[] = []
  if (exitTime < entryTime) {
    const message = `${exitTime.toISOString()} is before entryTime, ${entryTime.toISOString()}.`
    problems.push({ path: ['exitTime'], message })
  }
  if (exitTime.getTime() > now + CLOCK_SKEW_MS) {
    const message = `${exitTime.toISOString()} is in the future: only closed trades are recorded.`
    problems.push({ path: ['exitTime'], message })
  }
  const low = Math.min(entryPrice, exitPrice)
  const high = Math.max(entryPrice, exitPrice)
  if (typeof minPrice === 'number' && minPrice > low * (1 + ROUNDING)) {
    problems.push({ path: ['minPrice'], message: `${minPrice} is above a price of the trade, ${low}.` })
  }
  if (typeof maxPrice === 'number' && maxPrice < high * (1 - ROUNDING)) {
    problems.push({ path: ['maxPrice'], message: `${maxPrice} is below a price of the trade, ${high}.` })
  }
  return problems
}

const ROUNDING = 1e-6

/** Tells whether two trades of one id are the same: SHA-256 over all that was sent. */
export function contentDigest(content: object): string {
  const entries = Object.entries(content)
    .filter(([, value]) => value !== null && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex')
}

/**
 * Whether the profit follows from the prices: leverage · move, give or take fees and funding. Trades that do not add
 * up count as incomplete.
 */
export function addsUp(trade: {
  side: TradeSide
  leverage: number
  entryPrice: number
  exitPrice: number
  profitRatio: number
}): boolean {
  const move = (trade.exitPrice / trade.entryPrice - 1) * (trade.side === 'LONG' ? 1 : -1)
  const expected = trade.leverage * move
  return Math.abs(trade.profitRatio - expected) <= 0.02 * Math.max(1, trade.leverage) + 0.25 * Math.abs(expected)
}
