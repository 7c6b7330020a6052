/** Rounds through all columns, at most, and the relative change that ends them. */
const ROUNDS = 10_000
const SETTLED = 1e-12

/**
 * Non-negative least squares: the weights w ≥ 0 with the smallest Σ (y − Σ w_j x_j)², by minimising one weight after
 * the other until none moves. The problem is convex, so that ends at the optimum.
 *
 * @param columns f64[rows] each
 * @returns f64[columns]; all 0 where no column points the way of y
 */
export function nonNegativeLeastSquares(columns: readonly Float64Array[], y: Float64Array): Float64Array {
  const gram = columns.map((a) => columns.map((b) => dot(a, b)))
  const aim = columns.map((column) => dot(column, y))
  const weights = new Float64Array(columns.length)
  for (let round = 0; round < ROUNDS; round++) {
    let moved = 0
    for (let at = 0; at < weights.length; at++) {
      if (gram[at][at] === 0) continue
      const slope = aim[at] - dot(gram[at], weights)
      const next = Math.max(0, weights[at] + slope / gram[at][at])
      moved = Math.max(moved, Math.abs(next - weights[at]))
      weights[at] = next
    }
    if (moved <= SETTLED) break
  }
  return weights
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
