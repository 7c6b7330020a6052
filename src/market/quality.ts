import { alignDown } from './timeframe.ts'

/** A run of candles that should be there and are not. */
export interface Gap {
  /** open time of the first missing candle, ms */
  from: number
  /** open time of the next candle that is there, ms */
  to: number
  missing: number
}

export interface DataQuality {
  /** 0 … 100 */
  score: number
  /** candles that a market without gaps would have from the first to the last one */
  expectedCandles: number
  missingCandles: number
  zeroVolumeCandles: number
  /** in order of time */
  gaps: Gap[]
}

/**
 * How complete a market is. Gaps are reported, never filled: bars are rows, as on the charts of an exchange.
 *
 * score = 100 · clamp(1 − 10 · missing/expected − zeroVolume/rows, 0, 1), our own measure: a tenth missing is worthless.
 *
 * @param openTime f64[n], ms, strictly increasing, aligned
 * @param volume   f64[n]
 */
export function dataQuality(openTime: Float64Array, volume: Float64Array, timeframeMs: number): DataQuality {
  const rows = openTime.length
  if (rows === 0) return { score: 0, expectedCandles: 0, missingCandles: 0, zeroVolumeCandles: 0, gaps: [] }
  const gaps = findGaps(openTime, timeframeMs)
  const expectedCandles = Math.round((openTime[rows - 1] - openTime[0]) / timeframeMs) + 1
  const missingCandles = expectedCandles - rows
  let zeroVolumeCandles = 0
  for (let bar = 0; bar < rows; bar++) if (volume[bar] === 0) zeroVolumeCandles++
  const share = 1 - (10 * missingCandles) / expectedCandles - zeroVolumeCandles / rows
  return { score: 100 * Math.min(1, Math.max(0, share)), expectedCandles, missingCandles, zeroVolumeCandles, gaps }
}

function findGaps(openTime: Float64Array, timeframeMs: number): Gap[] {
  const gaps: Gap[] = []
  for (let bar = 1; bar < openTime.length; bar++) {
    const from = openTime[bar - 1] + timeframeMs
    const to = openTime[bar]
    if (to > from) gaps.push({ from, to, missing: Math.round((to - from) / timeframeMs) })
  }
  return gaps
}

/** The longest gaps, in order of time. */
export function longestGaps(gaps: readonly Gap[], count: number): Gap[] {
  if (gaps.length <= count) return [...gaps]
  return gaps
    .toSorted((a, b) => b.missing - a.missing)
    .slice(0, count)
    .sort((a, b) => a.from - b.from)
}

/** More missing than this and the candles still serve, with a warning. */
const WARN_ABOVE = 0.01
/** More missing than this and indicators that count rows no longer mean what they say. */
const REFUSE_ABOVE = 0.05

export interface QualityGate {
  /** REFUSE: not without the caller's explicit wish */
  verdict: 'PASS' | 'WARN' | 'REFUSE'
  /** what is missing and what to do; null when nothing is to be said */
  reason: string | null
}

/** Whether candles are complete enough to learn from. */
export function qualityGate(quality: Pick<DataQuality, 'expectedCandles' | 'missingCandles'>): QualityGate {
  const { expectedCandles, missingCandles } = quality
  const share = expectedCandles === 0 ? 1 : missingCandles / expectedCandles
  if (share <= WARN_ABOVE) return { verdict: 'PASS', reason: null }
  const percent = (100 * share).toFixed(1)
  const missing = `${missingCandles} of ${expectedCandles} candles are missing (${percent} %).`
  if (share <= REFUSE_ABOVE) return { verdict: 'WARN', reason: `${missing} Import the gaps for better results.` }
  const limit = `At most ${100 * REFUSE_ABOVE} % may be missing.`
  return { verdict: 'REFUSE', reason: `${missing} ${limit} Import the gaps, choose another period or allow gaps.` }
}

/**
 * Quality of a period that was asked for: candles missing at its ends count too.
 *
 * @param from, to ms, half-open
 */
export function periodQuality(
  openTime: Float64Array,
  timeframeMs: number,
  from: number,
  to: number,
): { expectedCandles: number; missingCandles: number } {
  const first = alignDown(from + timeframeMs - 1, timeframeMs)
  const last = alignDown(to - 1, timeframeMs)
  const expectedCandles = Math.max(0, Math.round((last - first) / timeframeMs) + 1)
  return { expectedCandles, missingCandles: Math.max(0, expectedCandles - openTime.length) }
}
