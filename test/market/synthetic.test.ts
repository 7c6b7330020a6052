import { describe, expect, test } from 'vitest'
import { findCandleProblem } from '../../src/market/candles.ts'
import { contentHash } from '../../src/market/merge.ts'
import { dataQuality } from '../../src/market/quality.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { type Timeframe, TIMEFRAMES } from '../../src/market/timeframe.ts'
import { START } from './files.ts'
import { simulate } from './simulate.ts'

const market = (seed: number, edge: number, timeframe: Timeframe = '5m', bars = 40_000) =>
  syntheticCandles({ seed, bars, timeframe, from: START, edge })

const RULES = {
  rsiOversold: 30,
  rsiOverbought: 70,
  adxMin: 20,
  volumeMultiplier: 1.5,
  stopLoss: 0.03,
  takeProfit: 0.06,
}

/** Mean net return of a trade over several markets, and how many there were. */
function meanTrade(edge: number, feeRate: number, timeframe: Timeframe = '5m', markets = 6) {
  const returns = Array.from(
    { length: markets },
    (_, seed) => simulate(market(seed + 1, edge, timeframe), { ...RULES, feeRate }).returns,
  )
  const all = returns.flat()
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  const error = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / all.length
  return { mean, error, trades: all.length }
}

describe('a synthetic market', () => {
  test('consists of good candles without gaps', () => {
    const candles = market(1, 0.5)
    for (let bar = 0; bar < candles.close.length; bar++) {
      const { open, high, low, close, volume } = candles
      expect(findCandleProblem(open[bar], high[bar], low[bar], close[bar], volume[bar])).toBeNull()
    }
    expect(dataQuality(candles.openTime, candles.volume, TIMEFRAMES['5m']).score).toBeGreaterThan(99)
  })

  test('is the same for the same seed and another for another', () => {
    expect(contentHash(market(7, 0.5))).toBe(contentHash(market(7, 0.5)))
    expect(contentHash(market(7, 0.5))).not.toBe(contentHash(market(8, 0.5)))
  })

  test('has the same bits on every machine', () => {
    expect(contentHash(market(1, 0.5, '1m', 10_000)).slice(0, 16)).toBe('c01febb8c2307bb5')
  })

  test('begins alike, however long it is', () => {
    expect(market(3, 1, '1h', 500).close).toEqual(market(3, 1, '1h', 1000).close.subarray(0, 500))
  })

  test('moves as a coin does: fat tails, clusters of volatility, volume that comes with movement', () => {
    const { close, volume } = market(2, 0, '1h')
    const moves = Float64Array.from({ length: close.length - 1 }, (_, bar) => Math.log(close[bar + 1] / close[bar]))
    const sizes = moves.map(Math.abs)
    const yearly = Math.sqrt((moves.reduce((sum, move) => sum + move * move, 0) / moves.length) * 8760)
    expect(yearly).toBeGreaterThan(0.45)
    expect(yearly).toBeLessThan(0.9)
    expect(kurtosis(moves)).toBeGreaterThan(5)
    expect(correlation(sizes.subarray(1), sizes.subarray(0, -1))).toBeGreaterThan(0.1)
    expect(correlation(sizes, volume.subarray(1))).toBeGreaterThan(0.3)
    expect(Math.abs(correlation(moves.subarray(1), moves.subarray(0, -1)))).toBeLessThan(0.03)
  })

  test('is a martingale without an edge: the mean price of many ends where it began', () => {
    const ends = Array.from({ length: 400 }, (_, seed) => market(seed, 0, '1h', 720).close.at(-1)! / 40_000)
    const mean = ends.reduce((sum, end) => sum + end, 0) / ends.length
    const spread = Math.sqrt(ends.reduce((sum, end) => sum + (end - mean) ** 2, 0)) / ends.length
    expect(Math.abs(mean - 1)).toBeLessThan(3 * spread)
  })
})

describe('the planted edge', () => {
  test('at 0: a trade loses its fees and nothing else', () => {
    const { mean, error, trades } = meanTrade(0, 0.001)
    expect(trades).toBeGreaterThan(500)
    expect(Math.abs(mean + 0.002)).toBeLessThan(3 * error)
    expect(Math.abs(meanTrade(0, 0).mean)).toBeLessThan(3 * error)
  })

  test.each(['5m', '15m', '1h'] as const)('at 1: every trade of %s earns clearly, after fees', (timeframe) => {
    const { mean, error } = meanTrade(1, 0.001, timeframe)
    expect(mean).toBeGreaterThan(0.004)
    expect(mean).toBeGreaterThan(5 * error)
  })

  test('is found on each single market: without it money is lost, with it money is made', () => {
    for (let seed = 1; seed <= 4; seed++) {
      expect(simulate(market(seed, 0), { ...RULES, feeRate: 0.001 }).roi).toBeLessThan(0)
      expect(simulate(market(seed, 1), { ...RULES, feeRate: 0.001 }).roi).toBeGreaterThan(1)
    }
  })

  test('does not make the market climb', () => {
    const ends = Array.from({ length: 20 }, (_, seed) => market(seed, 1).close.at(-1)! / market(seed, 0).close.at(-1)!)
    const mean = ends.reduce((sum, end) => sum + Math.log(end), 0) / ends.length
    expect(Math.abs(mean)).toBeLessThan(0.4)
  })
})

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function kurtosis(values: Float64Array): number {
  return mean(values.map((value) => value ** 4)) / mean(values.map((value) => value ** 2)) ** 2
}

function covariance(a: Float64Array, b: Float64Array): number {
  return mean(a.map((value, at) => value * b[at])) - mean(a) * mean(b)
}

function correlation(a: Float64Array, b: Float64Array): number {
  return covariance(a, b) / Math.sqrt(covariance(a, a) * covariance(b, b))
}
