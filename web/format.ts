/** Stands where a figure is not defined. */
export const NONE = '–'

/** Between a number and its unit: they stay on one line. */
const SPACE = '\u00a0'

type Maybe = number | null | undefined

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function locale(value: Maybe, options: Intl.NumberFormatOptions): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE
  return formatter(options).format(value).replace('-', '−')
}

const formatters = new Map<string, Intl.NumberFormat>()

/** Made once for each way to write: making one takes longer than writing a screen full of figures. */
function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options)
  const known = formatters.get(key)
  if (known) return known
  const made = new Intl.NumberFormat('en-GB', { signDisplay: 'negative', ...options })
  formatters.set(key, made)
  return made
}

/** A fraction as a trader says it: 0.085 is 8.5 %. */
export function percent(value: Maybe, digits = 1): string {
  const text = locale(typeof value === 'number' ? value * 100 : value, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return text === NONE ? NONE : `${text}${SPACE}%`
}

/** A fee, a limit: as many decimals as it has, at most four. 0.001 is 0.1 %. */
export function rate(value: Maybe): string {
  const text = locale(typeof value === 'number' ? value * 100 : value, { maximumFractionDigits: 4 })
  return text === NONE ? NONE : `${text}${SPACE}%`
}

/** A ratio, a price, a parameter: 0.635, 1.5, 42,000. */
export function figure(value: Maybe, significant = 3): string {
  const large = typeof value === 'number' && Math.abs(value) >= 10 ** significant
  return locale(value, large ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: significant })
}

/** A ratio beside others: always two decimals. */
export function ratio(value: Maybe): string {
  return locale(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

export function whole(value: Maybe): string {
  return locale(value, { maximumFractionDigits: 0 })
}

/** In quote currency. */
export function money(value: Maybe): string {
  return locale(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

/** Enough digits to tell ticks apart, whether a coin costs 0.00001234 or 64,250.10. */
export function price(value: Maybe): string {
  return locale(value, { maximumSignificantDigits: 7 })
}

/** 930 ms is 0.9 s; then 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(ms: Maybe): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE
  if (ms < 10 * SECOND) return `${locale(ms / SECOND, { maximumFractionDigits: 1 })}${SPACE}s`
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ]
  const at = Math.max(
    0,
    units.findIndex(([length]) => ms >= length),
  )
  const [[length, unit], next] = [units[at], units[at + 1]]
  const large = `${whole(Math.floor(ms / length))}${SPACE}${unit}`
  const rest = next ? Math.floor((ms % length) / next[0]) : 0
  return rest > 0 && next ? `${large} ${rest}${SPACE}${next[1]}` : large
}

/** 1,234,567 bytes are 1.2 MB. */
export function bytes(value: Maybe): string {
  if (value === null || value === undefined) return NONE
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  return `${locale(value / 1000 ** power, { maximumFractionDigits: power === 0 ? 0 : 1 })}${SPACE}${units[power]}`
}

/** 2025-03-01 14:05, in UTC like every time here. */
export function time(iso: string | null | undefined): string {
  return iso ? iso.slice(0, 16).replace('T', SPACE) : NONE
}

/** 2025-03-01, in UTC. */
export function day(iso: string | null | undefined): string {
  return iso ? iso.slice(0, 10) : NONE
}

/** A half-open period by its days; with minutes where it does not begin and end at midnight. */
export function period({ from, to }: { from: string | null; to: string | null }): string {
  const show = isMidnight(from) && isMidnight(to) ? day : time
  return `${show(from)} to ${show(to)}`
}

function isMidnight(iso: string | null): boolean {
  return iso === null || iso.slice(11, 16) === '00:00'
}

/** How long a period lasts: 60 d. */
export function span({ from, to }: { from: string | null; to: string | null }): string {
  return from && to ? duration(Date.parse(to) - Date.parse(from)) : NONE
}

/** 1 sample, 2 samples. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole(value)} ${value === 1 ? one : many}`
}
