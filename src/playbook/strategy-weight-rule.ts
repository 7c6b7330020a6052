import { shrunkMean } from './shrinkage.ts'

/** No strategy that is to be traded gets less. */
export const LEAST_WEIGHT = 0.05

export interface StrategyEvidence {
  trades: number
  /** mean profit ratio */
  meanReturn: number
}

export interface WeightAdvice {
  shrunk: number[]
  /** where the weights would go without a limit; null where no strategy earns anything */
  target: number[] | null
  /** share of the way that is taken, 0…1 */
  step: number
  weights: number[]
  reason: 'shrunk_expectancy' | 'no_positive_strategy'
}

/**
 * Weights in proportion to what each strategy earns, shrunk and never below 5 %; of the way there the largest step is
 * taken that moves no weight by more than its limit. They still add up to 1.
 *
 * @param limits per strategy, the most its weight may move; by default 30 % of it
 */
export function strategyWeightRule(
  current: readonly number[],
  evidence: readonly StrategyEvidence[],
  limits = weightLimits(current, 0.3),
): WeightAdvice {
  const shrunk = shrunkMeans(evidence)
  const positive = shrunk.map((mean) => Math.max(mean, 0))
  const total = sum(positive)
  if (!(total > 0)) {
    return { shrunk, target: null, step: 0, weights: [...current], reason: 'no_positive_strategy' }
  }
  const floored = positive.map((mean) => Math.max(mean / total, LEAST_WEIGHT))
  const target = floored.map((share) => share / sum(floored))
  const step = target.reduce((least, goal, at) => Math.min(least, stepWithin(goal - current[at], limits[at])), 1)
  const weights = current.map((weight, at) => weight + step * (target[at] - weight))
  return { shrunk, target, step, weights, reason: 'shrunk_expectancy' }
}

/** The most that weights may move at once. @param share of each, maxParameterChange */
export function weightLimits(weights: readonly number[], share: number): number[] {
  return weights.map((weight) => share * Math.max(weight, LEAST_WEIGHT))
}

function shrunkMeans(evidence: readonly StrategyEvidence[]): number[] {
  const trades = sum(evidence.map((one) => one.trades))
  const overall = trades > 0 ? sum(evidence.map((one) => one.trades * one.meanReturn)) / trades : 0
  return evidence.map((one) => shrunkMean(one.meanReturn, one.trades, overall))
}

function stepWithin(distance: number, limit: number): number {
  return distance === 0 ? 1 : Math.max(0, limit) / Math.abs(distance)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
