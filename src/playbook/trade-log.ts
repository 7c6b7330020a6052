import { MARKET_REGIMES, type MarketRegime } from '../market/regimes.ts'
import { addsUp, type TradeSide } from './trade.ts'

/** A trade as it is stored, with the columns that analyses read. Times in ms. */
export interface LoggedTrade {
  side: TradeSide
  strategy: string
  regime: MarketRegime
  regimeAtExit: MarketRegime | null
  volatilityPercentile: number | null
  confidence: number
  leverage: number
  entryTime: number
  exitTime: number
  entryPrice: number
  exitPrice: number
  stopLoss: number | null
  minPrice: number | null
  maxPrice: number | null
  profitRatio: number
  profitAbs: number
}

/** Trades as columns, in order of exit. What is not known is NaN, or −1 in columns of codes. */
export interface TradeLog {
  count: number
  strategies: string[]
  /** place in `strategies` */
  strategy: Int32Array
  /** place in MARKET_REGIMES */
  regime: Int8Array
  regimeAtExit: Int8Array
  /** 1 long, −1 short */
  side: Int8Array
  /** 0…1; where candles are missing, by the trade's own move: see `ownVolatility` */
  volatility: Float64Array
  /** 0…1 by candles that had closed at entry; NaN where there are none */
  volatilityAtEntry: Float64Array
  confidence: Float64Array
  leverage: Float64Array
  entryTime: Float64Array
  exitTime: Float64Array
  entryPrice: Float64Array
  exitPrice: Float64Array
  stopLoss: Float64Array
  minPrice: Float64Array
  maxPrice: Float64Array
  profitRatio: Float64Array
  profitAbs: Float64Array
  /** 0…1: share of the required fields that make sense */
  validity: Float64Array
}

const NUMBERS = [
  'confidence',
  'leverage',
  'entryTime',
  'exitTime',
  'entryPrice',
  'exitPrice',
  'stopLoss',
  'minPrice',
  'maxPrice',
  'profitRatio',
  'profitAbs',
] as const satisfies (keyof LoggedTrade & keyof TradeLog)[]

/** Fields that every trade must have; where profit and prices contradict each other three of them are in doubt. */
const REQUIRED_FIELDS = 13
const DOUBTFUL_FIELDS = 3

/** @param trades in order of exit */
export function tradeLog(trades: readonly LoggedTrade[]): TradeLog {
  const count = trades.length
  const strategies = [...new Set(trades.map(({ strategy }) => strategy))].sort()
  const placeOf = new Map(strategies.map((name, at) => [name, at]))
  const numbers = {} as Record<(typeof NUMBERS)[number], Float64Array>
  for (const name of NUMBERS) numbers[name] = Float64Array.from(trades, (trade) => trade[name] ?? NaN)
  const codeOf = (regime: MarketRegime | null): number => (regime === null ? -1 : MARKET_REGIMES.indexOf(regime))
  const log = {
    count,
    strategies,
    strategy: Int32Array.from(trades, ({ strategy }) => placeOf.get(strategy)!),
    regime: Int8Array.from(trades, ({ regime }) => codeOf(regime)),
    regimeAtExit: Int8Array.from(trades, ({ regimeAtExit }) => codeOf(regimeAtExit)),
    side: Int8Array.from(trades, ({ side }) => (side === 'LONG' ? 1 : -1)),
    ...numbers,
    validity: Float64Array.from(trades, (trade) => (addsUp(trade) ? 1 : 1 - DOUBTFUL_FIELDS / REQUIRED_FIELDS)),
  }
  const told = Float64Array.from(trades, ({ volatilityPercentile }) => volatilityPercentile ?? NaN)
  const volatility = told.some(Number.isNaN) ? filled(told, ownVolatility(log)) : told
  return { ...log, volatility, volatilityAtEntry: told }
}

function filled(values: Float64Array, others: Float64Array): Float64Array {
  return values.map((value, at) => (Number.isNaN(value) ? others[at] : value))
}

const HOUR_MS = 3_600_000

/**
 * How much the price moved during each trade for the time it took, as a mid-rank among all trades, 0…1. It says how
 * volatile one regime was against the others, where there are no candles that would say it better.
 */
function ownVolatility(
  log: Pick<TradeLog, 'count'> &
    Record<'entryPrice' | 'exitPrice' | 'minPrice' | 'maxPrice' | 'entryTime' | 'exitTime', Float64Array>,
): Float64Array {
  const moves = Float64Array.from({ length: log.count }, (_, at) => {
    const high = Math.max(log.entryPrice[at], log.exitPrice[at], log.maxPrice[at] || 0)
    const low = Math.min(log.entryPrice[at], log.exitPrice[at], log.minPrice[at] || Infinity)
    const hours = Math.max(1 / 60, (log.exitTime[at] - log.entryTime[at]) / HOUR_MS)
    return (high / low - 1) / Math.sqrt(hours)
  })
  const sorted = moves.toSorted()
  return moves.map((move) => (countBelow(sorted, move, false) + countBelow(sorted, move, true)) / 2 / log.count)
}

function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < value || (orEqual && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}

/** Places of a regime's trades, in order of exit. */
export function tradesIn(log: TradeLog, regime: MarketRegime): Int32Array {
  const code = MARKET_REGIMES.indexOf(regime)
  let size = 0
  for (let at = 0; at < log.count; at++) if (log.regime[at] === code) size++
  const places = new Int32Array(size)
  for (let at = 0, next = 0; at < log.count; at++) if (log.regime[at] === code) places[next++] = at
  return places
}
