import { describe, expect, test } from 'vitest'
import { type Candles, sliceCandles } from '../../src/engine/candles.ts'
import { baseRange, type CandleRange, cutRange, lowerBound } from '../../src/market/range.ts'
import { resample } from '../../src/market/resample.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { HOUR, START } from './files.ts'

const FIVE = 300_000
const hours = syntheticCandles({ seed: 1, bars: 24 * 40, timeframe: '1h', from: START - 5 * HOUR, edge: 0 })

/** As a store would answer: only what `baseRange` asks for. */
function load(candles: Candles, baseMs: number, range: CandleRange): Candles {
  const { from, to, before } = baseRange(range, baseMs)
  const first = Math.max(0, lowerBound(candles.openTime, from) - before)
  return cutRange(sliceCandles(candles, first, lowerBound(candles.openTime, to)), first === 0, baseMs, range)
}

describe('cutRange', () => {
  const range = { from: START + 100 * HOUR, to: START + 120 * HOUR, timeframeMs: HOUR, warmupBars: 28 }

  test('gives the bars of the period and those before it', () => {
    const { openTime } = load(hours, HOUR, range)
    expect(openTime[0]).toBe(START + 72 * HOUR)
    expect(openTime[28]).toBe(range.from)
    expect(openTime.at(-1)).toBe(range.to - HOUR)
  })

  test('has a shorter warm-up where the market begins', () => {
    const { openTime } = load(hours, HOUR, { ...range, from: START })
    expect(openTime[0]).toBe(START - 5 * HOUR)
  })

  test('counts the warm-up in bars that are there, not in hours', () => {
    const gappy = { ...hours }
    const kept = [...hours.openTime.keys()].filter((bar) => bar % 3 !== 0)
    for (const column of Object.keys(hours) as (keyof Candles)[]) {
      gappy[column] = Float64Array.from(kept, (bar) => hours[column][bar])
    }
    const { openTime } = load(gappy, HOUR, range)
    expect(lowerBound(openTime, range.from)).toBe(28)
  })

  test.each([4 * HOUR, 24 * HOUR, 168 * HOUR])('bars of %i ms are those of the whole market', (timeframeMs) => {
    const whole = resample(hours, HOUR, timeframeMs)
    for (const from of [START + 300 * HOUR, START + 301 * HOUR + 1]) {
      for (const to of [START + 600 * HOUR, START + 599 * HOUR + 7]) {
        const { openTime, close, volume } = load(hours, HOUR, { from, to, timeframeMs, warmupBars: 1 })
        const [first, last] = [lowerBound(whole.openTime, from) - 1, lowerBound(whole.openTime, to)]
        expect(openTime).toEqual(whole.openTime.slice(first, last))
        expect(close).toEqual(whole.close.slice(first, last))
        expect(volume).toEqual(whole.volume.slice(first, last))
      }
    }
  })

  test('gives everything for an open range', () => {
    const open = { from: -Infinity, to: Infinity, timeframeMs: HOUR, warmupBars: 100 }
    expect(load(hours, HOUR, open)).toEqual(hours)
    expect(load(hours, HOUR, { ...open, timeframeMs: 4 * HOUR })).toEqual(resample(hours, HOUR, 4 * HOUR))
  })

  test('is empty outside the market and for an empty period', () => {
    const none = (from: number, to: number) => load(hours, HOUR, { ...range, from, to, warmupBars: 0 }).openTime.length
    expect(none(0, START - 10 * HOUR)).toBe(0)
    expect(none(START + 1e10, START + 2e10)).toBe(0)
    expect(none(START, START)).toBe(0)
    expect(load(hours, FIVE * 12, { ...range, to: range.from }).openTime).toHaveLength(28)
  })
})
