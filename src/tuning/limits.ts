import type { Metrics } from '../backtest/metrics.ts'
import { violationOf, type LimitCheck } from '../evidence/feasibility.ts'
import type { RiskLimits } from './job.ts'

/** How far a result breaks the limits, each as a share of itself; 0 = within all. What is not defined breaks by 1. */
export function violation(limits: RiskLimits, metrics: Metrics): number {
  const checks: [value: number | null, limit: number | null, kind: LimitCheck['kind']][] = [
    [metrics.maxDrawdown, limits.maxDrawdown, 'AT_MOST'],
    [metrics.tradeCount, limits.minTrades, 'AT_LEAST'],
    [metrics.winRate, limits.minWinRate, 'AT_LEAST'],
    [metrics.profitFactor, limits.minProfitFactor, 'AT_LEAST'],
  ]
  return violationOf(checks.flatMap(([value, limit, kind]) => (limit === null ? [] : [{ value, limit, kind }])))
}

/** Whether a result keeps every limit; a figure that is not defined breaks its limit. */
export function isWithin(limits: RiskLimits, metrics: Metrics): boolean {
  return violation(limits, metrics) === 0
}
