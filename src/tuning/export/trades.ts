import type { TradeRecord } from '../../engine/execution.ts'
import type { Cell, Column, Rows } from './columns.ts'

/** The columns of a trade; the words are those of `BacktestTrade` in the API. */
const COLUMNS: Record<string, [kind: Column['kind'], cell: (trade: TradeRecord) => Cell]> = {
  side: ['TEXT', ({ side }) => side],
  entryTime: ['TIME', ({ entryTime }) => entryTime],
  entryPrice: ['NUMBER', ({ entryPrice }) => entryPrice],
  exitTime: ['TIME', ({ exitTime }) => exitTime],
  exitPrice: ['NUMBER', ({ exitPrice }) => exitPrice],
  exitReason: ['TEXT', ({ exitReason }) => exitReason],
  leverage: ['NUMBER', ({ leverage }) => leverage],
  quantity: ['NUMBER', ({ quantity }) => quantity],
  margin: ['NUMBER', ({ margin }) => margin],
  equityAtEntry: ['NUMBER', ({ equityAtEntry }) => equityAtEntry],
  fees: ['NUMBER', ({ fees }) => fees],
  funding: ['NUMBER', ({ funding }) => funding],
  profitRatio: ['NUMBER', ({ profitRatio }) => profitRatio],
  profitAbs: ['NUMBER', ({ profitAbs }) => profitAbs],
  maxAdverseExcursion: ['NUMBER', ({ maxAdverseExcursion }) => maxAdverseExcursion],
  maxFavorableExcursion: ['NUMBER', ({ maxFavorableExcursion }) => maxFavorableExcursion],
}

/** Closed positions, oldest first. */
export function tradesTable(symbol: string, trades: readonly TradeRecord[]): Rows {
  const columns = Object.entries(COLUMNS)
  return {
    columns: [{ name: 'symbol', kind: 'TEXT' }, ...columns.map(([name, [kind]]) => ({ name, kind }))],
    rows: trades.map((trade) => [symbol, ...columns.map(([, [, cell]]) => cell(trade))]),
  }
}
