/** Risk limits as a rule for choosing: how badly a result breaks them, and which of two results comes first. */

/** One limit and what came out. */
export interface LimitCheck {
  /** null = not defined, which violates by 1 */
  value: number | null
  limit: number
  kind: 'AT_MOST' | 'AT_LEAST'
}

/** Sum of what exceeds each limit, as a share of the limit; 0 = feasible. */
export function violationOf(checks: readonly LimitCheck[]): number {
  return checks.reduce((sum, check) => sum + excess(check), 0)
}

function excess({ value, limit, kind }: LimitCheck): number {
  if (value === null) return 1
  const beyond = kind === 'AT_MOST' ? value - limit : limit - value
  return Math.max(0, beyond) / Math.max(Math.abs(limit), 1e-9)
}

export interface Constrained {
  /** turned so that more is better; null = not defined, below every number */
  objective: number | null
  violation: number
}

/**
 * Deb's rule, as an order for sorting, best first: what keeps the limits beats what breaks them; of two that keep them
 * the better objective wins, of two that break them the smaller violation.
 * Source: K. Deb, Computer Methods in Applied Mechanics and Engineering 186 (2000).
 */
export function byFeasibility(a: Constrained, b: Constrained): number {
  if (a.violation > 0 || b.violation > 0) return a.violation - b.violation
  const [own, other] = [a.objective ?? -Infinity, b.objective ?? -Infinity]
  return own === other ? 0 : own > other ? -1 : 1
}
