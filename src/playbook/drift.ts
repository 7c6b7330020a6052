import { isConstant, standardDeviation } from '../engine/statistics.ts'
import { kolmogorovSmirnov, pageHinkley, populationStability } from '../evidence/statistics.ts'
import type { DriftWarning } from './review.ts'
import type { TradeLog } from './trade-log.ts'

const LEAST_TRADES = 30
const MODERATE = 0.1
const MAJOR = 0.25
const SIGNIFICANT = 0.01

/** Columns that are watched, in the words of a warning. */
const WATCHED = [
  ['confidence', 'The confidence of signals'],
  ['leverage', 'The leverage of trades'],
  ['volatility', 'The volatility at entry'],
] as const

/**
 * Whether the last third of the trades is still like the two before it: shifts of what trades are made of, a change of
 * what they bring, and a fall of it.
 */
export function driftWarnings(log: TradeLog): DriftWarning[] {
  const split = Math.floor((2 * log.count) / 3)
  if (split < LEAST_TRADES || log.count - split < LEAST_TRADES) return []
  const halves = (values: Float64Array): [Float64Array, Float64Array] => [values.slice(0, split), values.slice(split)]
  const shifts = WATCHED.flatMap(([feature, words]): DriftWarning[] => {
    const [before, after] = halves(log[feature])
    const stability = isConstant(before) ? null : populationStability(before, after)
    // With few trades ten bins are never equally full: a shift must also be one to the test that knows their number.
    const test = kolmogorovSmirnov(before, after)
    if (stability === null || stability < MODERATE || !test || test.pValue >= SIGNIFICANT) return []
    const size = stability >= MAJOR ? 'majorly' : 'moderately'
    return [
      {
        feature,
        stability,
        pValue: test.pValue,
        message: `${words} has shifted ${size} (index ${stability.toFixed(2)}).`,
      },
    ]
  })
  return [...shifts, ...profitWarnings(log.profitRatio, ...halves(log.profitRatio))]
}

function profitWarnings(all: Float64Array, before: Float64Array, after: Float64Array): DriftWarning[] {
  const warnings: DriftWarning[] = []
  const test = kolmogorovSmirnov(before, after)
  if (test && test.pValue < SIGNIFICANT) {
    const message = `Results of trades are distributed differently than before (p = ${test.pValue.toPrecision(2)}).`
    warnings.push({ feature: 'profitRatio', stability: null, pValue: test.pValue, message })
  }
  const spread = standardDeviation(before)
  if (spread > 0 && pageHinkley(all.map((profit) => profit / spread)).alarmAt !== null) {
    const message = 'Results of trades have fallen below their own mean for longer than chance explains.'
    warnings.push({ feature: 'profitRatio', stability: null, pValue: null, message })
  }
  return warnings
}
