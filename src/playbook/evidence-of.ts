import { wilsonInterval } from '../evidence/statistics.ts'
import type { Evidence } from './review.ts'
import type { TradeLog } from './trade-log.ts'

/** What some trades of a log say. @param places which ones */
export function evidenceOf(log: TradeLog, places: Int32Array, forecastAccuracy: number | null): Evidence {
  const profits = Float64Array.from(places, (at) => log.profitRatio[at])
  const wins = profits.filter((profit) => profit > 0)
  const losses = profits.filter((profit) => profit < 0)
  const volatility = Float64Array.from(places, (at) => log.volatility[at])
  const trades = profits.length
  return {
    trades,
    winRate: trades > 0 ? wins.length / trades : 0,
    winRateInterval: { ...(wilsonInterval(wins.length, trades) ?? { low: 0, high: 1 }), level: 0.95 },
    meanProfit: trades > 0 ? sum(profits) / trades : 0,
    volatility: trades > 0 ? sum(volatility) / trades : 0,
    averageWin: wins.length > 0 ? sum(wins) / wins.length : null,
    averageLoss: losses.length > 0 ? -sum(losses) / losses.length : null,
    forecastAccuracy,
    forecasts: 0,
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
