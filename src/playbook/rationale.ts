import type { Sums } from './regime-statistics.ts'
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

/** Why the leverage should be another, by the reason of its rule. */
export function leverageWords(reason: string, sums: Sums, shrunk: number): string {
  const won = `${sums.wins} of ${sums.trades} trades won`
  if (reason === 'low_win_rate') return `Only ${won}, less than 40 %.`
  if (reason === 'HIGH_VOLATILITY') {
    return `Trades were opened at a volatility percentile of ${sums.volatility.toFixed(2)} on average, 0.8 or more.`
  }
  return `${won} (${percent(shrunk)} after shrinkage) at ${percent(sums.meanProfit, 2)} a trade, while the market was calm.`
}

/** What must be known of evidence that was never traded; nothing where all of it was. */
export function forecastWords(count: number): string {
  return count > 0 ? ` ${count} of them are resolved forecasts that nobody traded.` : ''
}

export function percent(fraction: number, digits = 0): string {
  return `${(100 * fraction).toFixed(digits)} %`
}
