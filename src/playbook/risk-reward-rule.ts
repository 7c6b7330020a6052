import { MIN_REGIME_TRADES } from './leverage-rule.ts'

export interface RiskRewardEvidence {
  wins: number
  losses: number
  /** mean of the winning trades */
  averageWin: number
  /** mean of the losing trades, as a positive number */
  averageLoss: number
}

export interface RiskRewardAdvice {
  /** averageWin / averageLoss; null where there is no loss to compare with */
  actual: number | null
  newRatio: number
  reason: 'insufficient_trades' | 'actual_above_target' | 'actual_below_target' | 'within_band'
}

const LEAST_OF_EACH = 5

/**
 * Move the target half the way to what trades really bring, at most 30 %; nothing while they are within 30 % of it.
 * Needs 20 trades, 5 of them won and 5 lost.
 */
export function riskRewardRule(evidence: RiskRewardEvidence, target: number): RiskRewardAdvice {
  const { wins, losses, averageWin, averageLoss } = evidence
  const actual = averageLoss > 0 ? averageWin / averageLoss : null
  const enough = wins + losses >= MIN_REGIME_TRADES && Math.min(wins, losses) >= LEAST_OF_EACH
  if (!enough || actual === null) return { actual, newRatio: target, reason: 'insufficient_trades' }
  const halfWay = 1 + (actual / target - 1) / 2
  if (actual > 1.3 * target) {
    return { actual, newRatio: target * Math.min(1.3, halfWay), reason: 'actual_above_target' }
  }
  if (actual < 0.7 * target) {
    return { actual, newRatio: target * Math.max(0.7, halfWay), reason: 'actual_below_target' }
  }
  return { actual, newRatio: target, reason: 'within_band' }
}
