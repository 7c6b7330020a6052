import { shrunkWinRate } from './shrinkage.ts'

/** Fewer trades in a regime say nothing about it. */
export const MIN_REGIME_TRADES = 20

export interface LeverageEvidence {
  trades: number
  wins: number
  /** of all regimes, 0…1 */
  overallWinRate: number
  /** mean result of the regime's trades; its sign matters */
  meanPnl: number
  /** 0…1, mean over the regime's trades; null where nothing is known about it */
  volatilityPercentile: number | null
}

export type LeverageReason =
  | 'insufficient_trades'
  | 'low_win_rate'
  | 'HIGH_VOLATILITY'
  | 'high_win_rate_low_volatility'
  | 'no_rule'

export interface LeverageAdvice {
  shrunkWinRate: number
  factor: number
  reason: LeverageReason
  newLeverage: number
}

/**
 * The first rule that holds: under 20 trades none; raw win rate < 0.4, × 0.8; volatility percentile ≥ 0.8, × 0.8;
 * shrunk win rate > 0.6 with a percentile < 0.5 and a positive mean, × 1.2. To lower risk the raw numbers suffice;
 * to raise it takes more.
 *
 * @param bounds least and greatest leverage; never below 1
 */
export function leverageRule(
  evidence: LeverageEvidence,
  leverage: number,
  bounds: { min: number; max: number },
): LeverageAdvice {
  const shrunk = shrunkWinRate(evidence.wins, evidence.trades, evidence.overallWinRate)
  const { factor, reason } = firstMatch(evidence, shrunk)
  const newLeverage = Math.min(bounds.max, Math.max(bounds.min, 1, leverage * factor))
  return { shrunkWinRate: shrunk, factor, reason, newLeverage: factor === 1 ? leverage : newLeverage }
}

function firstMatch(
  { trades, wins, meanPnl, volatilityPercentile }: LeverageEvidence,
  shrunk: number,
): { factor: number; reason: LeverageReason } {
  if (trades < MIN_REGIME_TRADES) return { factor: 1, reason: 'insufficient_trades' }
  if (wins / trades < 0.4) return { factor: 0.8, reason: 'low_win_rate' }
  if (volatilityPercentile !== null && volatilityPercentile >= 0.8) return { factor: 0.8, reason: 'HIGH_VOLATILITY' }
  const calm = volatilityPercentile !== null && volatilityPercentile < 0.5
  if (shrunk > 0.6 && calm && meanPnl > 0) return { factor: 1.2, reason: 'high_win_rate_low_volatility' }
  return { factor: 1, reason: 'no_rule' }
}
