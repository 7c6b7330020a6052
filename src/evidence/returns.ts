import { mean, standardDeviation } from '../engine/statistics.ts'
import { ValidationError } from '../errors.ts'
import type { Matrix } from '../models/estimator.ts'
import { stream } from './streams.ts'

/** Daily returns of many configurations: what every question about the selection is asked of. */

/** Configurations that are looked at together. More would say little more and cost much. */
export const MOST_CONFIGURATIONS = 1000

/** Fewer returns give no annualised number. */
export const FEWEST_RETURNS = 10

/** Crypto trades every day. */
export const DAYS_PER_YEAR = 365

/**
 * One row a day, one column a configuration.
 *
 * @param columns returns of each configuration over the same days, oldest first, as fractions; 0 for a day without a
 *                position and for the days after ruin
 * @throws ValidationError columns of different lengths, or a return that is not finite
 */
export function returnMatrix(columns: readonly ArrayLike<number>[]): Matrix {
  const rows = columns[0]?.length ?? 0
  const values = new Float64Array(rows * columns.length)
  columns.forEach((column, k) => {
    if (column.length !== rows) throw refusal([k], `has ${column.length} returns and the first configuration ${rows}`)
    for (let row = 0; row < rows; row++) {
      if (!Number.isFinite(column[row])) throw refusal([k, row], `must be a finite number, not ${column[row]}`)
      values[row * columns.length + k] = column[row]
    }
  })
  return { rows, columns: columns.length, values }
}

/** The returns of each configuration on their own, as copies. */
export function columnsOf({ rows, columns, values }: Matrix): Float64Array[] {
  const copies = Array.from({ length: columns }, () => new Float64Array(rows))
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < columns; k++) copies[k][row] = values[row * columns + k]
  }
  return copies
}

/**
 * All configurations, or of too many a random part with the winner in it.
 *
 * @param count  configurations that were tried
 * @param winner index of the chosen one
 * @returns indices, ascending
 */
export function chooseConfigurations(
  count: number,
  winner: number,
  seed: number,
  most: number = MOST_CONFIGURATIONS,
): Int32Array {
  if (count <= most) return Int32Array.from({ length: count }, (_, at) => at)
  const others = stream(seed, 'configurations')
    .permutation(count)
    .filter((at) => at !== winner)
  return Int32Array.from([winner, ...others.subarray(0, most - 1)]).sort()
}

/** Mean over standard deviation of the returns, not annualised; 0 where they do not vary. */
export function sharpePerPeriod(returns: ArrayLike<number>): number {
  const deviation = standardDeviation(returns)
  return deviation > 0 ? mean(returns) / deviation : 0
}

/** The Sharpe ratio of a year, risk-free rate 0; null for fewer than ten returns or returns that do not vary. */
export function annualSharpe(returns: ArrayLike<number>, periodsPerYear: number): number | null {
  if (returns.length < FEWEST_RETURNS || standardDeviation(returns) === 0) return null
  return sharpePerPeriod(returns) * Math.sqrt(periodsPerYear)
}

function refusal(path: number[], problem: string): ValidationError {
  const remedy = 'Give every configuration one finite return for each day, 0 for a day without a position.'
  return ValidationError.at(['returns', ...path.map(String)], `${problem}. ${remedy}`)
}
