/** A tuning job warns above this share of missing candles, and refuses above the other. */
export const WARNED_SHARE = 0.01
export const REFUSED_SHARE = 0.05

interface Market {
  candleCount: number
  quality: { missingCandles: number }
}

/** Missing candles as a share of those that a market without gaps would have. */
export function missingShare({ candleCount, quality: { missingCandles } }: Market): number {
  const expected = candleCount + missingCandles
  return expected === 0 ? 0 : missingCandles / expected
}
