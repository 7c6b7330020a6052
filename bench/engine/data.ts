/** The candles that the bench runs on. */
import { existsSync } from 'node:fs'
import { type Candles, sliceCandles } from '../../src/engine/candles.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { readCandles, shared } from '../../test/shared.ts'

export const MINUTE = 60_000

/** Half a year of minutes. */
export const HALF_YEAR = 259_200

/** Minutes of six months, without the few in which nobody traded. */
const REAL = 'bitfinex-BTCUSD-1m-2018H1.csv.gz'

export interface BenchData {
  name: string
  candles: Candles
}

/** A market made as the one on which the goals were set: GARCH(1,1), four regimes, fat tails, prices in cents. */
export function madeData(): BenchData {
  return { name: 'synthetic, seed 1', candles: synthetic(HALF_YEAR, 1) }
}

/** Candles of a real market; null where the shared folder is absent. */
export function realData(): BenchData | null {
  if (!existsSync(`${shared}data/${REAL}`)) return null
  return { name: `${REAL.slice(0, -7)} (real)`, candles: readCandles(REAL, HALF_YEAR) }
}

export function synthetic(bars: number, seed: number): Candles {
  return syntheticCandles({ seed, bars, timeframe: '1m', from: Date.UTC(2019, 0, 1), edge: 0 })
}

export function firstBars({ name, candles }: BenchData, bars: number): BenchData {
  return { name, candles: sliceCandles(candles, 0, bars) }
}
