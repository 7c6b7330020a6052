import { describe, expect, test } from 'vitest'
import { findCandleProblem } from '../../src/market/candles.ts'
import { isAligned } from '../../src/market/timeframe.ts'
import { golden, withShared } from '../shared.ts'
import { HOUR } from './files.ts'

describe('findCandleProblem', () => {
  test('accepts a candle, also a flat one without volume', () => {
    expect(findCandleProblem(100, 102, 99, 101, 5)).toBeNull()
    expect(findCandleProblem(100, 100, 100, 100, 0)).toBeNull()
    expect(findCandleProblem(1e-12, 2e-12, 1e-12, 1e-12, 1e15)).toBeNull()
  })

  test.each([
    ['high below low', [100, 98, 99, 100, 1], 'high', 'INVALID_CANDLE'],
    ['high below close', [100, 101, 99, 102, 1], 'high', 'INVALID_CANDLE'],
    ['high below open', [103, 102, 99, 101, 1], 'high', 'INVALID_CANDLE'],
    ['low above open', [100, 104, 101, 103, 1], 'low', 'INVALID_CANDLE'],
    ['low above close', [102, 104, 101, 100, 1], 'low', 'INVALID_CANDLE'],
    ['a price of 0', [0, 1, 0, 1, 1], 'open', 'INVALID_CANDLE'],
    ['a negative price', [1, 1, -1, 1, 1], 'low', 'INVALID_CANDLE'],
    ['negative volume', [100, 102, 99, 101, -1], 'volume', 'INVALID_CANDLE'],
    ['a price of -0', [100, 102, -0, 101, 1], 'low', 'INVALID_NUMBER'],
    ['NaN', [100, NaN, 99, 101, 1], 'high', 'INVALID_NUMBER'],
    ['Infinity', [100, Infinity, 99, 101, 1], 'high', 'INVALID_NUMBER'],
    ['a volume that overflows', [100, 102, 99, 101, 1e308], 'volume', 'INVALID_NUMBER'],
    ['a price that vanishes', [5e-324, 1, 5e-324, 1, 1], 'open', 'INVALID_NUMBER'],
  ] as const)('names the column of %s', (_, candle, column, code) => {
    const [open, high, low, close, volume] = candle
    expect(findCandleProblem(open, high, low, close, volume)).toMatchObject({ column, code })
  })
})

withShared('the golden candles', () => {
  test('are good or not as they should be', () => {
    const { cases } = golden('candles.json').cases.find(({ name }: { name: string }) => name === 'validate_1h')
    for (const { candle, valid } of cases) {
      const [time, open, high, low, close, volume] = candle
      expect(isAligned(time, HOUR) && findCandleProblem(open, high, low, close, volume) === null).toBe(valid)
    }
  })
})
