/**
 * Plain statistics of columns of numbers. Means, spreads and quantiles are building blocks: NaN of nothing, and of
 * anything with a NaN in it. Correlation and R² have cases of their own in which they do not exist, and then are null.
 */

/** A standard deviation up to here counts as 0: what rounding leaves of a constant. */
export const ZERO_DEVIATION = 1e-12

/** Counted from the first value, so that the mean of a constant is exactly that constant. */
export function mean(values: ArrayLike<number>): number {
  const origin = values[0]
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] - origin
  return values.length === 0 ? NaN : origin + sum / values.length
}

/** With n − 1 in the denominator; NaN for fewer than two values. */
export function sampleVariance(values: ArrayLike<number>): number {
  return values.length < 2 ? NaN : squaredDeviations(values) / (values.length - 1)
}

/** Root of the sample variance; exactly 0 for a constant. */
export function standardDeviation(values: ArrayLike<number>): number {
  const deviation = Math.sqrt(sampleVariance(values))
  return deviation <= ZERO_DEVIATION ? 0 : deviation
}

/**
 * Linear between the order statistics: type 7 of R. Hyndman, Y. Fan (1996), the default of numpy.
 *
 * @param p 0 … 1
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), p)
}

/** The same for values in ascending order, NaN last. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const last = sorted.length - 1
  if (last < 0 || Number.isNaN(sorted[last])) return NaN
  const position = p * last
  const below = Math.floor(position)
  const above = Math.min(last, below + 1)
  return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}

/** 1 … n in ascending order; equal values share the mean of their ranks, NaN keeps NaN. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const ranks = new Float64Array(values.length).fill(NaN)
  const order = Array.from(ranks.keys()).filter((i) => !Number.isNaN(values[i]))
  order.sort((a, b) => values[a] - values[b])
  for (let start = 0; start < order.length;) {
    let end = start + 1
    while (end < order.length && values[order[end]] === values[order[start]]) end++
    for (let k = start; k < end; k++) ranks[order[k]] = (start + 1 + end) / 2
    start = end
  }
  return ranks
}

/** Linear correlation, −1 … 1; null where one side is constant. The two have equal lengths. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  if (isConstant(a) || isConstant(b)) return null
  const meanA = mean(a)
  const meanB = mean(b)
  let covariance = 0
  for (let i = 0; i < a.length; i++) covariance += (a[i] - meanA) * (b[i] - meanB)
  const correlation = covariance / (Math.sqrt(squaredDeviations(a)) * Math.sqrt(squaredDeviations(b)))
  return finite(Math.max(-1, Math.min(1, correlation)))
}

/** Correlation of the average ranks, −1 … 1; null where one side is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  return pearson(averageRanks(a), averageRanks(b))
}

/**
 * Share of the variance of `actual` that the prediction explains: 1 − Σ(y − f)² / Σ(y − mean y)².
 * Below 0 where the plain mean predicts better; null for a constant target.
 */
export function r2(actual: ArrayLike<number>, predicted: ArrayLike<number>): number | null {
  if (isConstant(actual)) return null
  return finite(1 - squaredErrors(actual, predicted) / squaredDeviations(actual))
}

/** Mean absolute error, in units of the target. */
export function mae(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < actual.length; i++) sum += Math.abs(actual[i] - predicted[i])
  return sum / actual.length
}

/** Root of the mean squared error, in units of the target. */
export function rmse(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return Math.sqrt(squaredErrors(actual, predicted) / actual.length)
}

/** No spread beyond rounding, or nothing there. A NaN is not constant. */
export function isConstant(values: ArrayLike<number>): boolean {
  return values.length === 0 || Math.sqrt(squaredDeviations(values) / values.length) <= ZERO_DEVIATION
}

function squaredDeviations(values: ArrayLike<number>): number {
  const centre = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) * (values[i] - centre)
  return sum
}

function squaredErrors(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < actual.length; i++) sum += (actual[i] - predicted[i]) * (actual[i] - predicted[i])
  return sum
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
