import { expect, test } from 'vitest'
import { CANDLE_COLUMNS, sliceCandles } from '../../src/engine/candles.ts'
import { CandleUnpacker, CHUNK_BARS, emptyCandles, packCandles } from '../../src/market/chunks.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { START } from './files.ts'

const bars = 2 * CHUNK_BARS + 7
const candles = syntheticCandles({ seed: 1, bars, timeframe: '1m', from: START, edge: 0 })

test('chunks hold all candles, each chunk a few hundred kB', () => {
  const chunks = [...packCandles(candles)]
  expect(chunks.map(({ sequence, count }) => [sequence, count])).toEqual([
    [0, CHUNK_BARS],
    [1, CHUNK_BARS],
    [2, 7],
  ])
  expect(chunks[0].columns.length).toBe(CHUNK_BARS * 8 * CANDLE_COLUMNS.length)
  expect(chunks[1].firstOpenTime).toBe(candles.openTime[CHUNK_BARS])
  expect(chunks[2].lastOpenTime).toBe(candles.openTime.at(-1))
})

test('unpacked chunks are the same candles, wherever the bytes lie in memory', () => {
  const unpacked = emptyCandles(bars)
  const unpacker = new CandleUnpacker(unpacked, 0)
  for (const { count, columns } of packCandles(candles)) {
    const moved = new Uint8Array(columns.length + 3)
    moved.set(columns, 3)
    unpacker.add({ count, columns: moved.subarray(3) })
  }
  expect(unpacked).toEqual(candles)
})

test('unpacking begins and ends in the middle of a chunk', () => {
  const [from, to] = [CHUNK_BARS + 1000, bars - 2]
  const unpacked = emptyCandles(to - from)
  const unpacker = new CandleUnpacker(unpacked, from)
  for (const chunk of packCandles(candles, CHUNK_BARS)) unpacker.add(chunk)
  expect(unpacked.close).toEqual(sliceCandles(candles, from, to).close)
  expect(unpacked.openTime).toEqual(sliceCandles(candles, from, to).openTime)
})

test('packing from a later bar gives the later chunks only', () => {
  expect([...packCandles(candles, CHUNK_BARS)]).toEqual([...packCandles(candles)].slice(1))
})
