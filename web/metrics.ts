import type { KeyMetricsFragment, Metric } from './generated/graphql.ts'
import { percent, ratio, whole } from './format.ts'

/** The figures that results are compared by. */
export type KeyMetric = Exclude<keyof KeyMetricsFragment, '__typename'>

interface MetricInfo {
  label: string
  format: (value: number | null | undefined) => string
  /** True where less is better. */
  lowerIsBetter?: boolean
  /** For a title: what it says. */
  meaning: string
}

/** How each figure is named and written. Fractions are shown as per cent, as a trader reads them. */
export const METRICS: Record<KeyMetric, MetricInfo> = {
  roi: { label: 'ROI', format: percent, meaning: 'Final equity over initial capital, less 1; costs included.' },
  cagr: { label: 'CAGR', format: percent, meaning: 'The same as a yearly rate; not defined below 30 days.' },
  sharpeRatio: {
    label: 'Sharpe ratio',
    format: ratio,
    meaning: 'Mean over standard deviation of the daily returns, a year; not defined below 10 days.',
  },
  sortinoRatio: { label: 'Sortino ratio', format: ratio, meaning: 'As the Sharpe ratio, against falls only.' },
  calmarRatio: { label: 'Calmar ratio', format: ratio, meaning: 'CAGR over the maximal drawdown.' },
  maxDrawdown: {
    label: 'Max. drawdown',
    format: percent,
    lowerIsBetter: true,
    meaning: 'Deepest fall from an equity peak, as a share of it.',
  },
  winRate: { label: 'Win rate', format: percent, meaning: 'Share of trades that ended above zero, costs included.' },
  profitFactor: { label: 'Profit factor', format: ratio, meaning: 'Sum of wins over sum of losses.' },
  expectancy: { label: 'Expectancy', format: (value) => percent(value, 2), meaning: 'Mean profit of a trade.' },
  sqn: { label: 'SQN', format: ratio, meaning: '√trades times mean over standard deviation of the profits.' },
  tradeCount: { label: 'Trades', format: whole, meaning: 'Closed positions.' },
}

const OBJECTIVE: Record<Metric, KeyMetric> = {
  CAGR: 'cagr',
  CALMAR_RATIO: 'calmarRatio',
  EXPECTANCY: 'expectancy',
  MAX_DRAWDOWN: 'maxDrawdown',
  PROFIT_FACTOR: 'profitFactor',
  ROI: 'roi',
  SHARPE_RATIO: 'sharpeRatio',
  SORTINO_RATIO: 'sortinoRatio',
  SQN: 'sqn',
  WIN_RATE: 'winRate',
}

/** What a job can optimise, in the order in which the form offers it. */
export const OBJECTIVES = Object.keys(OBJECTIVE) as Metric[]

/** The figure that an objective is. */
export function metricOf(objective: Metric): KeyMetric {
  return OBJECTIVE[objective]
}

export function objectiveLabel(objective: Metric): string {
  return METRICS[OBJECTIVE[objective]].label
}

export function formatObjective(objective: Metric, value: number | null | undefined): string {
  return METRICS[OBJECTIVE[objective]].format(value)
}
