import { wilsonInterval, type Interval } from '../evidence/statistics.ts'

export interface Accuracy {
  /** improved / (improved + worsened); null where none is decided */
  value: number | null
  /** Wilson, 95 % */
  interval: Interval | null
}

/** How many of the applied changes that could be judged made things better. */
export function recommendationAccuracy(improved: number, worsened: number): Accuracy {
  const judged = improved + worsened
  return { value: judged > 0 ? improved / judged : null, interval: wilsonInterval(improved, judged) }
}

const WILD = 0.3

export interface Stability {
  /** 1 where reviews ask for the same values, 0 where they move them by 30 % each; null without any change */
  stability: number | null
  /** how often a change went back on the one before */
  signFlips: number
}

/** @param changes relative changes as they were applied, in order of time */
export function parameterStability(changes: readonly number[]): Stability {
  const size = changes.reduce((sum, change) => sum + Math.abs(change), 0) / changes.length
  const moves = changes.filter((change) => change !== 0)
  const signFlips = moves.filter((change, at) => at > 0 && change > 0 !== moves[at - 1] > 0).length
  return { stability: changes.length > 0 ? 1 - Math.min(1, size / WILD) : null, signFlips }
}
