/**
 * The figures of a backtest, in the order in which the kernel writes them: one row of f64 per sample, NaN where a
 * figure is not defined for it. Formulas: `assembly/metrics.ts`. Fractions, not per cent; money in quote currency.
 */
export const METRIC_NAMES = [
  'roi',
  'cagr',
  'sharpeRatio',
  'sortinoRatio',
  'calmarRatio',
  'volatility',
  'maxDrawdown',
  'maxDrawdownDurationMs',
  'tradeCount',
  'winRate',
  'grossProfit',
  'grossLoss',
  'profitFactor',
  'expectancy',
  'expectancyAbs',
  'averageWin',
  'averageLoss',
  'payoffRatio',
  'sqn',
  'bestTrade',
  'worstTrade',
  'exposure',
  'averageTradeDurationMs',
  'feesPaid',
  'buyAndHoldRoi',
  'finalEquity',
] as const

export type MetricName = (typeof METRIC_NAMES)[number]

/** The figures of one sample; null = not defined for it, never a stand-in number. */
export type Metrics = Record<MetricName, number | null>

/** @param row f64[26] as the kernel writes it */
export function metricsOf(row: Float64Array): Metrics {
  const metrics = {} as Metrics
  METRIC_NAMES.forEach((name, at) => (metrics[name] = Number.isNaN(row[at]) ? null : row[at]))
  return metrics
}

/** Why a backtest has no figures but its number of trades: see `undefineOverflow` in assembly/metrics.ts. */
export const BEYOND_NUMBERS =
  'The equity grows beyond all numbers, so no figure is defined. Check the funding rate and the leverage.'

export function isBeyondNumbers({ finalEquity }: Metrics): boolean {
  return finalEquity === null
}

/** What a job can optimise. */
export const OBJECTIVES = [
  'ROI',
  'CAGR',
  'SHARPE_RATIO',
  'SORTINO_RATIO',
  'CALMAR_RATIO',
  'MAX_DRAWDOWN',
  'WIN_RATE',
  'PROFIT_FACTOR',
  'EXPECTANCY',
  'SQN',
] as const
export type Objective = (typeof OBJECTIVES)[number]

const OBJECTIVE_METRIC: Record<Objective, MetricName> = {
  ROI: 'roi',
  CAGR: 'cagr',
  SHARPE_RATIO: 'sharpeRatio',
  SORTINO_RATIO: 'sortinoRatio',
  CALMAR_RATIO: 'calmarRatio',
  MAX_DRAWDOWN: 'maxDrawdown',
  WIN_RATE: 'winRate',
  PROFIT_FACTOR: 'profitFactor',
  EXPECTANCY: 'expectancy',
  SQN: 'sqn',
}

/** A profit factor above this says no more than this: with hardly a loss the ratio explodes. */
const PROFIT_FACTOR_CAP = 10

/** +1 where more is better, −1 where less is. */
export function direction(objective: Objective): 1 | -1 {
  return objective === 'MAX_DRAWDOWN' ? -1 : 1
}

/** The value of an objective as a model target; null where it is not defined. */
export function objectiveValue(objective: Objective, metrics: Metrics): number | null {
  const value = metrics[OBJECTIVE_METRIC[objective]]
  if (objective !== 'PROFIT_FACTOR') return value
  if (value === null) return metrics.grossProfit! > 0 ? PROFIT_FACTOR_CAP : null
  return Math.min(value, PROFIT_FACTOR_CAP)
}
