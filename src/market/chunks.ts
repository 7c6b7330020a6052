import { CANDLE_COLUMNS, type Candles, sliceCandles } from '../engine/candles.ts'

/** Bars a chunk: 384 kB, of which a day of updates rewrites one and a year of minutes reads 65. */
export const CHUNK_BARS = 8_192

/** A run of candles as it is stored: the six columns one after the other, float64 little-endian. */
export interface CandleChunk {
  sequence: number
  firstOpenTime: number
  lastOpenTime: number
  count: number
  columns: Uint8Array
}

/** @param fromBar first bar to pack, a multiple of CHUNK_BARS; earlier chunks stay as they are */
export function* packCandles(candles: Candles, fromBar = 0): Generator<CandleChunk> {
  const bars = candles.openTime.length
  for (let from = fromBar; from < bars; from += CHUNK_BARS) {
    const part = sliceCandles(candles, from, Math.min(bars, from + CHUNK_BARS))
    const count = part.openTime.length
    const packed = new Float64Array(count * CANDLE_COLUMNS.length)
    CANDLE_COLUMNS.forEach((column, at) => packed.set(part[column], at * count))
    yield {
      sequence: from / CHUNK_BARS,
      firstOpenTime: part.openTime[0],
      lastOpenTime: part.openTime[count - 1],
      count,
      columns: new Uint8Array(packed.buffer),
    }
  }
}

/** Columns into which chunks are copied one by one. */
export class CandleUnpacker {
  readonly candles: Candles
  #at = 0

  constructor(bars: number) {
    const candles = {} as Candles
    for (const column of CANDLE_COLUMNS) candles[column] = new Float64Array(bars)
    this.candles = candles
  }

  add(chunk: Pick<CandleChunk, 'count' | 'columns'>): void {
    const bytes = chunk.count * 8
    CANDLE_COLUMNS.forEach((column, at) => {
      const target = this.candles[column].subarray(this.#at, this.#at + chunk.count)
      // Byte by byte: what a driver hands out need not lie on a multiple of eight.
      const source = chunk.columns.subarray(at * bytes, (at + 1) * bytes)
      new Uint8Array(target.buffer, target.byteOffset, bytes).set(source)
    })
    this.#at += chunk.count
  }
}
