import { mean, standardDeviation } from '../engine/statistics.ts'
import { MARKET_REGIMES, type MarketRegime } from '../market/regimes.ts'
import type { ForecastScore } from './forecasts.ts'
import { tradesIn, type TradeLog } from './trade-log.ts'

/** What a playbook's trades have brought. What is not defined is null. */
export interface Performance {
  trades: number
  /** sum of profitAbs, quote currency */
  profit: number
  winRate: number | null
  /** profits over losses */
  profitFactor: number | null
  /** of daily sums of profit ratios, days without trades included, annualised by √365; null under 10 days */
  sharpeRatio: number | null
  /** of an account that puts everything into each trade, one after the other; fraction of the peak */
  maxDrawdown: number
  byRegime: RegimePerformance[]
  byStrategy: StrategyPerformance[]
}

export interface RegimePerformance {
  regime: MarketRegime
  trades: number
  profit: number
  winRate: number | null
  averageConfidence: number | null
  forecastAccuracy: number | null
  brierScore: number | null
}

export interface StrategyPerformance {
  strategy: string
  trades: number
  profit: number
  winRate: number | null
}

/** @param forecasts by regime code */
export function performanceOf(log: TradeLog, forecasts: readonly ForecastScore[]): Performance {
  const all = Int32Array.from({ length: log.count }, (_, at) => at)
  const won = sumOf(log.profitAbs, all, (profit) => Math.max(profit, 0))
  const lost = sumOf(log.profitAbs, all, (profit) => Math.max(-profit, 0))
  return {
    ...figures(log, all),
    profitFactor: lost > 0 ? won / lost : null,
    sharpeRatio: sharpeOf(log),
    maxDrawdown: drawdownOf(log.profitRatio),
    byRegime: MARKET_REGIMES.map((regime, code) => {
      const places = tradesIn(log, regime)
      const averageConfidence = places.length > 0 ? sumOf(log.confidence, places) / places.length : null
      const { accuracy, brier } = forecasts[code]
      return { regime, ...figures(log, places), averageConfidence, forecastAccuracy: accuracy, brierScore: brier }
    }).filter(({ trades, forecastAccuracy }) => trades > 0 || forecastAccuracy !== null),
    byStrategy: log.strategies.map((strategy, code) => ({
      strategy,
      ...figures(
        log,
        all.filter((at) => log.strategy[at] === code),
      ),
    })),
  }
}

function figures(log: TradeLog, places: Int32Array): { trades: number; profit: number; winRate: number | null } {
  const wins = places.filter((at) => log.profitAbs[at] > 0).length
  return {
    trades: places.length,
    profit: sumOf(log.profitAbs, places),
    winRate: places.length > 0 ? wins / places.length : null,
  }
}

function sumOf(values: Float64Array, places: Int32Array, part = (value: number): number => value): number {
  let total = 0
  for (const at of places) total += part(values[at])
  return total
}

const DAY_MS = 86_400_000
const LEAST_DAYS = 10
const DAYS_A_YEAR = 365

function sharpeOf({ count, exitTime, profitRatio }: TradeLog): number | null {
  if (count === 0) return null
  const first = Math.floor(exitTime[0] / DAY_MS)
  const days = Math.floor(exitTime[count - 1] / DAY_MS) - first + 1
  if (days < LEAST_DAYS) return null
  const daily = new Float64Array(days)
  for (let at = 0; at < count; at++) daily[Math.floor(exitTime[at] / DAY_MS) - first] += profitRatio[at]
  const deviation = standardDeviation(daily)
  return deviation > 0 ? (mean(daily) / deviation) * Math.sqrt(DAYS_A_YEAR) : null
}

function drawdownOf(profitRatio: Float64Array): number {
  let equity = 1
  let peak = 1
  let deepest = 0
  for (const profit of profitRatio) {
    equity *= Math.max(0, 1 + profit)
    peak = Math.max(peak, equity)
    deepest = Math.max(deepest, 1 - equity / peak)
    if (peak > 1e200) [equity, peak] = [equity / peak, 1] // only their ratio matters
  }
  return deepest
}
