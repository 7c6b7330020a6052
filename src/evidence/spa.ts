import { mean, ZERO_DEVIATION } from '../engine/statistics.ts'
import { localKernel } from '../engine/wasm.ts'
import type { Matrix } from '../models/estimator.ts'
import { meanBlockFor, resampledPValue, RUNS, stationaryResample } from './bootstrap.ts'
import { columnsOf, FEWEST_RETURNS } from './returns.ts'

/** Whether the best of many configurations really beats a benchmark, given that it is the best of many. */
export interface SuperiorPredictiveAbility {
  /** the largest studentised mean over the benchmark, at least 0 */
  statistic: number
  /** by how the hopeless configurations are treated: `consistent` is the one to quote, the others bound it */
  pValue: Record<Centring, number>
  /** White's test: the same without studentising, and so ruled by the wildest configuration */
  realityCheck: { statistic: number; pValue: number }
}

const CENTRINGS = ['lower', 'consistent', 'upper'] as const
type Centring = (typeof CENTRINGS)[number]

export interface ResampleOptions {
  /** of the stationary bootstrap; null: as suits the number of returns */
  meanBlock?: number | null
  runs?: number
}

/**
 * Hansen's test for superior predictive ability, and White's reality check, by stationary bootstrap.
 * Sources: P. R. Hansen, J. Business & Economic Statistics 23 (2005); H. White, Econometrica 68 (2000).
 *
 * @param excess returns less those of the benchmark, a column a configuration, finite; see `excessOver`
 * @returns null for fewer than ten rows, or where no column varies
 */
export function superiorPredictiveAbility(
  excess: Matrix,
  seed: number,
  options: ResampleOptions = {},
): SuperiorPredictiveAbility | null {
  const { rows } = excess
  const { runs = RUNS } = options
  const meanBlock = options.meanBlock ?? meanBlockFor(rows)
  const resamples = Array.from({ length: runs }, (_, run) =>
    stationaryResample(rows, meanBlock, seed, 'superior predictive ability', run),
  )
  return spaOf(excess, meanBlock, resamples)
}

/** Every column less the benchmark; without one against 0, against doing nothing. */
export function excessOver(returns: Matrix, benchmark: ArrayLike<number> | null): Matrix {
  if (!benchmark) return returns
  const { rows, columns, values } = returns
  return { rows, columns, values: values.map((value, at) => value - benchmark[Math.floor(at / columns)]) }
}

/** The same on given resamples: i32[rows] each, indices of rows. */
export function spaOf(
  excess: Matrix,
  meanBlock: number,
  resamples: readonly Int32Array[],
): SuperiorPredictiveAbility | null {
  if (excess.rows < FEWEST_RETURNS) return null
  const columns = columnsOf(excess)
  const root = Math.sqrt(excess.rows)
  const deviations = columns.map((column) => longRunDeviation(column, meanBlock))
  // √n over the deviation, 0 where there is none: such a column is not compared
  const scale = Float64Array.from(deviations, (deviation) => (deviation > 0 ? root / deviation : 0))
  if (!scale.some((each) => each > 0)) return null

  const means = Float64Array.from(columns, mean)
  const centres = centresOf(means, scale, excess.rows)
  const real = Math.max(0, largest(means, null, scale))
  const realPlain = root * largest(means, null, null)
  const asLarge = { lower: 0, consistent: 0, upper: 0, realityCheck: 0 }
  for (const resample of resamples) {
    const drawn = meansOf(excess, resample)
    for (const centring of CENTRINGS) {
      if (Math.max(0, largest(drawn, centres[centring], scale)) >= real) asLarge[centring]++
    }
    if (root * largest(drawn, means, null) >= realPlain) asLarge.realityCheck++
  }
  const pValue = (count: number): number => resampledPValue(count, resamples.length)
  return {
    statistic: real,
    pValue: {
      lower: pValue(asLarge.lower),
      consistent: pValue(asLarge.consistent),
      upper: pValue(asLarge.upper),
    },
    realityCheck: { statistic: realPlain, pValue: pValue(asLarge.realityCheck) },
  }
}

/**
 * Deviation of √n · mean under the stationary bootstrap: its variance is C₀ + 2 Σ (1 − i/n) aⁱ Cᵢ with a = 1 − 1/meanBlock
 * and Cᵢ the autocovariance at lag i, the series going round its end. Two sums that run backwards, F = Σ aⁱ x and
 * G = Σ i aⁱ x, hold all lags at once: O(n). 0 for a column that does not vary.
 */
export function longRunDeviation(column: Float64Array, meanBlock: number): number {
  const n = column.length
  const a = 1 - 1 / meanBlock
  const centre = mean(column)
  const x = column.map((value) => value - centre)
  const whole = integerPower(a, n)
  let [f, g] = ahead(x, a)
  let sum = 0
  for (let at = n - 1; at >= 0; at--) {
    g = a * (g + f) - n * whole * x[at]
    f = x[at] * (1 - whole) + a * f
    sum += x[at] * (x[at] + 2 * (f - x[at] - g / n))
  }
  const deviation = Math.sqrt(Math.max(0, sum / n))
  return deviation <= ZERO_DEVIATION ? 0 : deviation
}

/** F and G as they stand at the first value. */
function ahead(x: Float64Array, a: number): [number, number] {
  let f = 0
  let g = 0
  let weight = 1
  for (let lag = 0; lag < x.length; lag++) {
    f += weight * x[lag]
    g += lag * weight * x[lag]
    weight *= a
  }
  return [f, g]
}

function integerPower(base: number, exponent: number): number {
  let power = 1
  for (let i = 0; i < exponent; i++) power *= base
  return power
}

/**
 * What the resampled means are measured from. A configuration far below the benchmark cannot be the best, and
 * `consistent` lets it be as bad as it is; `upper` takes every one for as good as the benchmark, `lower` only those
 * that are no worse.
 */
function centresOf(means: Float64Array, scale: Float64Array, rows: number): Record<Centring, Float64Array> {
  const { kernel } = localKernel()
  const threshold = -Math.sqrt(2 * kernel.log(kernel.log(rows)))
  return {
    lower: means.map((each) => Math.max(each, 0)),
    consistent: means.map((each, k) => (each * scale[k] >= threshold ? each : 0)),
    upper: means,
  }
}

/** Mean of each column over the drawn rows. */
function meansOf({ rows, columns, values }: Matrix, resample: Int32Array): Float64Array {
  const drawn = new Float64Array(rows)
  for (const row of resample) drawn[row]++
  const means = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    const weight = drawn[row] / rows
    if (weight === 0) continue
    const start = row * columns
    for (let k = 0; k < columns; k++) means[k] += weight * values[start + k]
  }
  return means
}

/** The largest of (mean − centre) · scale; without centres from 0, without scales as it is. */
function largest(means: Float64Array, centres: Float64Array | null, scale: Float64Array | null): number {
  let most = -Infinity
  for (let k = 0; k < means.length; k++) {
    const value = (means[k] - (centres ? centres[k] : 0)) * (scale ? scale[k] : 1)
    if (value > most) most = value
  }
  return most
}
