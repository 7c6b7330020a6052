import type { Candles } from '../engine/candles.ts'
import { Arena, engineModule, instantiate } from '../engine/wasm.ts'
import { barsPerYear } from './timeframe.ts'

/** What a market is doing. The place in the list is the code in columns. */
export const MARKET_REGIMES = ['TRENDING_UP', 'TRENDING_DOWN', 'RANGING', 'HIGH_VOLATILITY', 'LOW_VOLATILITY'] as const
export type MarketRegime = (typeof MARKET_REGIMES)[number]

/** Where the indicators have not warmed up. */
export const NO_REGIME = -1

const [UP, DOWN, RANGING, VOLATILE, QUIET] = MARKET_REGIMES.keys()

export interface RegimeSettings {
  adxPeriod: number
  /** a trend from this ADX on: Wilder's convention */
  adxTrend: number
  emaPeriod: number
  /** bars over which the slope of the average is taken */
  slopeLag: number
  /** in average true ranges a bar */
  slopeThreshold: number
  /** bars of one realised volatility */
  volBars: number
  /** bars that a volatility is ranked among, itself included */
  volWindow: number
  highVolPct: number
  lowVolPct: number
  /** equal raw labels in a row before a new one takes effect */
  confirmBars: number
}

export const REGIME_SETTINGS: RegimeSettings = {
  adxPeriod: 14,
  adxTrend: 25,
  emaPeriod: 50,
  slopeLag: 10,
  slopeThreshold: 0.05,
  volBars: 24,
  volWindow: 720,
  highVolPct: 0.9,
  lowVolPct: 0.1,
  confirmBars: 3,
}

/** Bars in front of the first one whose regime is known. */
export function regimeWarmup({ adxPeriod, emaPeriod, slopeLag, volBars, volWindow }: RegimeSettings): number {
  return Math.max(2 * adxPeriod - 1, emaPeriod - 1 + slopeLag, volBars + volWindow - 1)
}

/** One entry per bar; undefined numbers are NaN, undefined labels NO_REGIME. */
export interface Regimes {
  /** 0…1: rank of the realised volatility among its last `volWindow` values */
  volatilityPercentile: Float64Array
  /** change of the average a bar, in average true ranges */
  slope: Float64Array
  /** what the bar itself says */
  raw: Int8Array
  /** what holds at the bar's close: a raw label that has lasted */
  label: Int8Array
}

/**
 * The regime at the close of each bar, from this and earlier bars alone.
 *
 * First match: volatility percentile ≥ 0.9 is HIGH_VOLATILITY; ADX ≥ 25 with a slope ≥ 0.05 and +DI > −DI is
 * TRENDING_UP, the reverse TRENDING_DOWN; percentile ≤ 0.1 is LOW_VOLATILITY; else RANGING. A new label takes effect
 * after three equal raw labels in a row, the first one at once.
 *
 * O(bars), about 0.3 µs a bar.
 */
export function classifyRegimes(candles: Candles, timeframeMs: number, settings = REGIME_SETTINGS): Regimes {
  const columns = indicatorColumns(candles, timeframeMs, settings)
  const n = candles.openTime.length
  const raw = new Int8Array(n).fill(NO_REGIME)
  for (let bar = regimeWarmup(settings); bar < n; bar++) raw[bar] = rawLabel(columns, bar, settings)
  const { volatilityPercentile, slope } = columns
  return { volatilityPercentile, slope, raw, label: confirmed(raw, settings.confirmBars) }
}

interface Columns {
  adx: Float64Array
  plusDi: Float64Array
  minusDi: Float64Array
  slope: Float64Array
  volatilityPercentile: Float64Array
}

function indicatorColumns(candles: Candles, timeframeMs: number, settings: RegimeSettings): Columns {
  const n = candles.openTime.length
  const arena = new Arena(12 * 8 * (n + 8))
  const kernel = instantiate(engineModule(), arena.memory)
  const [high, low, close] = [candles.high, candles.low, candles.close].map((column) => arena.putFloat64(column))
  const scratch = arena.alloc(16 * n)
  /** A column of which the first values do not exist yet. */
  const compute = (first: number, fill: (out: number) => void): Float64Array => {
    const out = arena.alloc(8 * n)
    if (n > first) fill(out)
    return arena.float64(out, n).slice().fill(NaN, 0, Math.min(n, first))
  }
  const { adxPeriod, emaPeriod, slopeLag, volBars, volWindow } = settings
  const average = compute(emaPeriod - 1, (out) => kernel.ema(close, n, emaPeriod, out))
  const trueRange = compute(adxPeriod, (out) => kernel.atr(high, low, close, n, adxPeriod, out))
  const volatility = compute(volBars, (out) =>
    kernel.realisedVolatility(close, n, volBars, barsPerYear(timeframeMs), scratch, out),
  )
  return {
    plusDi: compute(adxPeriod, (out) => kernel.directional(high, low, close, n, adxPeriod, out, 0, 0)),
    minusDi: compute(adxPeriod, (out) => kernel.directional(high, low, close, n, adxPeriod, 0, out, 0)),
    adx: compute(2 * adxPeriod - 1, (out) => kernel.directional(high, low, close, n, adxPeriod, 0, 0, out)),
    slope: average.map((value, bar) => {
      const change = value - (average[bar - slopeLag] ?? NaN)
      return trueRange[bar] > 0 ? change / (slopeLag * trueRange[bar]) : change - change // a market at rest has no slope
    }),
    volatilityPercentile: rollingRank(volatility, volBars, volWindow),
  }
}

function rawLabel(columns: Columns, bar: number, settings: RegimeSettings): number {
  const percentile = columns.volatilityPercentile[bar]
  const slope = columns.slope[bar]
  const lead = columns.plusDi[bar] - columns.minusDi[bar]
  const trending = columns.adx[bar] >= settings.adxTrend
  if (percentile >= settings.highVolPct) return VOLATILE
  if (trending && slope >= settings.slopeThreshold && lead > 0) return UP
  if (trending && slope <= -settings.slopeThreshold && lead < 0) return DOWN
  if (percentile <= settings.lowVolPct) return QUIET
  return RANGING
}

/** Of a label that changes only when the new one has been said so many times in a row. */
function confirmed(raw: Int8Array, bars: number): Int8Array {
  const label = new Int8Array(raw.length).fill(NO_REGIME)
  let current = NO_REGIME
  let run = 0
  for (let bar = 0; bar < raw.length; bar++) {
    if (raw[bar] === NO_REGIME) continue
    run = bar > 0 && raw[bar] === raw[bar - 1] ? run + 1 : 1
    if (current === NO_REGIME || run >= bars) current = raw[bar]
    label[bar] = current
  }
  return label
}

/**
 * Mid-rank of each value among the last `window` ones, as a share of them: (less + equal / 2) / window. The window is
 * kept sorted, so a bar costs a search and a shift.
 *
 * @param first index of the first value that exists
 */
function rollingRank(values: Float64Array, first: number, window: number): Float64Array {
  const ranks = new Float64Array(values.length).fill(NaN)
  const sorted = new Float64Array(window)
  let size = 0
  for (let at = first; at < values.length; at++) {
    if (size === window) {
      const gone = countBelow(sorted, size, values[at - window], false)
      sorted.copyWithin(gone, gone + 1, size--)
    }
    const less = countBelow(sorted, size, values[at], false)
    sorted.copyWithin(less + 1, less, size++)
    sorted[less] = values[at]
    if (size < window) continue
    const notMore = countBelow(sorted, size, values[at], true)
    ranks[at] = (less + (notMore - less) / 2) / window
  }
  return ranks
}

/** How many of the sorted values are below a value, or not above it. */
function countBelow(sorted: Float64Array, size: number, value: number, orEqual: boolean): number {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < value || (orEqual && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}

/** What a thread is asked, and answers: see `regimesOf`. */
export function classifyTask(task: { candles: Candles; timeframeMs: number }): Regimes {
  return classifyRegimes(task.candles, task.timeframeMs)
}

export interface RegimeSpan {
  regime: MarketRegime
  /** ms: from the first moment at which it was known to the moment at which another one was */
  from: number
  to: number
}

/**
 * Runs of equal labels. A label is known when its bar has closed, so a span begins at the close of its first bar.
 *
 * @param from, to ms; spans are cut to this half-open period
 */
export function regimeSpans(
  openTime: Float64Array,
  timeframeMs: number,
  label: Int8Array,
  from: number,
  to: number,
): RegimeSpan[] {
  const spans: RegimeSpan[] = []
  for (let bar = 0; bar < label.length; bar++) {
    if (label[bar] === NO_REGIME) continue
    const start = Math.max(from, openTime[bar] + timeframeMs)
    const end = Math.min(to, bar + 1 < label.length ? openTime[bar + 1] + timeframeMs : Infinity)
    const last = spans.at(-1)
    const regime = MARKET_REGIMES[label[bar]]
    if (last?.regime === regime && last.to >= start) last.to = Math.max(last.to, end)
    else if (start < end) spans.push({ regime, from: start, to: end })
  }
  return spans
}
