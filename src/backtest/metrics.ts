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

/** One figure of all samples. @param metrics f64[count × 26] @returns f64[count] */
export function metricValues(metrics: Float64Array, name: MetricName): Float64Array {
  const width = METRIC_NAMES.length
  const column = METRIC_NAMES.indexOf(name)
  const values = new Float64Array(metrics.length / width)
  for (let at = 0; at < values.length; at++) values[at] = metrics[at * width + column]
  return values
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
  return target(objective, metrics[OBJECTIVE_METRIC[objective]], metrics.grossProfit)
}

/**
 * The same of many rows as the kernel writes them, without an object for each.
 *
 * @param metrics f64[count × 26]
 * @returns f64[count], NaN where it is not defined
 */
export function objectiveColumn(objective: Objective, metrics: Float64Array): Float64Array {
  const values = metricValues(metrics, OBJECTIVE_METRIC[objective])
  if (objective !== 'PROFIT_FACTOR') return values
  const profits = metricValues(metrics, 'grossProfit')
  return values.map((value, at) => target(objective, Number.isNaN(value) ? null : value, profits[at]) ?? NaN)
}

function target(objective: Objective, value: number | null, grossProfit: number | null): number | null {
  if (objective !== 'PROFIT_FACTOR') return value
  if (value === null) return grossProfit! > 0 ? PROFIT_FACTOR_CAP : null
  return Math.min(value, PROFIT_FACTOR_CAP)
}
