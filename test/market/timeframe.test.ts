import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import {
  alignDown,
  barsPerYear,
  isAligned,
  parseTimeframe,
  timeframeOf,
  TIMEFRAMES,
} from '../../src/market/timeframe.ts'
import { golden, isClose, withShared } from '../shared.ts'

describe('parseTimeframe', () => {
  test.each(Object.keys(TIMEFRAMES))('knows %s', (name) => {
    expect(parseTimeframe(name)).toBe(name)
    expect(timeframeOf(TIMEFRAMES[parseTimeframe(name)])).toBe(name)
  })

  test.each([
    ['60', '1h'],
    ['1H', '1h'],
    ['60m', '1h'],
    ['1min', '1m'],
    ['1 day', '1d'],
    ['7d', '1w'],
    ['5T', '5m'],
  ])('takes %s for a slip of %s', (text, meant) => {
    expect(() => parseTimeframe(text)).toThrow(`Use "${meant}"`)
  })

  test.each(['1M', '7m', '', 'hourly', '__proto__', 'constructor', '1e3m'])(
    'refuses %s and lists what there is',
    (text) => {
      expect(() => parseTimeframe(text)).toThrow(ValidationError)
      expect(() => parseTimeframe(text)).toThrow('Known timeframes: 1m 3m')
      expect(() => parseTimeframe(text)).not.toThrow('Use "')
    },
  )
})

test('weeks begin on Monday, days at midnight UTC', () => {
  const wednesday = Date.UTC(2024, 0, 3, 13, 30)
  expect(alignDown(wednesday, TIMEFRAMES['1w'])).toBe(Date.UTC(2024, 0, 1))
  expect(alignDown(wednesday, TIMEFRAMES['1d'])).toBe(Date.UTC(2024, 0, 3))
  expect(alignDown(wednesday, TIMEFRAMES['4h'])).toBe(Date.UTC(2024, 0, 3, 12))
})

withShared('the golden timeframes', () => {
  const { cases } = golden('candles.json')
  const named = (name: string) => cases.find((entry: { name: string }) => entry.name === name).cases

  test('are aligned where they should be', () => {
    for (const { timeframeMs, openTime, aligned } of named('alignment')) {
      expect(isAligned(openTime, timeframeMs)).toBe(aligned)
    }
  })

  test('have as many bars a year', () => {
    for (const { timeframe, barsPerYear: expected } of named('bars_per_year')) {
      expect(isClose(barsPerYear(TIMEFRAMES[parseTimeframe(timeframe)]), expected)).toBe(true)
    }
  })
})
