import type { Domain } from './scale.ts'

/** A place on an axis and what stands there. */
export interface Tick {
  at: number
  label: string
}

/** Round numbers inside the domain, about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function numberTicks([low, high]: Domain, count: number, format: (value: number) => string): Tick[] {
  if (!(high > low)) return [{ at: low, label: format(low) }]
  const step = roundStep((high - low) / Math.max(1, count))
  const ticks: Tick[] = []
  for (let at = Math.ceil(low / step); at <= Math.floor(high / step); at++) {
    const value = Number((at * step).toPrecision(12))
    ticks.push({ at: value, label: format(value) })
  }
  return withoutZeros(ticks)
}

const ZEROS = /\.0+(?=\D|$)/

/** 10.0 %, 20.0 % are 10 %, 20 % on an axis; but 1.5 % stands beside 2.0 %. */
function withoutZeros(ticks: Tick[]): Tick[] {
  if (!ticks.every(({ label }) => ZEROS.test(label))) return ticks
  return ticks.map(({ at, label }) => ({ at, label: label.replace(ZEROS, '') }))
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const digit = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9))
  return (digit ?? 10) * power
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const STEPS = [1, 5, 15, 30]
  .map((minutes) => minutes * MINUTE)
  .concat(
    [1, 3, 6, 12].map((hours) => hours * HOUR),
    [1, 2, 7, 14].map((days) => days * DAY),
  )
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120]
const MONTH = 30.44 * DAY
const NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Round times in UTC inside the domain (ms), at most about `count`: full hours, midnights, firsts of months. */
export function timeTicks(domain: Domain, count: number): Tick[] {
  const rough = (domain[1] - domain[0]) / Math.max(1, count)
  const step = STEPS.find((candidate) => candidate >= rough)
  return step === undefined ? monthTicks(domain, rough) : evenTicks(domain, step)
}

/** Days are counted from the epoch, so that the ticks stay where they are while one moves along. */
function evenTicks([low, high]: Domain, step: number): Tick[] {
  const ticks: Tick[] = []
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) ticks.push({ at, label: timeLabel(at) })
  return ticks
}

function timeLabel(at: number): string {
  const date = new Date(at)
  if (at % DAY !== 0) return date.toISOString().slice(11, 16)
  return `${date.getUTCDate()} ${NAMES[date.getUTCMonth()]}`
}

function monthTicks([low, high]: Domain, rough: number): Tick[] {
  const step = MONTHS.find((candidate) => candidate * MONTH >= rough * 0.95) ?? MONTHS.at(-1)!
  const first = new Date(low)
  const ticks: Tick[] = []
  for (let month = first.getUTCFullYear() * 12; ; month++) {
    if (month % step !== 0) continue
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1)
    if (at > high) return ticks
    if (at >= low) ticks.push({ at, label: monthLabel(month) })
  }
}

function monthLabel(month: number): string {
  return month % 12 === 0 ? String(month / 12) : NAMES[month % 12]
}
