import type { Candles } from '../engine/candles.ts'
import type { Window } from '../engine/execution.ts'

/** Half-open: from ≤ open time < to; ms since epoch. */
export interface Period {
  from: number
  to: number
}

export function periodOf({ from, to }: { from: Date; to: Date }): Period {
  return { from: from.getTime(), to: to.getTime() }
}

/** The bars of a period, and the first of them whose signals count. */
export function windowOf(openTime: Float64Array, period: Period, warmupBars: number): Window {
  const start = firstAtOrAfter(openTime, period.from)
  return { start, end: firstAtOrAfter(openTime, period.to), firstSignal: Math.max(start, warmupBars) }
}

/** @returns index of the first value ≥ time; the length where there is none */
export function firstAtOrAfter(openTime: Float64Array, time: number): number {
  let low = 0
  let high = openTime.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (openTime[middle] < time) low = middle + 1
    else high = middle
  }
  return low
}

/** 2025-05-20 00:00, for people. */
export function showTime(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}

/** From the first bar to the end of the last one, for people. */
export function showSpan(candles: Candles, timeframeMs: number): string {
  const { openTime } = candles
  return `${showTime(openTime[0])} to ${showTime(openTime[openTime.length - 1] + timeframeMs)} UTC`
}
