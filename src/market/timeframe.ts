import { ValidationError } from '../errors.ts'

/** The bar lengths a market can have, by their name on exchanges, in ms. */
export const TIMEFRAMES = {
  '1m': 60_000,
  '3m': 180_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '8h': 28_800_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
  '1w': 604_800_000,
} as const

export type Timeframe = keyof typeof TIMEFRAMES

/** 365 days: crypto trades every day. */
export const YEAR_MS = 31_536_000_000

/** Monday 1970-01-05 00:00 UTC, ms. The epoch was a Thursday, weeks begin on Monday. */
const FIRST_MONDAY = 345_600_000

/**
 * The timeframe of that name.
 *
 * @param path where the text stands in the input, for the error
 * @throws ValidationError with the known names, and the one that was probably meant
 */
export function parseTimeframe(text: string, path = 'timeframe'): Timeframe {
  if (Object.hasOwn(TIMEFRAMES, text)) return text as Timeframe
  const meant = guess(text)
  const known = `Known timeframes: ${Object.keys(TIMEFRAMES).join(' ')}.`
  throw ValidationError.at(
    path,
    `"${text.slice(0, 40)}" is not a timeframe. ${meant ? `Use "${meant}". ` : ''}${known}`,
  )
}

/** @returns the name of a bar length, null where no timeframe is that long */
export function timeframeOf(ms: number): Timeframe | null {
  for (const [name, length] of Object.entries(TIMEFRAMES)) if (length === ms) return name as Timeframe
  return null
}

/** The last bar start at or before `time`; both in ms. Days begin at 00:00 UTC, weeks on Monday. */
export function alignDown(time: number, timeframeMs: number): number {
  const origin = timeframeMs === TIMEFRAMES['1w'] ? FIRST_MONDAY : 0
  return Math.floor((time - origin) / timeframeMs) * timeframeMs + origin
}

export function isAligned(openTime: number, timeframeMs: number): boolean {
  return alignDown(openTime, timeframeMs) === openTime
}

/** Bars in 365 days: 8760 of 1h. */
export function barsPerYear(timeframeMs: number): number {
  return YEAR_MS / timeframeMs
}

const UNIT_MS: Record<string, number> = {
  '': 60_000, // Kraken writes 60 for an hour
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  t: 60_000, // pandas
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
}

/** What other tools mean by "60", "1H", "60min" or "1 day". A capital M is a month, which we do not have. */
function guess(text: string): Timeframe | null {
  const match = /^(\d{1,6})\s*([a-z]*)$/i.exec(text.trim())
  if (!match || match[2] === 'M') return null
  const unit = UNIT_MS[match[2].toLowerCase()]
  return unit === undefined ? null : timeframeOf(Number(match[1]) * unit)
}
