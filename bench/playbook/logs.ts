import { Random } from '../../src/engine/random.ts'
import { MARKET_REGIMES, type MarketRegime } from '../../src/market/regimes.ts'
import type { AnalysisInput } from '../../src/playbook/analysis.ts'
import { NO_FORECASTS, type ForecastLog } from '../../src/playbook/forecasts.ts'
import { DEFAULT_SETTINGS } from '../../src/playbook/settings.ts'
import { tradeLog, type LoggedTrade } from '../../src/playbook/trade-log.ts'

/** What simulated trades are like. */
export interface Kind {
  winRate: number
  /** size of a win over that of a loss */
  payoff: number
  /** where this holds; everywhere where not given, and elsewhere trades are a coin's */
  regime?: MarketRegime
  trades: number
  /** how often forecasts below the threshold in force come true; none are made where not given */
  forecasts?: number
}

const SPAN_MS = 80 * 86_400_000
const LEVERAGE = 3
/** In force; trades from 50 on show what lower ones would do. With forecasts nothing below it was ever traded. */
const THRESHOLD = 65
const FORECAST_THRESHOLD = 70
/** Forecasts for each trade. */
const FORECASTS = 4

const sizeOf = (random: Random): number => 0.01 * (0.3 + 1.4 * random.float())

function tradesOf(kind: Kind, seed: number): LoggedTrade[] {
  const random = new Random(seed, kind.trades)
  const least = kind.forecasts === undefined ? 50 : FORECAST_THRESHOLD
  return Array.from({ length: kind.trades }, (_, at) => {
    const regime = MARKET_REGIMES[random.int(5)]
    const planted = kind.regime === undefined || kind.regime === regime
    const [winRate, payoff] = planted ? [kind.winRate, kind.payoff] : [0.5, 1]
    const move = (random.float() < winRate ? payoff : -1) * sizeOf(random)
    const exitTime = (at / kind.trades) * SPAN_MS + random.int(1000)
    return {
      side: 'LONG',
      strategy: random.int(2) ? 'a' : 'b',
      regime,
      regimeAtExit: null,
      volatilityPercentile: random.float() * 0.9,
      confidence: least + random.int(100 - least),
      leverage: LEVERAGE,
      entryTime: exitTime - 3_600_000,
      exitTime,
      entryPrice: 100,
      exitPrice: 100 * (1 + move),
      stopLoss: null,
      minPrice: null,
      maxPrice: null,
      profitRatio: LEVERAGE * move,
      profitAbs: 100 * LEVERAGE * move,
    }
  })
}

function forecastsOf({ forecasts, trades, winRate, payoff }: Kind, seed: number): ForecastLog {
  if (forecasts === undefined) return NO_FORECASTS
  const random = new Random(seed, 7)
  const count = FORECASTS * trades
  const confidence = Float64Array.from({ length: count }, () => 40 + random.int(60))
  const hit = Uint8Array.from(confidence, (value) =>
    random.float() < (value < FORECAST_THRESHOLD ? forecasts : winRate) ? 1 : 0,
  )
  return {
    regime: Uint8Array.from(confidence, () => random.int(5)),
    confidence,
    hit,
    change: Float64Array.from(hit, (isHit) => (isHit ? payoff : 1) * sizeOf(random)),
  }
}

/** What a review of such trades would look at, before any model is heard. */
export function inputOf(kind: Kind, seed: number): AnalysisInput {
  const confidenceThreshold = kind.forecasts === undefined ? THRESHOLD : FORECAST_THRESHOLD
  const lowest = kind.forecasts === undefined ? 50 : FORECAST_THRESHOLD
  return {
    log: tradeLog(tradesOf(kind, seed)),
    plays: MARKET_REGIMES.map((regime) => ({
      regime,
      leverage: LEVERAGE,
      riskRewardRatio: 2,
      confidenceThreshold,
      stopLoss: null,
      takeProfit: null,
      strategyWeights: [
        { strategy: 'a', weight: 0.5 },
        { strategy: 'b', weight: 0.5 },
      ],
    })),
    settings: DEFAULT_SETTINGS,
    forecasts: forecastsOf(kind, seed),
    lowestThreshold: Object.fromEntries(MARKET_REGIMES.map((regime) => [regime, lowest])),
    references: [],
    models: [],
    seed: 14,
  }
}
