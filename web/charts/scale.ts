/** Two ends, low first. */
export type Domain = readonly [low: number, high: number]

/** From values to pixels, and back. */
export interface Scale {
  (value: number): number
  invert(pixel: number): number
}

/** A straight line from a domain to pixels. A domain of a single value lands in the middle. */
export function linear([low, high]: Domain, [start, end]: Domain): Scale {
  const slope = high === low ? 0 : (end - start) / (high - low)
  const scale = (value: number) => (slope === 0 ? (start + end) / 2 : start + (value - low) * slope)
  return Object.assign(scale, { invert: (pixel: number) => (slope === 0 ? low : low + (pixel - start) / slope) })
}

/** The ends of all values, with a share of the span added on both sides. Nothing at all gives 0 to 1. */
export function around(values: Iterable<number | null | undefined>, margin = 0.06): Domain {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return [0, 1]
  const pad = (high - low) * margin || Math.abs(high) * margin || 1
  return [low - pad, high + pad]
}

/** The index of the stop nearest to `value`; stops ascend. O(log n). */
export function nearest(stops: readonly number[], value: number): number {
  let [low, high] = [0, stops.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (stops[middle] < value) low = middle + 1
    else high = middle
  }
  return low > 0 && value - stops[low - 1] < stops[low] - value ? low - 1 : low
}
