import { localKernel } from '../engine/wasm.ts'

/** How far a trade log can be trusted, each 0…100. */
export interface TradeDataQuality {
  /** 0.3, 0.3, 0.2 and 0.2 of the four below */
  score: number
  completeness: number
  tradeCount: number
  regimeDiversity: number
  timeCoverage: number
}

export interface LogFacts {
  trades: number
  /** mean share of the fields that are there and make sense, 0…1 */
  completeness: number
  /** trades in each of the five regimes */
  regimeCounts: readonly number[]
  /** from the first to the last trade */
  spanDays: number
  /** days with a trade */
  activeDays: number
}

const ENOUGH_TRADES = 200
const ENOUGH_DAYS = 30

export function dataQuality(facts: LogFacts): TradeDataQuality {
  const { trades, spanDays, activeDays } = facts
  const busy = spanDays > 0 ? Math.min(1, activeDays / Math.ceil(spanDays)) : 0
  const completeness = 100 * facts.completeness
  const tradeCount = 100 * Math.min(1, trades / ENOUGH_TRADES)
  const regimeDiversity = 100 * evenness(facts.regimeCounts)
  const timeCoverage = 100 * (0.5 * Math.min(1, spanDays / ENOUGH_DAYS) + 0.5 * busy)
  const score = 0.3 * completeness + 0.3 * tradeCount + 0.2 * regimeDiversity + 0.2 * timeCoverage
  return { score, completeness, tradeCount, regimeDiversity, timeCoverage }
}

/** Entropy as a share of the largest possible one: 1 where all are equally frequent, 0 where there is only one. */
function evenness(counts: readonly number[]): number {
  const { kernel } = localKernel()
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 0
  const entropy = counts.reduce((sum, count) => sum - (count && (count / total) * kernel.log(count / total)), 0)
  return Math.max(0, Math.min(1, entropy / kernel.log(counts.length)))
}
