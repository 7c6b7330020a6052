import { CliFailure, usageFailure } from './failure.ts'

const HOUR = 3_600_000

/** Units of a relative period, ms; a month is 30 days. */
const UNITS: Record<string, number> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR }

/** "2 weeks": a number, a unit, with or without the s. */
const SPAN = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*$/i

/** A period of a run: half-open, ISO 8601. */
export interface IsoPeriod {
  from: string
  to: string
}

/**
 * The length of a span such as "2 weeks" in ms.
 *
 * @param name of the field, for the error
 */
export function parseSpan(text: unknown, name: string): number {
  const [, count, unit] = (typeof text === 'string' && SPAN.exec(text)) || []
  const length = unit === undefined ? undefined : UNITS[unit.toLowerCase()]
  const ms = Number(count) * (length ?? NaN)
  if (ms > 0 && Number.isFinite(ms)) return ms
  throw usageFailure(
    `${name}: ${JSON.stringify(text)} is not a span. Write a number and hours, days, weeks or months: "2 weeks".`,
  )
}

/** The last `spanMs` before `end`. @throws CliFailure the market begins later than that */
export function lastSpan(name: string, spanMs: number, end: number, marketFrom: number): IsoPeriod {
  const from = end - spanMs
  if (from < marketFrom) {
    const there = Math.max(0, end - marketFrom)
    throw new CliFailure(
      `${name}: ${inDays(spanMs)} before ${iso(end)} are asked for, and the market has ${inDays(there)} (from ${iso(marketFrom)}). Ask for less, or import more candles.`,
    )
  }
  return { from: iso(from), to: iso(end) }
}

function inDays(ms: number): string {
  return `${Number((ms / UNITS.day).toFixed(1))} days`
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
