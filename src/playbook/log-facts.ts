import { mean } from '../engine/statistics.ts'
import { MARKET_REGIMES } from '../market/regimes.ts'
import type { LogFacts } from './data-quality.ts'
import type { TradeLog } from './trade-log.ts'

const DAY_MS = 86_400_000

/** What the data quality of a log is judged by. */
export function logFacts(log: TradeLog): LogFacts {
  const { count, exitTime, entryTime } = log
  const days = new Set(Array.from(exitTime, (time) => Math.floor(time / DAY_MS)))
  const first = entryTime.reduce((least, time) => Math.min(least, time), Infinity)
  return {
    trades: count,
    completeness: count > 0 ? mean(log.validity) : 0,
    regimeCounts: MARKET_REGIMES.map((_, code) => log.regime.reduce((sum, one) => sum + (one === code ? 1 : 0), 0)),
    spanDays: count > 0 ? (exitTime[count - 1] - first) / DAY_MS : 0,
    activeDays: days.size,
  }
}
