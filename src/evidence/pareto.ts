/**
 * Several objectives at once: of two results that are each better in something, neither is better.
 * A point is one result: its objectives, all turned so that more is better; NaN = not defined, below every number.
 */
export type Point = ArrayLike<number>

/** Nowhere worse and somewhere better. Equal points do not dominate each other. */
export function dominates(a: Point, b: Point): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    const [own, other] = [rankable(a[i]), rankable(b[i])]
    if (own < other) return false
    if (own > other) better = true
  }
  return better
}

/**
 * The points that nothing dominates. Taken from best to worst by the first objective, a point is never dominated by a
 * later one, so that it need only be held against those kept so far: O(n · front).
 *
 * @returns indices, ascending
 */
export function nonDominated(points: readonly Point[]): number[] {
  const order = [...points.keys()].sort((a, b) => lexicographic(points[a], points[b]) || a - b)
  const front: number[] = []
  for (const at of order) {
    if (!front.some((other) => dominates(points[other], points[at]))) front.push(at)
  }
  return front.sort((a, b) => a - b)
}

/** The range that an objective counts in, fixed when a job starts: only so are values comparable between runs. */
export interface ObjectiveRange {
  low: number
  high: number
}

/** Objectives as shares of their ranges, 0 … 1; what is not defined is 0. */
export function scalePoint(point: Point, ranges: readonly ObjectiveRange[]): Float64Array {
  return Float64Array.from(ranges, ({ low, high }, i) =>
    Math.max(0, Math.min(1, (rankable(point[i]) - low) / (high - low))),
  )
}

/** Best first. */
function lexicographic(a: Point, b: Point): number {
  for (let i = 0; i < a.length; i++) {
    const [own, other] = [rankable(a[i]), rankable(b[i])]
    if (own !== other) return own > other ? -1 : 1
  }
  return 0
}

function rankable(value: number): number {
  return Number.isNaN(value) ? -Infinity : value
}
