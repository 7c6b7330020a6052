/** How far a number may move. */

/**
 * Within one review: at most a share of the value at its start, either way.
 *
 * @param share maxParameterChange, 0…1
 */
export function sessionCap(old: number, target: number, share: number): number {
  return old * Math.max(1 - share, Math.min(1 + share, target / old))
}

/**
 * Over 30 days: at most a share away from the value of 30 days ago. A value that is beyond already (somebody put it
 * there by hand) may come back, and go no farther.
 */
export function monthlyCap(reference: number, old: number, target: number, share: number): number {
  const low = Math.min(old, reference * (1 - share))
  const high = Math.max(old, reference * (1 + share))
  return Math.max(low, Math.min(high, target))
}

/** Within bounds, which end every other argument. */
export function bounded(value: number, { min, max }: { min: number; max: number }): number {
  return Math.max(min, Math.min(max, value))
}
