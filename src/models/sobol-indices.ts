import { Random } from '../engine/random.ts'
import { quantile } from '../engine/statistics.ts'
import { sobol } from '../strategy/designs.ts'
import { inverseCdf } from '../strategy/inverse-cdf.ts'
import { isVaried, type ParameterSpec } from '../strategy/parameter-space.ts'
import type { TaskRunner } from './estimator.ts'
import type { Predict } from './importance.ts'

/** How much of the spread of the predictions comes from one parameter. They describe the model, not the market. */
export interface SobolIndex {
  /** share that the parameter explains alone; may come out a little below 0 */
  firstOrder: number
  /** share that it explains alone and together with others, ≥ 0 */
  total: number
  /** 95 % bootstrap intervals */
  firstOrderInterval: Interval
  totalInterval: Interval
}

export interface Interval {
  low: number
  high: number
}

/** What the surface says at the points of the design. */
export interface Evaluations {
  /** f64[n] each: at A, and at B */
  a: Float64Array
  b: Float64Array
  /** f64[n] per parameter: at A with that parameter's column of B */
  mixed: readonly Float64Array[]
}

/** Points of a design; a power of 2, so that it is balanced. */
const POINTS = 1024
const RESAMPLES = 500

/** A stream of its own, so that no draw repeats one of a sampler with the same seed. */
const BOOTSTRAP_STREAM = 0x626f6f74

/**
 * Sobol' indices of every parameter over the space that it is drawn from, the others independent of it.
 *
 * @param predict takes raw parameters, one column per spec
 * @param run     where the bootstrap is computed
 * @param seed    of the bootstrap; the design is always the same
 * @returns one per spec, 0 for a constant; null where the predictions do not vary
 *
 * Costs 1,024 · (varied parameters + 2) predictions.
 */
export async function sobolIndices(
  predict: Predict,
  specs: readonly ParameterSpec[],
  run: TaskRunner,
  seed: number,
  points = POINTS,
): Promise<SobolIndex[] | null> {
  const varied = [...specs.keys()].filter((at) => isVaried(specs[at]))
  const data: EstimateInput = { evaluations: evaluate(predict, specs, varied, points), seed }
  const found = await run<SobolIndex[] | null>({ module: import.meta.url, name: 'estimateIndices', data })
  if (found === null) return null
  return specs.map((_, at) => {
    const place = varied.indexOf(at)
    return place >= 0 ? found[place] : { firstOrder: 0, total: 0, firstOrderInterval: NOTHING, totalInterval: NOTHING }
  })
}

const NOTHING: Interval = { low: 0, high: 0 }

interface EstimateInput {
  evaluations: Evaluations
  seed: number
}

/** The indices of the parameters that vary, from the values of a surface at the points of a design. */
export function estimateIndices({ evaluations, seed }: EstimateInput): SobolIndex[] | null {
  const n = evaluations.a.length
  const whole = indices(
    evaluations,
    Int32Array.from({ length: n }, (_, i) => i),
  )
  if (whole === null) return null
  const random = new Random(seed, BOOTSTRAP_STREAM)
  const samples = Array.from({ length: RESAMPLES }, () => {
    return (
      indices(
        evaluations,
        Int32Array.from({ length: n }, () => random.int(n)),
      ) ?? whole
    )
  })
  return whole.map(({ firstOrder, total }, at) => ({
    firstOrder,
    total,
    firstOrderInterval: interval(samples.map((sample) => sample[at].firstOrder)),
    totalInterval: interval(samples.map((sample) => sample[at].total)),
  }))
}

/**
 * Outputs centred by the mean of A and B; V their population variance. First order mean(f(B) (f(AB_i) − f(A))) / V
 * (Saltelli et al. 2010), total mean((f(A) − f(AB_i))²) / 2V (Jansen 1999).
 */
function indices({ a, b, mixed }: Evaluations, rows: Int32Array): { firstOrder: number; total: number }[] | null {
  const n = rows.length
  let sum = 0
  for (const row of rows) sum += a[row] + b[row]
  const centre = sum / (2 * n)
  let squares = 0
  for (const row of rows) squares += (a[row] - centre) ** 2 + (b[row] - centre) ** 2
  const variance = squares / (2 * n)
  if (Math.sqrt(variance) <= 1e-12 * Math.max(1, Math.abs(centre))) return null
  return mixed.map((ab) => {
    let first = 0
    let total = 0
    for (const row of rows) {
      const change = ab[row] - a[row]
      first += (b[row] - centre) * change
      total += change * change
    }
    return { firstOrder: first / n / variance, total: total / n / (2 * variance) }
  })
}

/** A and B from one Sobol' sequence of twice as many columns, and A with each column of B. */
function evaluate(
  predict: Predict,
  specs: readonly ParameterSpec[],
  varied: readonly number[],
  n: number,
): Evaluations {
  const d = varied.length
  const columns = specs.length
  const design = sobol(n, 2 * d, null)
  const constant = specs.map((spec) => inverseCdf(spec, 0.5))
  /** @param fromB the varied parameters whose value comes from B */
  const at = (fromB: (place: number) => boolean): Float64Array => {
    const values = new Float64Array(n * columns)
    for (let row = 0; row < n; row++) {
      values.set(constant, row * columns)
      varied.forEach((column, place) => {
        const u = design[row * 2 * d + place + (fromB(place) ? d : 0)]
        values[row * columns + column] = inverseCdf(specs[column], u)
      })
    }
    return predict({ rows: n, columns, values })
  }
  return {
    a: at(() => false),
    b: at(() => true),
    mixed: varied.map((_, mixed) => at((place) => place === mixed)),
  }
}

function interval(values: readonly number[]): Interval {
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) }
}
