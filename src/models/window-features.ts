import type { Candles } from '../engine/candles.ts'
import { localKernel } from '../engine/wasm.ts'
import type { Matrix } from './estimator.ts'
import type { FeatureSettings } from './features.ts'

/** One number about each window of a period. No parameter has a dot in its name, so no feature has the same name twice. */
export interface WindowFigure {
  name: string
  /** f64[windows] */
  values: Float64Array
  /** after how much it begins again, as the hours of a day; null: it does not */
  cycle: number | null
}

/** The windows that a period is cut into. */
export interface Windows {
  candles: Candles
  /** i32[windows + 1]: the first bar of each, and the one behind the last; none is empty */
  bounds: Int32Array
  /** length by the clock, counted from the epoch on */
  windowMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Windows before one whose volume it is compared with: a week of quarters of a day. */
const EARLIER = 28

/** Bars [from, to) of the candles. */
type OfBars = (candles: Candles, from: number, to: number) => number

const MARKET: Record<string, OfBars> = {
  'market.volatility': volatility,
  'market.trend_strength': trendStrength,
  'market.rising_volume': risingVolume,
}

/** Of the beginning of a window by the clock, ms since epoch, UTC. */
const CALENDAR: Record<string, { of: (start: number) => number; cycle: number }> = {
  'time.hour': { of: (start) => (start % DAY_MS) / HOUR_MS, cycle: 24 },
  'time.weekday': { of: (start) => ((Math.floor(start / DAY_MS) + 3) % 7) + 1, cycle: 7 }, // the epoch was a Thursday
  'time.month': { of: (start) => new Date(start).getUTCMonth() + 1, cycle: 12 },
}

/**
 * What the market did in each window, and when that was. It describes a window by its own candles: it says under
 * which conditions something happened, not how to foresee it.
 *
 * | name | what it is |
 * |---|---|
 * | `market.volatility` | realised volatility: root of the sum of the squared returns of the bars, a fraction |
 * | `market.trend_strength` | net change of the close over the way it went (Kaufman's efficiency ratio, signed), −1 … 1 |
 * | `market.rising_volume` | share of the volume in bars that close above their open, 0 … 1 |
 * | `market.relative_volume` | volume over the mean of up to 28 windows before; 1 for the first |
 * | `time.hour`, `time.weekday`, `time.month` | of the window's beginning, UTC: 0 … 24, 1 (Monday) … 7, 1 … 12 |
 */
export function windowFigures(
  windows: Windows,
  { market, temporal }: Pick<FeatureSettings, 'market' | 'temporal'>,
): WindowFigure[] {
  const { candles, bounds, windowMs } = windows
  const firsts = bounds.subarray(0, -1)
  const each = (of: (window: number) => number): Float64Array => Float64Array.from(firsts, (_, window) => of(window))
  const start = (window: number): number => Math.floor(candles.openTime[bounds[window]] / windowMs) * windowMs
  const ofMarket = Object.entries(MARKET).map(([name, of]): WindowFigure => {
    return { name, values: each((window) => of(candles, bounds[window], bounds[window + 1])), cycle: null }
  })
  const ofCalendar = Object.entries(CALENDAR).map(([name, { of, cycle }]): WindowFigure => {
    return { name, values: each((window) => of(start(window))), cycle }
  })
  const volume = each((window) => sum(candles.volume, bounds[window], bounds[window + 1]))
  const relative = { name: 'market.relative_volume', values: relativeVolume(volume), cycle: null }
  return [...(market ? [...ofMarket, relative] : []), ...(temporal ? ofCalendar : [])]
}

/** The figures as a model takes them, a row per window: what begins again as the sine and cosine of its place. */
export function windowFeatures(figures: readonly WindowFigure[]): { names: string[]; matrix: Matrix } {
  const { kernel } = localKernel()
  const columns = figures.flatMap(({ name, values, cycle }): [string, Float64Array][] => {
    if (cycle === null) return [[name, values]]
    const angles = values.map((value) => (2 * Math.PI * value) / cycle)
    return [
      [`${name}_sin`, angles.map((angle) => kernel.sin(angle))],
      [`${name}_cos`, angles.map((angle) => kernel.cos(angle))],
    ]
  })
  const rows = figures[0].values.length
  const values = new Float64Array(rows * columns.length)
  columns.forEach(([, own], column) => own.forEach((value, row) => (values[row * columns.length + column] = value)))
  return { names: columns.map(([name]) => name), matrix: { rows, columns: columns.length, values } }
}

function volatility(candles: Candles, from: number, to: number): number {
  let squares = 0
  let before = closeBefore(candles, from)
  for (let bar = from; bar < to; bar++) {
    squares += (candles.close[bar] / before - 1) ** 2
    before = candles.close[bar]
  }
  return Math.sqrt(squares)
}

function trendStrength(candles: Candles, from: number, to: number): number {
  const first = closeBefore(candles, from)
  let way = 0
  let before = first
  for (let bar = from; bar < to; bar++) {
    way += Math.abs(candles.close[bar] - before)
    before = candles.close[bar]
  }
  return way > 0 ? (before - first) / way : 0
}

/** A half where nothing was traded. */
function risingVolume({ open, close, volume }: Candles, from: number, to: number): number {
  let rising = 0
  for (let bar = from; bar < to; bar++) if (close[bar] > open[bar]) rising += volume[bar]
  const all = sum(volume, from, to)
  return all > 0 ? rising / all : 0.5
}

function relativeVolume(volume: Float64Array): Float64Array {
  return volume.map((own, window) => {
    const first = Math.max(0, window - EARLIER)
    const usual = sum(volume, first, window) / (window - first)
    return usual > 0 ? own / usual : 1
  })
}

/** The close before a bar; its own open, where there is none. */
function closeBefore({ close, open }: Candles, bar: number): number {
  return bar > 0 ? close[bar - 1] : open[bar]
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let at = from; at < to; at++) total += values[at]
  return total
}
