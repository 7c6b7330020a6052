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

/** Columns for so many candles. */
export function emptyCandles(bars: number): Candles {
  const candles = {} as Candles
  for (const column of CANDLE_COLUMNS) candles[column] = new Float64Array(bars)
  return candles
}

/** Copies chunks into columns one by one, beginning with the one in which bar `start` of the market is. */
export class CandleUnpacker {
  readonly #into: Candles
  #skip: number
  #at = 0

  /** @param into as many candles as are wanted; what chunks hold before and behind them is left out */
  constructor(into: Candles, start: number) {
    this.#into = into
    this.#skip = start % CHUNK_BARS
  }

  add(chunk: Pick<CandleChunk, 'count' | 'columns'>): void {
    const count = Math.min(chunk.count - this.#skip, this.#into.openTime.length - this.#at)
    CANDLE_COLUMNS.forEach((column, at) => {
      const { buffer, byteOffset } = this.#into[column].subarray(this.#at)
      // Byte by byte: what a driver hands out need not lie on a multiple of eight.
      const from = (at * chunk.count + this.#skip) * 8
      new Uint8Array(buffer, byteOffset, count * 8).set(chunk.columns.subarray(from, from + count * 8))
    })
    this.#at += count
    this.#skip = 0
  }
}

/** Open times of a chunk, from its first column. */
export function openTimesOf(column: Uint8Array): Float64Array {
  const times = new Float64Array(column.length / 8)
  new Uint8Array(times.buffer).set(column)
  return times
}
