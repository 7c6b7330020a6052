/** Bars as columns, oldest first; every array has the same length. Prices in quote currency, volume in base units. */
export interface Candles {
  /** ms since epoch, UTC, the start of the bar */
  openTime: Float64Array
  open: Float64Array
  high: Float64Array
  low: Float64Array
  close: Float64Array
  volume: Float64Array
}

export const CANDLE_COLUMNS = ['openTime', 'open', 'high', 'low', 'close', 'volume'] as const

/** Bars from (inclusive) to (exclusive), as views, not copies. */
export function sliceCandles(candles: Candles, from: number, to: number): Candles {
  const part = {} as Candles
  for (const column of CANDLE_COLUMNS) part[column] = candles[column].subarray(from, to)
  return part
}
