import type { Matrix } from '../models/estimator.ts'
import { overfittingOf } from './overfitting.ts'
import { DAYS_PER_YEAR } from './returns.ts'
import { judgeSharpe, type SharpeEvidence } from './sharpe.ts'
import { superiorPredictiveAbility } from './spa.ts'

/** What a compute thread needs in order to judge a choice. */
export interface SelectionInput {
  /** f64[configurations × days]: the returns of one configuration after those of another; the chosen one comes last */
  returns: Float64Array
  days: number
  /** parameter sets ever tried on this market, at least the configurations */
  trialsEver: number
  seed: number
  /** 365 for days, fewer where bars are longer than a day */
  periodsPerYear?: number
}

/** Whether a choice among many configurations is more than the luck of the best. Null = not defined. */
export interface SelectionEvidence extends SharpeEvidence {
  /** configurations that were compared */
  configurations: number
  /** PBO */
  probabilityOfOverfitting: number | null
  /** share of the choices in cross-validation that lose out of sample */
  probabilityOfLoss: number | null
  /** slope of the out-of-sample on the in-sample Sharpe ratio of those choices: below 0 what is better is worse later */
  degradation: number | null
  /** p of Hansen's test against doing nothing, and of White's */
  superiorPredictiveAbility: number | null
  realityCheck: number | null
}

/** Everything that is asked of the daily returns of all configurations together. Runs in a compute thread. */
export function judgeSelection(input: SelectionInput): SelectionEvidence {
  const matrix = transposed(input)
  const overfitting = overfittingOf(matrix)
  const ability = superiorPredictiveAbility(matrix, input.seed)
  return {
    ...judgeSharpe(matrix, matrix.columns - 1, input.trialsEver, input.periodsPerYear ?? DAYS_PER_YEAR),
    configurations: matrix.columns,
    probabilityOfOverfitting: overfitting && overfitting.probability,
    probabilityOfLoss: overfitting && overfitting.probabilityOfLoss,
    degradation: overfitting?.degradation?.slope ?? null,
    superiorPredictiveAbility: ability && ability.pValue.consistent,
    realityCheck: ability && ability.realityCheck.pValue,
  }
}

/** One row a day, one column a configuration. An equity beyond all numbers counts as one that stands still. */
function transposed({ returns, days }: SelectionInput): Matrix {
  const columns = returns.length / days
  const values = new Float64Array(returns.length)
  for (let k = 0; k < columns; k++) {
    for (let day = 0; day < days; day++) {
      const value = returns[k * days + day]
      values[day * columns + k] = Number.isFinite(value) ? value : 0
    }
  }
  return { rows: days, columns, values }
}
