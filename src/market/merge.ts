import { createHash } from 'node:crypto'
import { CANDLE_COLUMNS, type Candles } from '../engine/candles.ts'
import { differingColumn } from './candles.ts'
import type { Problems } from './problems.ts'

export interface MergedCandles {
  candles: Candles
  /** candles that were not there before */
  added: number
  /** candles that were there already, equal in every column */
  duplicates: number
  /** first bar that differs from what was stored */
  firstChanged: number
}

/**
 * Add new candles to stored ones; both are in order of time, each time once.
 *
 * @throws ValidationError through `problems`: a stored candle of the same time says something else
 */
export function mergeCandles(stored: Candles, incoming: Candles, problems: Problems): MergedCandles {
  const [old, fresh] = [stored.openTime, incoming.openTime]
  if (old.length === 0) return { candles: incoming, added: fresh.length, duplicates: 0, firstChanged: 0 }
  const duplicates = countShared(stored, incoming, problems)
  const bars = old.length + fresh.length - duplicates
  const candles = {} as Candles
  for (const column of CANDLE_COLUMNS) candles[column] = new Float64Array(bars)
  let firstChanged = bars
  for (let bar = 0, a = 0, b = 0; bar < bars; bar++) {
    const keep = b === fresh.length || (a < old.length && old[a] <= fresh[b])
    if (!keep) firstChanged = Math.min(firstChanged, bar)
    const [source, at] = keep ? [stored, a] : [incoming, b]
    for (const column of CANDLE_COLUMNS) candles[column][bar] = source[column][at]
    if (keep && old[a] === fresh[b]) b++
    if (keep) a++
    else b++
  }
  return { candles, added: bars - old.length, duplicates, firstChanged }
}

/** Candles that both have; every one must be equal. */
function countShared(stored: Candles, incoming: Candles, problems: Problems): number {
  let shared = 0
  for (let a = 0, b = 0; a < stored.openTime.length && b < incoming.openTime.length;) {
    const distance = stored.openTime[a] - incoming.openTime[b]
    if (distance === 0) {
      const column = differingColumn(stored, a, incoming, b)
      if (column) {
        const time = new Date(stored.openTime[a]).toISOString()
        const values = `${incoming[column][b]} in the import, ${stored[column][a]} stored`
        problems.add(
          'DUPLICATE_TIMESTAMP',
          null,
          column,
          `${time} is stored already with another ${column}: ${values}. ${REMEDY}`,
        )
      }
      shared++
    }
    if (distance <= 0) a++
    if (distance >= 0) b++
  }
  problems.throwIfAny()
  return shared
}

const REMEDY = 'Leave the candle out, or import the file under another exchange name to keep both.'

/** SHA-256 over all columns, as hex: equal candles, equal hash. */
export function contentHash(candles: Candles): string {
  const hash = createHash('sha256')
  for (const column of CANDLE_COLUMNS) {
    const values = candles[column]
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}
