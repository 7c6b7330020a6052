import { describe, expect, test } from 'vitest'
import { sliceCandles } from '../../src/engine/candles.ts'
import {
  classifyRegimes,
  MARKET_REGIMES,
  NO_REGIME,
  REGIME_SETTINGS,
  regimeSpans,
  regimeWarmup,
} from '../../src/market/regimes.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { golden, isClose, withShared } from '../shared.ts'

const HOUR = 3_600_000
const market = syntheticCandles({ bars: 1500, edge: 1, seed: 4, timeframe: '1h', from: Date.UTC(2025, 0, 1) })

withShared('the golden regimes', () => {
  const { params, volPercentile, slopeAtr, rawLabel, label } = golden('regime.json')
  const { candles } = golden('indicators.json')
  const columns = {
    openTime: Float64Array.from(candles.time),
    open: Float64Array.from(candles.open),
    high: Float64Array.from(candles.high),
    low: Float64Array.from(candles.low),
    close: Float64Array.from(candles.close),
    volume: Float64Array.from(candles.volume),
  }
  const regimes = classifyRegimes(columns, HOUR, params)
  const name = (code: number): string | null => (code === NO_REGIME ? null : MARKET_REGIMES[code])

  test('have our volatility percentiles and slopes', () => {
    const differs = (mine: Float64Array, theirs: (number | null)[]): number[] =>
      [...theirs.keys()].filter((bar) => !isClose(mine[bar], theirs[bar]))
    expect(differs(regimes.volatilityPercentile, volPercentile)).toEqual([])
    expect(differs(regimes.slope, slopeAtr)).toEqual([])
  })

  test('have our labels, bar by bar', () => {
    expect(Array.from(regimes.raw, name)).toEqual(rawLabel)
    expect(Array.from(regimes.label, name)).toEqual(label)
  })
})

describe('a regime', () => {
  const whole = classifyRegimes(market, HOUR)

  test('is unchanged when all later bars are deleted', () => {
    for (const bars of [744, 800, 951, 1203, 1499]) {
      const { label, volatilityPercentile } = classifyRegimes(sliceCandles(market, 0, bars), HOUR)
      expect(label).toEqual(whole.label.slice(0, bars))
      expect(volatilityPercentile).toEqual(whole.volatilityPercentile.slice(0, bars))
    }
  })

  test('begins where the warm-up ends', () => {
    const first = whole.label.findIndex((code) => code !== NO_REGIME)
    expect(first).toBe(regimeWarmup(REGIME_SETTINGS))
    expect(first).toBe(743)
  })

  test('is RANGING in a market that does not move at all', () => {
    const still = { ...market, open: market.open.map(() => 5), close: market.open.map(() => 5) }
    const flat = { ...still, high: still.open, low: still.open }
    expect(new Set(classifyRegimes(flat, HOUR).label)).toEqual(new Set([NO_REGIME, MARKET_REGIMES.indexOf('RANGING')]))
  })

  test('does not exist in a market that is too short', () => {
    expect(new Set(classifyRegimes(sliceCandles(market, 0, 20), HOUR).label)).toEqual(new Set([NO_REGIME]))
  })
})

test('spans begin when a bar has closed, join equal labels and are cut to the period', () => {
  const openTime = Float64Array.of(0, 10, 20, 30, 40)
  const label = Int8Array.of(NO_REGIME, 2, 2, 0, 0)
  expect(regimeSpans(openTime, 10, label, -Infinity, 45)).toEqual([
    { regime: 'RANGING', from: 20, to: 40 },
    { regime: 'TRENDING_UP', from: 40, to: 45 },
  ])
  expect(regimeSpans(openTime, 10, label, 25, 33)).toEqual([{ regime: 'RANGING', from: 25, to: 33 }])
})
