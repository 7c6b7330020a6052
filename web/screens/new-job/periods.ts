import { TIMEFRAMES } from '../../timeframes.ts'

/** Texts of two date-time inputs, UTC: 2025-03-01T00:00. */
export interface PeriodDraft {
  from: string
  to: string
}

export interface Periods {
  training: PeriodDraft
  test: PeriodDraft
}

interface Market {
  timeframe: string
  from: string | null
  to: string | null
}

const DAY = 86_400_000
/** The share of a stretch that is learned from; the rest tests. */
const TRAINING_SHARE = 0.8
/** Below this length days are too coarse to split at. */
const SPLIT_AT_MIDNIGHT_FROM = 10 * DAY

/**
 * Training and test for the last `ms` of a market's candles: 80 % and 20 %, split at a midnight where there are
 * enough of them.
 *
 * @param ms all candles where not given
 */
export function suggestPeriods({ from, to, timeframe }: Market, ms = Infinity): Periods {
  const end = to === null ? 0 : Date.parse(to)
  const start = Math.max(from === null ? 0 : Date.parse(from), end - ms)
  const grain = end - start >= SPLIT_AT_MIDNIGHT_FROM ? DAY : (TIMEFRAMES[timeframe] ?? 60_000)
  const split = Math.round((start + TRAINING_SHARE * (end - start)) / grain) * grain
  return {
    training: { from: toText(start), to: toText(split) },
    test: { from: toText(split), to: toText(end) },
  }
}

/** Stretches to begin with, as far as the market reaches. */
export function stretches({ from, to }: Market): [label: string, ms: number][] {
  const span = from && to ? Date.parse(to) - Date.parse(from) : 0
  const shorter: [string, number][] = [
    ['Last year', 365 * DAY],
    ['Last 90 days', 90 * DAY],
    ['Last 30 days', 30 * DAY],
    ['Last 7 days', 7 * DAY],
  ]
  return [['All candles', Infinity], ...shorter.filter(([, ms]) => ms < span)]
}

/** An instant as a date-time input shows it, in UTC. */
export function toText(instant: number | string): string {
  return new Date(instant).toISOString().slice(0, 16)
}

/** The other way; a day alone is its midnight. @returns null where the text is no instant */
export function toInstant(text: string): string | null {
  const [, day, minute = '00:00'] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}))?/.exec(text) ?? []
  const time = Date.parse(`${day}T${minute}:00Z`)
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}
