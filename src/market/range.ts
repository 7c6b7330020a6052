import { type Candles, sliceCandles } from '../engine/candles.ts'
import { resample } from './resample.ts'
import { alignDown } from './timeframe.ts'

/** Bars that a question is about, and how many to have in front of them for indicators to warm up. */
export interface CandleRange {
  /** ms, inclusive */
  from: number
  /** ms, exclusive: bars that open before it */
  to: number
  timeframeMs: number
  warmupBars: number
}

/** What must be read of a market's own bars so that `cutRange` can answer. */
export function baseRange(range: CandleRange, baseMs: number): { from: number; to: number; before: number } {
  const { from, to, timeframeMs, warmupBars } = range
  const ratio = timeframeMs / baseMs
  // The last bar may close after `to`; in front one more bar, because the first may be cut in two.
  const end = Number.isFinite(to) ? alignDown(to - 1, timeframeMs) + timeframeMs : to
  return { from, to: end, before: (warmupBars + 1) * ratio }
}

/**
 * The bars of a range in its own timeframe, those for the warm-up in front.
 *
 * @param base        what `baseRange` asked for, and perhaps more at both ends
 * @param fromBegin   the first bar of `base` is the first one of the market, so it is not the rest of a longer one
 */
export function cutRange(base: Candles, fromBegin: boolean, baseMs: number, range: CandleRange): Candles {
  const { from, to, timeframeMs, warmupBars } = range
  const end = baseRange(range, baseMs).to
  const usable = sliceCandles(base, fromBegin ? 0 : firstWhole(base, timeframeMs), lowerBound(base.openTime, end))
  const bars = resample(usable, baseMs, timeframeMs)
  const first = Math.max(0, lowerBound(bars.openTime, from) - warmupBars)
  const last = lowerBound(bars.openTime, to)
  return sliceCandles(bars, Math.min(first, last), last)
}

/** The first bar that begins a bar of the longer timeframe, when nothing is known about what came before. */
function firstWhole({ openTime }: Candles, timeframeMs: number): number {
  let bar = 0
  while (bar < openTime.length && alignDown(openTime[bar], timeframeMs) === alignDown(openTime[0], timeframeMs)) bar++
  return openTime.length > 0 && alignDown(openTime[0], timeframeMs) === openTime[0] ? 0 : bar
}

/** First index whose time is at or after `time`. */
export function lowerBound(times: Float64Array, time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle] < time) low = middle + 1
    else high = middle
  }
  return low
}
