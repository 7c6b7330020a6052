import { METRIC_NAMES, metricValues } from '../backtest/metrics.ts'
import { averageRanks, isConstant, pearson } from '../engine/statistics.ts'
import { studentTTwoSided } from '../evidence/statistics.ts'
import { selectValues } from '../models/matrix.ts'
import type { Association } from './job.ts'

/** Pairs that are kept, the strongest: all of them up to 19 parameters. */
const KEPT = 500
/** With fewer rows a line always fits. */
const MIN_ROWS = 3

export interface AssociationsInput {
  /** f64[samples] by name */
  parameters: [name: string, values: Float64Array][]
  /** f64[samples × 26], NaN where a metric is not defined */
  metrics: Float64Array
}

/**
 * Which metrics go up or down with which parameter: Pearson's and Spearman's correlation of every parameter with every
 * metric over the samples that have it, the strongest rank correlations first.
 *
 * The p-value is that of the t approximation of Spearman's rho, n − 2 degrees of freedom, corrected for the number of
 * pairs looked at (Holm 1979).
 */
export function associations({ parameters, metrics }: AssociationsInput): Association[] {
  const whole = parameters.map(([, values]) => averageRanks(values))
  const found = METRIC_NAMES.flatMap((metric) => {
    const all = metricValues(metrics, metric)
    const present = Int32Array.from(all.keys()).filter((row) => !Number.isNaN(all[row]))
    const y = selectValues(all, present)
    if (present.length < MIN_ROWS || isConstant(y)) return []
    const isComplete = present.length === all.length
    const rankedY = averageRanks(y) // sorting is what takes long
    return parameters.flatMap(([parameter, values], at) => {
      const x = isComplete ? values : selectValues(values, present)
      const rho = pearson(isComplete ? whole[at] : averageRanks(x), rankedY)
      const linear = pearson(x, y)
      if (rho === null || linear === null) return []
      return [{ parameter, metric, pearson: linear, spearman: rho, count: y.length, pValue: chance(rho, y.length) }]
    })
  })
  return holm(found)
    .sort((a, b) => Math.abs(b.spearman) - Math.abs(a.spearman))
    .slice(0, KEPT)
}

/** Probability of a rank correlation at least this strong where there is none. */
function chance(rho: number, count: number): number {
  const rest = 1 - rho * rho
  if (rest <= 0) return 0
  return studentTTwoSided(rho * Math.sqrt((count - 2) / rest), count - 2) ?? 1
}

/** Each p-value times the number of those that are not smaller, never below that of a smaller one, at most 1. */
function holm(pairs: Association[]): Association[] {
  const order = [...pairs.keys()].sort((a, b) => pairs[a].pValue - pairs[b].pValue || a - b)
  const corrected = [...pairs]
  let highest = 0
  order.forEach((at, place) => {
    highest = Math.max(highest, Math.min(1, (pairs.length - place) * pairs[at].pValue))
    corrected[at] = { ...pairs[at], pValue: highest }
  })
  return corrected
}
