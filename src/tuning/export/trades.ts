import type { TradeRecord } from '../../engine/execution.ts'
import { csvRow, type Cell } from './csv.ts'

/** The columns of a trade; the words are those of `BacktestTrade` in the API. */
const COLUMNS: Record<string, (trade: TradeRecord) => Cell> = {
  side: ({ side }) => side,
  entryTime: ({ entryTime }) => new Date(entryTime).toISOString(),
  entryPrice: ({ entryPrice }) => entryPrice,
  exitTime: ({ exitTime }) => new Date(exitTime).toISOString(),
  exitPrice: ({ exitPrice }) => exitPrice,
  exitReason: ({ exitReason }) => exitReason,
  leverage: ({ leverage }) => leverage,
  quantity: ({ quantity }) => quantity,
  margin: ({ margin }) => margin,
  equityAtEntry: ({ equityAtEntry }) => equityAtEntry,
  fees: ({ fees }) => fees,
  funding: ({ funding }) => funding,
  profitRatio: ({ profitRatio }) => profitRatio,
  profitAbs: ({ profitAbs }) => profitAbs,
  maxAdverseExcursion: ({ maxAdverseExcursion }) => maxAdverseExcursion,
  maxFavorableExcursion: ({ maxFavorableExcursion }) => maxFavorableExcursion,
}

/** Closed positions as CSV, oldest first. */
export function tradesCsv(symbol: string, trades: readonly TradeRecord[]): string {
  const columns = Object.values(COLUMNS)
  const rows = trades.map((trade) => csvRow([symbol, ...columns.map((column) => column(trade))]))
  return [csvRow(['symbol', ...Object.keys(COLUMNS)]), ...rows].join('')
}
