import type { MarketRegime } from '../market/regimes.ts'
import type { Optimizer, PlaybookParameter, RiskLevel } from './play.ts'

/** The shapes that a review is made of. */

export interface Interval {
  low: number
  high: number
  level: number
}

/** The trades that speak for a recommendation: those of its regime, and of its strategy where it is about one. */
export interface Evidence {
  trades: number
  winRate: number
  /** Wilson, 95 % */
  winRateInterval: Interval
  meanProfit: number
  /** 0…1, mean volatility percentile at entry */
  volatility: number
  averageWin: number | null
  /** as a positive number */
  averageLoss: number | null
  forecastAccuracy: number | null
  /** resolved forecasts that stand in for trades that no threshold in force let through */
  forecasts: number
}

/** The change replayed on the logged trades. */
export interface ExpectedEffect {
  metric: string
  before: number
  after: number
  /** of the difference after − before, by bootstrap */
  interval: Interval
}

export interface RecommendedChange {
  regime: MarketRegime
  parameter: PlaybookParameter
  strategy: string | null
  current: number
  recommended: number
  /** relative, signed */
  change: number
  risk: RiskLevel
  /** 0…100 */
  confidence: number
  rationale: string
  evidence: Evidence
  expectedEffect: ExpectedEffect | null
}

/** How well a model predicts. */
export interface ModelFit {
  /** on the trades it learned from; null where it could not be trained or the target does not vary */
  r2: number | null
  /** in units of the target */
  mae: number | null
  /** on trades of other times than those it learned from */
  crossValidationR2: number | null
  trainedOn: number
}

/** What an optimizer's model is good for. */
export interface ModelScore extends ModelFit {
  optimizer: Optimizer
  /** the stored model; null where there were too few trades to train one */
  modelId: string | null
}

export interface DriftWarning {
  feature: string
  /** population stability index; null where it does not apply */
  stability: number | null
  /** Kolmogorov-Smirnov */
  pValue: number | null
  message: string
}

/** The playbook's strategy with the change, backtested on the lookback period of its market. */
export interface BacktestCheck {
  from: number
  to: number
  before: BacktestFigures
  after: BacktestFigures
  /** what of the change a backtest can show, in words */
  note: string
}

export interface BacktestFigures {
  roi: number | null
  sharpeRatio: number | null
  maxDrawdown: number | null
  tradeCount: number
}
