import { Random } from '../engine/random.ts'
import { mean, quantile } from '../engine/statistics.ts'
import { localKernel } from '../engine/wasm.ts'
import { clampValue, scaleRange, type ParameterSpec } from '../strategy/parameter-space.ts'
import type { Matrix } from './estimator.ts'
import type { Predict } from './importance.ts'
import { rowOf, selectRows } from './matrix.ts'

/** What the model says of one parameter while the others do what they do, or stand still. */
export interface Sensitivity {
  parameter: string
  /** partial dependence over the parameter's range, ascending */
  points: SensitivityPoint[]
  /** Sobol' indices; null: not computed */
  firstOrder: number | null
  total: number | null
  /** values around the best one that are as good as it */
  safeRange: { low: number; high: number }
}

export interface SensitivityPoint {
  /** of the parameter */
  value: number
  /** mean prediction over the background rows */
  objective: number
  /** 0.1 and 0.9 quantile over the background rows: how much the rest of the parameters matters here */
  low: number
  high: number
}

export interface SensitivityInput {
  /** of raw parameters: what is derived from them is derived anew for every row */
  predict: Predict
  specs: readonly ParameterSpec[]
  /** at most 100 rows of training parameters, see `backgroundRows` */
  background: Matrix
  /** f64[parameters], the best set */
  optimum: Float64Array
  /** largest less smallest prediction over all samples */
  spread: number
}

const GRID_POINTS = 21
const BACKGROUND_ROWS = 100

/** A stream of its own, so that the choice repeats no draw of a sampler with the same seed. */
const BACKGROUND_STREAM = 0x62616367

/** Change of the prediction, as a share of its spread, up to which a value is as good as the optimum. */
const SAFE_CHANGE = 0.05

/** How the prediction answers to each parameter. */
export function sensitivity(input: SensitivityInput): Sensitivity[] {
  const { predict, specs, background, optimum, spread } = input
  const best = predict({ rows: 1, columns: optimum.length, values: optimum })[0]
  return specs.map((spec, column) => {
    const grid = gridOf(spec)
    const curve = sweep(predict, { rows: 1, columns: optimum.length, values: optimum }, column, grid)
    return {
      parameter: spec.name,
      points: partialDependence(predict, background, column, grid),
      firstOrder: null,
      total: null,
      safeRange: safeRange(grid, curve, { value: optimum[column], objective: best }, spread),
    }
  })
}

/** Mean prediction over the background with one column set to each value of the grid (Friedman 2001). */
export function partialDependence(
  predict: Predict,
  background: Matrix,
  column: number,
  grid: Float64Array,
): SensitivityPoint[] {
  const predicted = sweep(predict, background, column, grid)
  return Array.from(grid, (value, at) => {
    const slice = predicted.subarray(at * background.rows, (at + 1) * background.rows)
    return { value, objective: mean(slice), low: quantile(slice, 0.1), high: quantile(slice, 0.9) }
  })
}

/**
 * The widest interval of grid values around the optimum on which the prediction stays as good as there.
 *
 * @param grid    f64, ascending; the optimum need not be on it
 * @param curve   f64, predictions along the grid with the other parameters at the optimum
 * @param optimum its value of the parameter, and its prediction
 * @param spread  largest less smallest prediction over all samples, ≥ 0
 */
export function safeRange(
  grid: Float64Array,
  curve: Float64Array,
  optimum: { value: number; objective: number },
  spread: number,
): { low: number; high: number } {
  const isSafe = (at: number): boolean => Math.abs(curve[at] - optimum.objective) <= SAFE_CHANGE * spread
  let { value: low, value: high } = optimum
  for (let at = grid.length - 1; at >= 0; at--) {
    if (grid[at] > optimum.value) continue
    if (!isSafe(at)) break
    low = grid[at]
  }
  for (let at = 0; at < grid.length; at++) {
    if (grid[at] < optimum.value) continue
    if (!isSafe(at)) break
    high = grid[at]
  }
  return { low, high }
}

/**
 * Up to 21 values over the range of a parameter that it can take: evenly spaced, in proportion where it is
 * LOG_UNIFORM; all of them where there are no more.
 */
export function gridOf(spec: ParameterSpec): Float64Array {
  if (spec.distribution === 'DISCRETE') return thin([...new Set(spec.values)].sort((a, b) => a - b))
  const { low, high } = scaleRange(spec)
  const steps = GRID_POINTS - 1
  const values = Array.from({ length: GRID_POINTS }, (_, at) => clampValue(spec, between(spec, low, high, at / steps)))
  return Float64Array.from(new Set(values))
}

/** A seeded choice of training rows to average over, at most 100, ascending. */
export function backgroundRows(parameters: Matrix, seed: number): Matrix {
  const rows = new Random(seed, BACKGROUND_STREAM).permutation(parameters.rows).subarray(0, BACKGROUND_ROWS)
  return selectRows(parameters, rows.slice().sort())
}

/** @returns f64[grid × rows], the predictions of all rows at the first value of the grid, then at the second, … */
function sweep(predict: Predict, rows: Matrix, column: number, grid: Float64Array): Float64Array {
  const all = {
    rows: grid.length * rows.rows,
    columns: rows.columns,
    values: new Float64Array(grid.length * rows.values.length),
  }
  grid.forEach((value, at) => {
    all.values.set(rows.values, at * rows.values.length)
    for (let row = 0; row < rows.rows; row++) rowOf(all, at * rows.rows + row)[column] = value
  })
  return predict(all)
}

function between({ distribution }: ParameterSpec, low: number, high: number, share: number): number {
  if (share === 1) return high
  if (distribution !== 'LOG_UNIFORM') return low + share * (high - low)
  const { kernel } = localKernel()
  const logLow = kernel.log(low)
  return share === 0 ? low : kernel.exp(logLow + share * (kernel.log(high) - logLow))
}

function thin(values: readonly number[]): Float64Array {
  if (values.length <= GRID_POINTS) return Float64Array.from(values)
  const last = values.length - 1
  return Float64Array.from({ length: GRID_POINTS }, (_, at) => values[Math.round((at * last) / (GRID_POINTS - 1))])
}
