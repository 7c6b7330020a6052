/** The candles that the bench runs on: real ones where the shared folder is there, made ones elsewhere. */
import { existsSync } from 'node:fs'
import { type Candles, sliceCandles } from '../../src/engine/candles.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { readCandles, shared } from '../../test/shared.ts'

export const MINUTE = 60_000

/** Minutes of six months, without the few in which nobody traded. */
const REAL = 'bitfinex-BTCUSD-1m-2018H1.csv.gz'

export interface BenchData {
  name: string
  candles: Candles
}

/** @param bars at most 259,200 @param made not the real ones, even where they are there */
export function benchData(bars: number, made: boolean): BenchData {
  if (!made && existsSync(`${shared}data/${REAL}`)) {
    return { name: `${REAL.slice(0, -7)} (real)`, candles: readCandles(REAL, bars) }
  }
  return { name: 'synthetic, seed 1', candles: synthetic(bars, 1) }
}

export function synthetic(bars: number, seed: number): Candles {
  return syntheticCandles({ seed, bars, timeframe: '1m', from: Date.UTC(2019, 0, 1), edge: 0 })
}

export function firstBars({ name, candles }: BenchData, bars: number): BenchData {
  return { name, candles: sliceCandles(candles, 0, bars) }
}
