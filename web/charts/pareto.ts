/** A set by what it earns and what it risks. */
export interface Outcome {
  /** Higher is better. */
  gain: number
  /** Lower is better. */
  risk: number
}

/** Those that no other beats in both: the Pareto front, by ascending risk. Equal ones stand together. O(n log n) */
export function paretoFront<T extends Outcome>(outcomes: readonly T[]): T[] {
  const sorted = outcomes.toSorted((a, b) => a.risk - b.risk || b.gain - a.gain)
  const front: T[] = []
  for (const one of sorted) {
    const last = front.at(-1)
    if (!last || one.gain > last.gain || (one.gain === last.gain && one.risk === last.risk)) front.push(one)
  }
  return front
}
