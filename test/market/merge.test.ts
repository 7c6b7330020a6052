import { describe, expect, test } from 'vitest'
import { CANDLE_COLUMNS, type Candles, sliceCandles } from '../../src/engine/candles.ts'
import { Random } from '../../src/engine/random.ts'
import { contentHash, mergeCandles } from '../../src/market/merge.ts'
import { Problems } from '../../src/market/problems.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { START } from './files.ts'

const all = syntheticCandles({ seed: 1, bars: 300, timeframe: '1h', from: START, edge: 0 })
const merge = (stored: Candles, incoming: Candles) => mergeCandles(stored, incoming, new Problems())

function pick(bars: number[]): Candles {
  const candles = {} as Candles
  for (const column of CANDLE_COLUMNS) candles[column] = Float64Array.from(bars, (bar) => all[column][bar])
  return candles
}

describe('mergeCandles', () => {
  test('appends', () => {
    const merged = merge(sliceCandles(all, 0, 200), sliceCandles(all, 200, 300))
    expect(merged).toEqual({ candles: all, added: 100, duplicates: 0, firstChanged: 200 })
  })

  test('adds in front', () => {
    expect(merge(sliceCandles(all, 100, 300), sliceCandles(all, 0, 150))).toEqual({
      candles: all,
      added: 100,
      duplicates: 50,
      firstChanged: 0,
    })
  })

  test('leaves a market alone that has it all', () => {
    expect(merge(all, sliceCandles(all, 20, 30))).toMatchObject({ added: 0, duplicates: 10, firstChanged: 300 })
  })

  test('gives the same candles in whatever pieces and order they come', () => {
    const random = new Random(9)
    for (let round = 0; round < 20; round++) {
      const bars = Array.from({ length: 300 }, (_, bar) => bar)
      const half = bars.filter(() => random.float() < 0.5)
      const rest = bars.filter((bar) => !half.includes(bar) || random.float() < 0.1)
      const merged = merge(pick(half), pick(rest))
      expect(contentHash(merged.candles)).toBe(contentHash(all))
      expect(merged.added + half.length).toBe(300)
      expect(merged.duplicates).toBe(half.length + rest.length - 300)
    }
  })

  test('refuses another candle of a stored time, and names it', () => {
    const other = pick([5, 6])
    other.volume[1]++
    expect(() => merge(all, other)).toThrow(
      'content.volume: 2024-01-01T06:00:00.000Z is stored already with another volume',
    )
  })
})
