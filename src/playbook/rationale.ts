import type { RecommendedChange } from './review.ts'

const NAMES = {
  LEVERAGE: 'leverage',
  RISK_REWARD_RATIO: 'risk/reward ratio',
  CONFIDENCE_THRESHOLD: 'confidence threshold',
  STOP_LOSS: 'stop loss',
  TAKE_PROFIT: 'take profit',
  STRATEGY_WEIGHT: 'weight',
} as const

/** A change in a few words: "leverage 3 → 2.4 in RANGING". */
export function describe({
  regime,
  parameter,
  strategy,
  current,
  recommended,
}: Pick<RecommendedChange, 'regime' | 'parameter' | 'strategy' | 'current' | 'recommended'>): string {
  const what = strategy === null ? NAMES[parameter] : `${NAMES[parameter]} of ${strategy}`
  return `${what} ${figure(current)} → ${figure(recommended)} in ${regime}`
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)))
}
