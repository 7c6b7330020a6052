/** How orders are filled and what they cost. Rates are fractions; per-sample leverage of a strategy wins over `leverage`. */
export interface ExecutionSettings {
  /** quote currency, > 0 */
  initialCapital: number
  /** per side, of the traded value; entries, signal exits, stops, end of data */
  feeRate: number
  /** the same for take-profit exits, which rest in the book as limit orders */
  makerFeeRate: number
  /** of the price, against us; entries, signal exits, stops, end of data */
  slippage: number
  /** notional over margin, ≥ 1 */
  leverage: number
  /** share of the equity put into each position, 0 < f ≤ 1 */
  positionFraction: number
  /** of the position's value, paid by longs at every funding stamp; 0 for spot */
  fundingRate: number
  /** ms between funding stamps, counted from the epoch: 8 h gives 00, 08 and 16 UTC */
  fundingIntervalMs: number
  maintenanceMarginRate: number
  /** share of the equity lost when the stop is hit, which then limits the margin; 0 = off */
  riskPerTrade: number
}

export const DEFAULT_EXECUTION: Readonly<ExecutionSettings> = Object.freeze({
  initialCapital: 10_000,
  feeRate: 0.001,
  makerFeeRate: 0.001,
  slippage: 0,
  leverage: 1,
  positionFraction: 1,
  fundingRate: 0,
  fundingIntervalMs: 28_800_000,
  maintenanceMarginRate: 0.005,
  riskPerTrade: 0,
})

/** The bars of a data set that a backtest is about; earlier bars only warm the indicators up. */
export interface Window {
  /** first bar of the evaluation */
  start: number
  /** the bar after the last one */
  end: number
  /** first bar whose signals count: start, or later where the data begins too late for the warm-up */
  firstSignal: number
}

export const EXIT_REASONS = [
  'EXIT_SIGNAL',
  'STOP_LOSS',
  'TAKE_PROFIT',
  'TRAILING_STOP',
  'LIQUIDATION',
  'END_OF_DATA',
] as const
export type ExitReason = (typeof EXIT_REASONS)[number]

/** One closed position. Bars are indices into the data set; money in quote currency. */
export interface TradeRecord {
  side: 'LONG' | 'SHORT'
  entryBar: number
  exitBar: number
  exitReason: ExitReason
  /** ms since epoch: an open time for a fill at the open, a close time for an exit inside a bar or at the end of data */
  entryTime: number
  exitTime: number
  entryPrice: number
  exitPrice: number
  leverage: number
  /** base units */
  quantity: number
  margin: number
  equityAtEntry: number
  fees: number
  /** paid, negative where received */
  funding: number
  profitAbs: number
  /** profitAbs over equityAtEntry */
  profitRatio: number
  /** fractions of the entry price, ≥ 0 */
  maxAdverseExcursion: number
  maxFavorableExcursion: number
}
