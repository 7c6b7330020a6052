import { isConstant, mean, quantileOfSorted } from '../engine/statistics.ts'
import { localKernel } from '../engine/wasm.ts'

/** Shape, lines, intervals, tests and drift measures. What is not defined is null. */

export interface Interval {
  low: number
  high: number
}

export interface Shape {
  /** 0 where both tails are alike, below 0 with the longer tail on the side of the losses */
  skewness: number
  /** plain, not excess: 3 for a normal distribution */
  kurtosis: number
}

/** Third and fourth standardised moment, with n in every denominator; null where the values do not vary. */
export function shapeOf(values: ArrayLike<number>): Shape | null {
  if (isConstant(values)) return null
  const centre = mean(values)
  let second = 0
  let third = 0
  let fourth = 0
  for (let i = 0; i < values.length; i++) {
    const x = values[i] - centre
    second += x * x
    third += x * x * x
    fourth += x * x * x * x
  }
  const variance = second / values.length
  return {
    skewness: third / values.length / (variance * Math.sqrt(variance)),
    kurtosis: fourth / values.length / (variance * variance),
  }
}

export interface Line {
  slope: number
  intercept: number
}

/** The line through y that leaves the least squares; null where x does not vary. */
export function regression(x: ArrayLike<number>, y: ArrayLike<number>): Line | null {
  if (isConstant(x)) return null
  const centreX = mean(x)
  const centreY = mean(y)
  let together = 0
  let alone = 0
  for (let i = 0; i < x.length; i++) {
    together += (x[i] - centreX) * (y[i] - centreY)
    alone += (x[i] - centreX) * (x[i] - centreX)
  }
  const slope = together / alone
  return { slope, intercept: centreY - slope * centreX }
}

/**
 * Wilson's score interval of a proportion, within [0, 1] and usable for 0 of n; null for n = 0.
 * Source: E. B. Wilson, J. Amer. Statist. Assoc. 22 (1927).
 */
export function wilsonInterval(successes: number, n: number, confidence = 0.95): Interval | null {
  if (!(n > 0)) return null
  const z = -localKernel().kernel.normalPpf((1 - confidence) / 2)
  const p = successes / n
  const square = z * z
  const centre = p + square / (2 * n)
  const halfWidth = z * Math.sqrt((p * (1 - p)) / n + square / (4 * n * n))
  const scale = 1 + square / n
  return {
    low: successes === 0 ? 0 : Math.max(0, (centre - halfWidth) / scale),
    high: successes === n ? 1 : Math.min(1, (centre + halfWidth) / scale),
  }
}

/** Probability that a Beta(a, b) variable is at most x: the regularised incomplete beta function. Null unless a, b > 0. */
export function betaCdf(x: number, a: number, b: number): number | null {
  return defined(localKernel().kernel.betaCdf(x, a, b))
}

/** The value that a Beta(a, b) variable stays below with probability p. Null unless a, b > 0 and 0 ≤ p ≤ 1. */
export function betaQuantile(p: number, a: number, b: number): number | null {
  return defined(localKernel().kernel.betaPpf(p, a, b))
}

/** Probability that Student's t is at most t; the degrees of freedom need not be whole. Null unless they are above 0. */
export function studentTCdf(t: number, degreesOfFreedom: number): number | null {
  return defined(localKernel().kernel.studentTCdf(t, degreesOfFreedom))
}

/** Probability of a |t| at least this large where there is no effect. */
export function studentTTwoSided(t: number, degreesOfFreedom: number): number | null {
  const tail = studentTCdf(-Math.abs(t), degreesOfFreedom)
  return tail === null ? null : 2 * tail
}

/**
 * Two-sample Kolmogorov-Smirnov test: the largest gap between the two distribution functions, and the asymptotic
 * probability of one at least this large where both samples come from the same distribution.
 *
 * p = 2 Σ (−1)^(j−1) exp(−2 j² D² nm / (n + m)).
 */
export function kolmogorovSmirnov(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): { statistic: number; pValue: number } | null {
  const first = ascending(a)
  const second = ascending(b)
  if (!first || !second) return null
  const statistic = largestGap(first, second)
  const lambdaSquared = (statistic * statistic * first.length * second.length) / (first.length + second.length)
  return { statistic, pValue: kolmogorovTail(lambdaSquared) }
}

function largestGap(a: Float64Array, b: Float64Array): number {
  let gap = 0
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const x = Math.min(a[i], b[j])
    while (i < a.length && a[i] === x) i++
    while (j < b.length && b[j] === x) j++
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length))
  }
  return gap
}

function kolmogorovTail(lambdaSquared: number): number {
  if (lambdaSquared < 0.04) return 1 // within 1e-12, and the series no longer converges
  const { kernel } = localKernel()
  let sum = 0
  for (let j = 1; j <= 30; j++) sum += (j % 2 ? 2 : -2) * kernel.exp(-2 * j * j * lambdaSquared)
  return Math.max(0, Math.min(1, sum))
}

/** Shares below this count as this, so that an empty bin does not make the index infinite. */
const LEAST_SHARE = 1e-4

/**
 * Population stability index: Σ (current − reference) ln(current / reference) over bins between the quantiles of the
 * reference. By custom 0.1 is a moderate and 0.25 a major shift. A value on an edge falls into the bin to its left.
 */
export function populationStability(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  bins = 10,
): number | null {
  const expected = ascending(reference)
  const observed = ascending(current)
  if (!expected || !observed) return null
  const edges = Array.from({ length: bins - 1 }, (_, k) => quantileOfSorted(expected, (k + 1) / bins))
  const before = binShares(expected, edges)
  const after = binShares(observed, edges)
  const { kernel } = localKernel()
  return before.reduce((sum, share, bin) => sum + (after[bin] - share) * kernel.log(after[bin] / share), 0)
}

function binShares(sorted: Float64Array, edges: readonly number[]): number[] {
  let taken = 0
  return [...edges, Infinity].map((edge) => {
    const start = taken
    while (taken < sorted.length && sorted[taken] <= edge) taken++
    return Math.max(LEAST_SHARE, (taken - start) / sorted.length)
  })
}

export interface PageHinkley {
  /** f64[n]: how far the cumulated sum has fallen below its highest point */
  statistic: Float64Array
  /** index of the first value at which it is beyond `lambda`; null where that never happens */
  alarmAt: number | null
}

/**
 * Page-Hinkley test for a fall of the mean, value by value: the sum of x − running mean + delta is held against its
 * own maximum. Source: E. S. Page, Biometrika 41 (1954).
 *
 * @param values        in order of time, in units of their usual standard deviation
 * @param options.delta fall that is tolerated
 * @param options.lambda distance that raises the alarm
 * @param options.minimum values to be seen before it may
 */
export function pageHinkley(
  values: ArrayLike<number>,
  options: { delta?: number; lambda?: number; minimum?: number } = {},
): PageHinkley {
  const { delta = 0.1, lambda = 10, minimum = 30 } = options
  const statistic = new Float64Array(values.length)
  let alarmAt: number | null = null
  let total = 0
  let sum = 0
  let highest = 0
  for (let i = 0; i < values.length; i++) {
    total += values[i]
    sum += values[i] - total / (i + 1) + delta
    highest = Math.max(highest, sum)
    statistic[i] = highest - sum
    if (alarmAt === null && i + 1 >= minimum && statistic[i] > lambda) alarmAt = i
  }
  return { statistic, alarmAt }
}

/** @returns a sorted copy; null where it is empty or holds a NaN */
function ascending(values: ArrayLike<number>): Float64Array | null {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0 || Number.isNaN(sorted[sorted.length - 1]) ? null : sorted
}

function defined(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
