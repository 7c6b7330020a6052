/** Two ends, low first. */
export type Range = readonly [low: number, high: number]

/** The ends of all values with some room on both sides; a range of nothing is 0 to 1. */
export function rangeOf(values: readonly number[], room = 0.05): Range {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  if (low > high) return [0, 1]
  const margin = high > low ? room * (high - low) : Math.abs(high) * room || 0.5
  return [low - margin, high + margin]
}

/** From values to pixels. */
export function scale([low, high]: Range, from: number, to: number): (value: number) => number {
  const perUnit = high > low ? (to - from) / (high - low) : 0
  return (value) => from + (value - low) * perUnit
}

const DIGITS = [1, 2, 2.5, 5, 10]

/** Round values inside a range, at most `most` of them: multiples of 1, 2, 2.5 or 5 times a power of ten. */
export function roundValues([low, high]: Range, most: number): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / most
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = unit * DIGITS.find((digit) => digit * unit >= rough)!
  const first = Math.ceil(low / step)
  const count = Math.floor(high / step) - first + 1
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)))
}
