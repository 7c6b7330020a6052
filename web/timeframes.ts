const MINUTE = 60_000

/** The bar lengths that a market can have, in ms, as the API names them. */
export const TIMEFRAMES: Record<string, number> = {
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': 60 * MINUTE,
  '2h': 120 * MINUTE,
  '4h': 240 * MINUTE,
  '6h': 360 * MINUTE,
  '8h': 480 * MINUTE,
  '12h': 720 * MINUTE,
  '1d': 1440 * MINUTE,
  '1w': 10_080 * MINUTE,
}

/** A market's own timeframe and the coarser ones that can be made of it. */
export function timeframesFrom(own: string): string[] {
  return Object.keys(TIMEFRAMES).filter((name) => TIMEFRAMES[name] % (TIMEFRAMES[own] ?? 1) === 0)
}
