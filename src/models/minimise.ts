/** A function of several variables: its value, and its gradient written into the second argument. NaN = not defined. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number

export interface Box {
  low: Float64Array
  high: Float64Array
}

export interface Minimum {
  x: Float64Array
  value: number
  evaluations: number
}

/** Steps that shape the estimate of the curvature. */
const MEMORY = 8
/** Share of the promised decrease that a step must keep (Armijo). */
const SUFFICIENT = 1e-4
const SHORTENINGS = 12

/**
 * A local minimum within a box, by L-BFGS on the variables that are free to move.
 *
 * Each direction comes from the last eight steps (Nocedal & Wright, Numerical Optimization, algorithm 7.4); a variable
 * that stands at a bound and is pushed against it sits out; a step is clipped to the box and halved until it
 * keeps a part of what its slope promises.
 *
 * @param start       within the box, where the objective is defined
 * @param evaluations most calls of the objective
 * @param tolerance   stops when a step gains less than this
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  { low, high }: Box,
  { evaluations, tolerance }: { evaluations: number; tolerance: number },
): Minimum {
  let x: Float64Array = start.map((value, i) => Math.max(low[i], Math.min(high[i], value)))
  let gradient: Float64Array = new Float64Array(x.length)
  let value = objective(x, gradient)
  let used = 1
  const steps: { step: Float64Array; change: Float64Array; product: number }[] = []

  while (used < evaluations) {
    const free = x.map((at, i) => ((at <= low[i] && gradient[i] > 0) || (at >= high[i] && gradient[i] < 0) ? 0 : 1))
    let direction = descent(gradient, steps, free)
    if (!(dot(direction, gradient) < 0)) {
      steps.length = 0
      direction = descent(gradient, steps, free)
    }
    const found = search(direction)
    if (!found) break
    const step = found.x.map((at, i) => at - x[i])
    const change = found.gradient.map((at, i) => at - gradient[i])
    const gain = value - found.value
    ;({ x, value, gradient } = found)
    const product = dot(step, change)
    if (product > 1e-12) steps.push({ step, change, product })
    if (steps.length > MEMORY) steps.shift()
    if (gain < tolerance) break
  }
  return { x, value, evaluations: used }

  function search(direction: Float64Array): { x: Float64Array; value: number; gradient: Float64Array } | null {
    // The first direction has no curvature to go by: no variable moves by more than 1 at once.
    const longest = direction.reduce((most, part) => Math.max(most, Math.abs(part)), 0)
    let length = longest > 0 ? Math.min(1, (steps.length === 0 ? 0.5 : 3) / longest) : 0
    for (let attempt = 0; attempt < SHORTENINGS && used < evaluations && length > 0; attempt++, length /= 2) {
      const next = x.map((at, i) => Math.max(low[i], Math.min(high[i], at + length * direction[i])))
      const slope = next.reduce((sum, at, i) => sum + (at - x[i]) * gradient[i], 0)
      const nextGradient = new Float64Array(x.length)
      const nextValue = objective(next, nextGradient)
      used++
      if (nextValue <= value + SUFFICIENT * slope) return { x: next, value: nextValue, gradient: nextGradient }
    }
    return null
  }
}

/** −H gradient, where H is the inverse curvature as the steps tell it; zero for variables that are not free. */
function descent(
  gradient: Float64Array,
  steps: readonly { step: Float64Array; change: Float64Array; product: number }[],
  free: Float64Array,
): Float64Array {
  const q = gradient.map((part, i) => part * free[i])
  const shares = new Float64Array(steps.length)
  for (let at = steps.length - 1; at >= 0; at--) {
    const { step, change, product } = steps[at]
    shares[at] = dot(step, q) / product
    change.forEach((part, i) => (q[i] -= shares[at] * part))
  }
  const last = steps.at(-1)
  const scale = last ? last.product / dot(last.change, last.change) : 1
  q.forEach((part, i) => (q[i] = part * scale))
  steps.forEach(({ step, change, product }, at) => {
    const back = shares[at] - dot(change, q) / product
    step.forEach((part, i) => (q[i] += back * part))
  })
  return q.map((part, i) => -part * free[i])
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
