import { describe, expect, test } from 'vitest'
import { CANDLE_COLUMNS, type Candles } from '../../src/engine/candles.ts'
import { ValidationError } from '../../src/errors.ts'
import { downsample, resample } from '../../src/market/resample.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { TIMEFRAMES } from '../../src/market/timeframe.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { HOUR, START } from './files.ts'

function columns(rows: number[][]): Candles {
  const candles = {} as Candles
  CANDLE_COLUMNS.forEach((column, at) => (candles[column] = Float64Array.from(rows, (row) => row[at])))
  return candles
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)

const hourly = (bars: number, from = START) => syntheticCandles({ seed: 3, bars, timeframe: '1h', from, edge: 0 })

describe('resample', () => {
  test('gives the same candles for the same timeframe', () => {
    const candles = hourly(10)
    expect(resample(candles, HOUR, HOUR)).toEqual(candles)
  })

  test('names a day by its midnight even where its first hours are missing', () => {
    const candles = resample(hourly(40, START + 8 * HOUR), HOUR, TIMEFRAMES['1d'])
    expect([...candles.openTime]).toEqual([START, START + 24 * HOUR])
  })

  test('makes weeks that begin on Monday', () => {
    const candles = resample(hourly(24 * 14 + 5, START - 24 * HOUR), HOUR, TIMEFRAMES['1w'])
    expect([...candles.openTime]).toEqual([START - 168 * HOUR, START])
  })

  test('in two steps gives what one step gives', () => {
    const candles = hourly(500)
    const direct = resample(candles, HOUR, TIMEFRAMES['12h'])
    const twice = resample(resample(candles, HOUR, TIMEFRAMES['4h']), TIMEFRAMES['4h'], TIMEFRAMES['12h'])
    expect(twice.openTime).toEqual(direct.openTime)
    expect(twice.high).toEqual(direct.high)
    expect(twice.close).toEqual(direct.close)
  })

  test('has nothing to give for nothing, or for less than one whole bar', () => {
    expect(resample(hourly(0), HOUR, TIMEFRAMES['4h']).openTime).toHaveLength(0)
    expect(resample(hourly(3), HOUR, TIMEFRAMES['4h']).openTime).toHaveLength(0)
  })

  test('refuses a timeframe that is no multiple, and names those that are', () => {
    const candles = hourly(10)
    expect(() => resample(candles, TIMEFRAMES['8h'], TIMEFRAMES['12h'])).toThrow(ValidationError)
    expect(() => resample(candles, TIMEFRAMES['8h'], TIMEFRAMES['12h'])).toThrow('Possible: 8h 1d 1w')
    expect(() => resample(candles, HOUR, 60_000)).toThrow('1m candles cannot be made from 1h candles')
  })
})

describe('downsample', () => {
  test('leaves few candles alone', () => {
    const candles = hourly(100)
    expect(downsample(candles, 100)).toBe(candles)
  })

  test.each([1, 2, 7, 99])('draws 100 candles as at most %i and loses no extreme and no volume', (points) => {
    const candles = hourly(100)
    const drawn = downsample(candles, points)
    expect(drawn.openTime.length).toBeLessThanOrEqual(points)
    expect(Math.max(...drawn.high)).toBe(Math.max(...candles.high))
    expect(Math.min(...drawn.low)).toBe(Math.min(...candles.low))
    expect(drawn.open[0]).toBe(candles.open[0])
    expect(drawn.close.at(-1)).toBe(candles.close.at(-1))
    expect(sum(drawn.volume)).toBeCloseTo(sum(candles.volume), 6)
  })
})

withShared('the golden resampling', () => {
  test.each(['resample', 'resample_drops_incomplete_last'])('%s', (name) => {
    const entry = golden('candles.json').cases.find((one: { name: string }) => one.name === name)
    const candles = resample(columns(entry.input), entry.fromMs, entry.toMs)
    expect(candles.openTime).toHaveLength(entry.expected.length)
    entry.expected.forEach((row: number[], bar: number) => {
      CANDLE_COLUMNS.slice(0, -1).forEach((column, at) => expect(isClose(candles[column][bar], row[at])).toBe(true))
      // The file's inputs were rounded to cents after its sums had been made: 547.07 stands for 547.06.
      expect(Math.abs(candles.volume[bar] - row[5])).toBeLessThan(0.02)
    })
  })
})
