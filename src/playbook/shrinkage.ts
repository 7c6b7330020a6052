import { betaQuantile, type Interval } from '../evidence/statistics.ts'

/** Pseudo-trades of the whole playbook that every regime is mixed with. */
export const PSEUDO_TRADES = 20

/**
 * A regime's win rate, moved toward that of all regimes: the mean of Beta(wins + 20 p, losses + 20 (1 − p)).
 *
 * @param overall p, win rate of all regimes, 0…1
 */
export function shrunkWinRate(wins: number, trades: number, overall: number): number {
  return (wins + PSEUDO_TRADES * overall) / (trades + PSEUDO_TRADES)
}

/** 90 % of the same Beta distribution lie within; null where all trades of all regimes had one outcome. */
export function shrunkWinRateInterval(wins: number, trades: number, overall: number): Interval | null {
  const a = wins + PSEUDO_TRADES * overall
  const b = trades - wins + PSEUDO_TRADES * (1 - overall)
  const [low, high] = [betaQuantile(0.05, a, b), betaQuantile(0.95, a, b)]
  return low === null || high === null ? null : { low, high }
}

/** A mean, moved toward that of everything. */
export function shrunkMean(mean: number, trades: number, overall: number): number {
  return (trades * mean + PSEUDO_TRADES * overall) / (trades + PSEUDO_TRADES)
}
