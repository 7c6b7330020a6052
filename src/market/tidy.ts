import { CANDLE_COLUMNS, type Candles, sliceCandles } from '../engine/candles.ts'
import { differingColumn } from './candles.ts'
import type { Problems } from './problems.ts'
import { isAligned, type Timeframe, timeframeOf, TIMEFRAMES } from './timeframe.ts'

/** Candles that are ready to be stored, and what was done to them on the way. */
export interface TidyCandles {
  candles: Candles
  /** rows that said the same as an earlier one */
  duplicates: number
  /** sentences for the person who imports */
  warnings: string[]
}

/**
 * Make the rows of a file into a market: every open time on the grid of the timeframe, oldest first, each once,
 * none unfinished.
 *
 * @param raw   each row a good candle, in the order of the file; sorted in place
 * @param now   ms; a candle that closes later is still changing and is dropped
 * @param rowOf index in `raw` → row of the file, for messages
 * @throws ValidationError through `problems`: other timeframe, not aligned, two different candles of one time, nothing left
 */
export function tidyCandles(
  raw: Candles,
  options: { timeframe: Timeframe; now: number; rowOf: (index: number) => number; problems: Problems },
): TidyCandles {
  const { timeframe, now, problems } = options
  const timeframeMs = TIMEFRAMES[timeframe]
  const warnings: string[] = []
  const rows = raw.openTime.length
  requireAligned(raw.openTime, timeframe, options)

  const order = sortCandles(raw, timeframeMs)
  if (order) warnings.push('The rows were not in order of time and have been sorted.')
  const rowOf = (at: number): number => options.rowOf(order ? order[at] : at)
  const unique = dropDuplicates(raw, rowOf, problems)
  const duplicates = rows - unique.openTime.length
  if (duplicates > 0) warnings.push(`${duplicates} rows repeated an earlier one and were left out.`)
  requireSpacing(unique.openTime, timeframe, problems)

  const finished = finishedCount(unique.openTime, timeframeMs, now)
  const unfinished = unique.openTime.length - finished
  if (finished === 0) {
    const message = unfinished ? 'holds no candle that is finished.' : 'holds no candles.'
    problems.fail('NOT_ENOUGH_DATA', null, null, `${message} At least one is needed.`)
  }
  if (unfinished > 0) warnings.push(`${unfinished} candles at the end were not finished yet and were left out.`)
  return { candles: sliceCandles(unique, 0, finished), duplicates, warnings }
}

/** How many of the sorted candles have closed by `now`. */
function finishedCount(openTime: Float64Array, timeframeMs: number, now: number): number {
  let count = openTime.length
  while (count > 0 && openTime[count - 1] + timeframeMs > now) count--
  return count
}

function requireAligned(
  openTime: Float64Array,
  timeframe: Timeframe,
  { rowOf, problems }: { rowOf: (index: number) => number; problems: Problems },
): void {
  const timeframeMs = TIMEFRAMES[timeframe]
  for (let at = 0; at < openTime.length; at++) {
    const time = openTime[at]
    if (isAligned(time, timeframeMs)) continue
    refuseOtherSpacing(openTime, timeframe, problems)
    const remedy =
      timeframe === '1w'
        ? 'Weeks begin on Monday 00:00 UTC.'
        : `A ${timeframe} candle opens at a multiple of it, in UTC.`
    const message = `${new Date(time).toISOString()} is not the start of a ${timeframe} candle. ${remedy} Correct the time or state another timeframe.`
    problems.add('INVALID_TIMESTAMP', rowOf(at), 'openTime', message)
  }
  problems.throwIfAny()
}

/** Rows that all lie on the grid but never next to each other belong to a longer timeframe. */
function requireSpacing(openTime: Float64Array, timeframe: Timeframe, problems: Problems): void {
  const step = TIMEFRAMES[timeframe]
  if (openTime.length < 3) return
  for (let at = 1; at < openTime.length; at++) if (openTime[at] - openTime[at - 1] === step) return
  refuseOtherSpacing(openTime, timeframe, problems)
}

/** Refuse a file whose rows are, in their majority, another timeframe apart than the stated one. */
function refuseOtherSpacing(openTime: Float64Array, timeframe: Timeframe, problems: Problems): void {
  const counts = new Map<number, number>()
  for (let at = 1; at < openTime.length; at++) {
    const spacing = timeframeOf(Math.abs(openTime[at] - openTime[at - 1]))
    if (spacing) counts.set(TIMEFRAMES[spacing], (counts.get(TIMEFRAMES[spacing]) ?? 0) + 1)
  }
  const [spacing, count] = [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0])
  if (spacing === TIMEFRAMES[timeframe] || count < 2 || count * 2 < openTime.length - 1) return
  const actual = timeframeOf(spacing)!
  const message = `holds ${actual} candles, not ${timeframe}: its rows are ${actual} apart. Import it with timeframe "${actual}".`
  problems.fail('INVALID_TIMESTAMP', null, null, message)
}

/** Sort in place by time, rows of one time in the order of the file. @returns that order; null where they stood so */
function sortCandles(candles: Candles, timeframeMs: number): Uint32Array | null {
  const n = candles.openTime.length
  if (isSorted(candles.openTime)) return null
  const order = orderByTime(candles.openTime, timeframeMs)
  const sorted = new Float64Array(n)
  for (const column of CANDLE_COLUMNS) {
    const values = candles[column]
    for (let at = 0; at < n; at++) sorted[at] = values[order[at]]
    values.set(sorted)
  }
  return order
}

/** One number holds time and row (below 2^53 for 20 M minutes of a century), so numbers are sorted, not objects. */
function orderByTime(openTime: Float64Array, timeframeMs: number): Uint32Array {
  const n = openTime.length
  const first = openTime.reduce((least, time) => Math.min(least, time), Infinity)
  const keys = openTime.map((time, at) => ((time - first) / timeframeMs) * n + at).sort()
  const order = new Uint32Array(n)
  for (let at = 0; at < n; at++) order[at] = keys[at] % n
  return order
}

function isSorted(values: Float64Array): boolean {
  for (let at = 1; at < values.length; at++) if (values[at] < values[at - 1]) return false
  return true
}

/** Keep the first of equal rows; two different candles of one time are refused. Works in place, oldest first. */
function dropDuplicates(candles: Candles, rowOf: (at: number) => number, problems: Problems): Candles {
  const { openTime } = candles
  let kept = 0
  let keptRow = 0
  for (let at = 0; at < openTime.length; at++) {
    if (kept > 0 && openTime[at] === openTime[kept - 1]) {
      const column = differingColumn(candles, at, candles, kept - 1)
      const values = column && `${candles[column][at]} against ${candles[column][kept - 1]}`
      if (column)
        problems.add('DUPLICATE_TIMESTAMP', rowOf(at), column, conflict(openTime[at], keptRow, column, values!))
      continue
    }
    if (kept !== at) for (const column of CANDLE_COLUMNS) candles[column][kept] = candles[column][at]!
    keptRow = rowOf(at)
    kept++
  }
  problems.throwIfAny()
  return sliceCandles(candles, 0, kept)
}

function conflict(time: number, row: number, column: string, values: string): string {
  const start = `${new Date(time).toISOString()} stands in row ${row} too`
  return `${start}, with another ${column}: ${values}. Delete one of the two rows.`
}
