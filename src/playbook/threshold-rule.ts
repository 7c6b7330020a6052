import { localKernel } from '../engine/wasm.ts'

/** The confidence thresholds that are compared. */
export const THRESHOLDS = [50, 60, 70, 80] as const

const LEAST_TRADES = 10

/** Trades at or above a threshold. */
export interface ThresholdEvidence {
  trades: number
  wins: number
  /** sum of their results */
  pnl: number
}

export interface ThresholdScore {
  threshold: number
  /** null where a threshold was below the lowest one in force: its trades were never taken */
  trades: number | null
  avgPnl: number | null
  winRate: number | null
  score: number | null
  reason: 'not_observed' | 'too_few' | null
}

export interface ThresholdAdvice {
  table: ThresholdScore[]
  recommended: number
  reason: 'best_score' | 'no_profitable_threshold' | 'insufficient_trades'
}

/**
 * The threshold with the largest score, the lowest one of equals. A score that is not positive recommends nothing.
 *
 * Score: average result · win rate · ln(trades). For a negative average the share of losses takes the place of the win
 * rate, because the plain product would call a higher win rate worse.
 *
 * @param evidence    one entry per threshold of THRESHOLDS
 * @param lowestForce lowest threshold that was in force while the trades were made
 */
export function thresholdRule(
  evidence: readonly ThresholdEvidence[],
  lowestForce: number,
  current: number,
): ThresholdAdvice {
  const table = THRESHOLDS.map((threshold, at) => scored(threshold, evidence[at], threshold < lowestForce))
  const known = table.filter((entry): entry is ThresholdScore & { score: number } => entry.score !== null)
  if (known.length === 0) return { table, recommended: current, reason: 'insufficient_trades' }
  const best = known.reduce((top, entry) => (entry.score > top.score ? entry : top))
  if (best.score <= 0) return { table, recommended: current, reason: 'no_profitable_threshold' }
  return { table, recommended: best.threshold, reason: 'best_score' }
}

function scored(threshold: number, { trades, wins, pnl }: ThresholdEvidence, unseen: boolean): ThresholdScore {
  const nothing = { threshold, avgPnl: null, winRate: null, score: null }
  if (unseen) return { ...nothing, trades: null, reason: 'not_observed' }
  if (trades < LEAST_TRADES) return { ...nothing, trades, reason: 'too_few' }
  const avgPnl = pnl / trades
  const winRate = wins / trades
  const rate = avgPnl >= 0 ? winRate : 1 - winRate
  return { threshold, trades, avgPnl, winRate, score: avgPnl * rate * localKernel().kernel.log(trades), reason: null }
}
