/** 1990-01-01 and 2100-01-01, ms: between them the units of time cannot be confused. */
const EARLIEST = 631_152_000_000
const LATEST = 4_102_444_800_000

/** How numbers may count time since the epoch, and ms in one of them. */
const UNITS = [
  { name: 'seconds', perMs: 0.001 },
  { name: 'milliseconds', perMs: 1 },
  { name: 'microseconds', perMs: 1_000 },
  { name: 'nanoseconds', perMs: 1_000_000 },
]

const FORMS = 'Write seconds, milliseconds or microseconds since 1970, or UTC text as 2024-01-31T12:00:00Z.'

/**
 * Reads the times of one file. The first time decides whether the file writes text or numbers, and in which unit
 * (by their size); after that every other form is refused, because a file that mixes them was glued together wrongly.
 */
export class FileClock {
  #form: string | null = null
  #perMs = 1
  #low = Infinity
  #high = -Infinity

  /** @returns ms since the epoch, NaN where the number is no time of this file: `problem` says why */
  number(value: number): number {
    if (value >= this.#low && value < this.#high) return value / this.#perMs
    if (this.#form !== null) return Number.NaN
    const unit = UNITS.find(({ perMs }) => value >= EARLIEST * perMs && value < LATEST * perMs)
    if (!unit) return Number.NaN
    this.#form = unit.name
    this.#perMs = unit.perMs
    this.#low = EARLIEST * unit.perMs
    this.#high = LATEST * unit.perMs
    return value / unit.perMs
  }

  /** @returns ms since the epoch, NaN where the text is no time of this file: `problem` says why */
  text(text: string): number {
    const time = parseUtc(text)
    if (Number.isNaN(time) || (this.#form !== null && this.#form !== 'text')) return Number.NaN
    this.#form = 'text'
    return time
  }

  /** Why the last time was refused, and what to do. */
  problem(value: string): string {
    const known = UNITS.some(({ perMs }) => Number(value) >= EARLIEST * perMs && Number(value) < LATEST * perMs)
    if (this.#form !== null && (known || !Number.isNaN(parseUtc(value)))) {
      return `mixes units of time: earlier rows have ${this.#form}, this one is ${value}. Use one form in the whole file.`
    }
    return `${JSON.stringify(value)} is not a time between 1990 and 2100. ${FORMS}`
  }
}

const UTC_TEXT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.](\d{1,9}))?)?)?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?$/

/**
 * ISO 8601, strictly: 2024-01-31, 2024-01-31 12:00, 2024-01-31T12:00:00.000Z, with +02:00 and the like as offset.
 * Text without an offset is UTC. JavaScript's own parser would read 2024-02-30 as 1 March.
 *
 * @returns ms since the epoch, fractions of a ms kept; NaN where the text is no such time between 1990 and 2100
 */
export function parseUtc(text: string): number {
  const match = UTC_TEXT.exec(text)
  if (!match) return Number.NaN
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0))
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN
  const fraction = match[7] ? Number(match[7].padEnd(9, '0')) / 1_000_000 : 0
  const time = Date.UTC(year, month - 1, day, hour, minute, second) + fraction - offsetMs(match[8])
  return time >= EARLIEST && time < LATEST ? time : Number.NaN
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** @param zone Z, UTC, +hh:mm, +hhmm or nothing */
function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  if (hours > 14 || minutes > 59) return Number.NaN
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
