import { CANDLE_COLUMNS, type Candles } from '../engine/candles.ts'
import { ValidationError } from '../errors.ts'
import { alignDown, timeframeOf, TIMEFRAMES } from './timeframe.ts'

/**
 * Candles of a longer timeframe: first open, highest high, lowest low, last close, sum of volume. A group with a gap
 * inside is made of what is there; a last group that is not over yet is dropped.
 *
 * @param fromMs, toMs bar lengths; `toMs` is a multiple of `fromMs`
 * @throws ValidationError where it is not
 */
export function resample(candles: Candles, fromMs: number, toMs: number): Candles {
  if (fromMs === toMs) return candles
  requireMultiple(fromMs, toMs)
  const { openTime } = candles
  const starts: number[] = []
  for (let bar = 0, end = -Infinity; bar < openTime.length; bar++) {
    if (openTime[bar] < end) continue
    starts.push(bar)
    end = alignDown(openTime[bar], toMs) + toMs
  }
  if (starts.length > 0) {
    const complete = openTime.at(-1)! + fromMs === alignDown(openTime[starts.at(-1)!], toMs) + toMs
    starts.push(openTime.length)
    if (!complete) starts.pop()
  }
  const grouped = groupCandles(candles, starts)
  grouped.openTime.forEach((time, at) => (grouped.openTime[at] = alignDown(time, toMs)))
  return grouped
}

/**
 * At most `maxPoints` candles for a chart: equal numbers of neighbours become one, so no high and no low is lost.
 * Open times are those of the first candle of each group.
 */
export function downsample(candles: Candles, maxPoints: number): Candles {
  const n = candles.openTime.length
  if (n <= maxPoints) return candles
  const size = Math.ceil(n / maxPoints)
  const groups = Math.ceil(n / size)
  return groupCandles(
    candles,
    Array.from({ length: groups + 1 }, (_, group) => Math.min(n, group * size)),
  )
}

/** @param starts first bar of each group, and the bar after the last group */
function groupCandles(candles: Candles, starts: number[]): Candles {
  const groups = Math.max(0, starts.length - 1)
  const grouped = {} as Candles
  for (const column of CANDLE_COLUMNS) grouped[column] = new Float64Array(groups)
  for (let group = 0; group < groups; group++) fillGroup(candles, starts[group], starts[group + 1], grouped, group)
  return grouped
}

function fillGroup(candles: Candles, from: number, to: number, grouped: Candles, group: number): void {
  let high = -Infinity
  let low = Infinity
  let volume = 0
  for (let bar = from; bar < to; bar++) {
    high = Math.max(high, candles.high[bar])
    low = Math.min(low, candles.low[bar])
    volume += candles.volume[bar]
  }
  grouped.openTime[group] = candles.openTime[from]!
  grouped.open[group] = candles.open[from]!
  grouped.high[group] = high
  grouped.low[group] = low
  grouped.close[group] = candles.close[to - 1]!
  grouped.volume[group] = volume
}

/** @throws ValidationError where bars of `toMs` cannot be made from whole bars of `fromMs` */
export function requireMultiple(fromMs: number, toMs: number): void {
  if (toMs % fromMs === 0) return
  const possible = Object.entries(TIMEFRAMES).filter(([, ms]) => ms >= fromMs && ms % fromMs === 0)
  const [from, to] = [timeframeOf(fromMs) ?? `${fromMs} ms`, timeframeOf(toMs) ?? `${toMs} ms`]
  const names = possible.map(([name]) => name).join(' ')
  throw ValidationError.at('timeframe', `${to} candles cannot be made from ${from} candles. Possible: ${names}.`)
}
