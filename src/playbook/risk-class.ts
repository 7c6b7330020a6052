import type { PlaybookParameter, RiskLevel } from './play.ts'

export type Direction = 'raises_risk' | 'lowers_risk' | 'neutral' | 'none'

export interface RiskClass {
  /** (new − old) / |old| */
  relativeChange: number
  direction: Direction
  risk: RiskLevel
}

/** +1 where a larger number means more risk, −1 where a smaller one does, 0 where neither. */
const RISKIER: Record<PlaybookParameter, -1 | 0 | 1> = {
  LEVERAGE: 1,
  STOP_LOSS: 1,
  CONFIDENCE_THRESHOLD: -1,
  RISK_REWARD_RATIO: 0,
  TAKE_PROFIT: 0,
  STRATEGY_WEIGHT: 0,
}

/** Relative changes up to which a change is LOW, and up to which MEDIUM. */
const LIMITS: Record<Direction, [low: number, medium: number]> = {
  raises_risk: [0.05, 0.15],
  lowers_risk: [0.2, Infinity],
  neutral: [0.1, Infinity],
  none: [Infinity, Infinity],
}

/** A change of exactly 5 % must not be MEDIUM because of the last bit. */
const ROUNDING = 1e-9

/** How dangerous a change of one number is; strategy weights change together: `weightRisk`. */
export function riskClass(parameter: PlaybookParameter, old: number, next: number): RiskClass {
  const relativeChange = relative(old, next)
  const direction = directionOf(parameter, old, next)
  return { relativeChange, direction, risk: levelOf(Math.abs(relativeChange), LIMITS[direction]) }
}

/** All strategy weights of a regime as one change: by the largest move, absolute. */
export function weightRisk(old: readonly number[], next: readonly number[]): RiskLevel {
  return levelOf(Math.max(0, ...old.map((weight, at) => Math.abs(next[at] - weight))), [0.05, 0.15])
}

export function directionOf(parameter: PlaybookParameter, old: number, next: number): Direction {
  if (next === old) return 'none'
  const sense = RISKIER[parameter]
  if (sense === 0) return 'neutral'
  return next > old === sense > 0 ? 'raises_risk' : 'lowers_risk'
}

/** (new − old) / |old|; from nothing to something is a change of 1. */
export function relative(old: number, next: number): number {
  if (old === next) return 0
  return old === 0 ? Math.sign(next) : (next - old) / Math.abs(old)
}

function levelOf(change: number, [low, medium]: [number, number]): RiskLevel {
  if (change <= low + ROUNDING) return 'LOW'
  return change <= medium + ROUNDING ? 'MEDIUM' : 'HIGH'
}
