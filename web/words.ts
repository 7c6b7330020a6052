import type {
  ChangeOrigin,
  Channel,
  Distribution,
  ExitReason,
  JobPhase,
  JobStatus,
  MarketRegime,
  ReviewStatus,
  RiskLevel,
  SampleSplit,
  Sampler,
} from './generated/graphql.ts'

/** What the API calls in capitals, in plain words. */

export const CHANNEL: Record<Channel, string> = {
  API: 'API',
  DASHBOARD: 'dashboard',
  TELEGRAM: 'Telegram',
  SCHEDULE: 'schedule',
  CLI: 'command line',
}

export const STATUS: Record<JobStatus, string> = {
  PENDING: 'Waiting',
  RUNNING: 'Running',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
}

/** In the order of a job's life. */
export const PHASES: Record<JobPhase, string> = {
  QUEUED: 'Queued',
  LOADING: 'Loading candles',
  SAMPLING: 'Sampling',
  BACKTESTING: 'Backtesting',
  TRAINING: 'Training',
  ANALYSING: 'Analysing',
  SEARCHING: 'Searching',
  VALIDATING: 'Validating',
  FINISHED: 'Finished',
}

export const SPLIT: Record<SampleSplit, string> = {
  TRAIN: 'Training',
  VALIDATION: 'Validation',
  TEST: 'Test',
  NONE: 'Not learned from',
}

export const SAMPLER: Record<Sampler, string> = {
  LATIN_HYPERCUBE: 'Latin hypercube',
  SOBOL: 'Sobol',
  RANDOM: 'Random',
  GRID: 'Grid',
}

export const EXIT: Record<ExitReason, string> = {
  END_OF_DATA: 'End of data',
  EXIT_SIGNAL: 'Signal',
  LIQUIDATION: 'Liquidation',
  STOP_LOSS: 'Stop loss',
  TAKE_PROFIT: 'Take profit',
  TRAILING_STOP: 'Trailing stop',
}

export const DISTRIBUTION: Record<Distribution, string> = {
  UNIFORM: 'Uniform',
  LOG_UNIFORM: 'Log-uniform',
  INTEGER: 'Whole numbers',
  NORMAL: 'Normal',
  DISCRETE: 'Listed values',
  BOOLEAN: 'Yes or no',
}

export const REGIME: Record<MarketRegime, string> = {
  TRENDING_UP: 'Trending up',
  TRENDING_DOWN: 'Trending down',
  RANGING: 'Ranging',
  HIGH_VOLATILITY: 'High volatility',
  LOW_VOLATILITY: 'Low volatility',
}

export const RISK: Record<RiskLevel, string> = { LOW: 'Low risk', MEDIUM: 'Medium risk', HIGH: 'High risk' }

export const REVIEW: Record<ReviewStatus, string> = {
  PENDING: 'Waits for you',
  APPLIED: 'Applied',
  PARTIALLY_APPLIED: 'Partly applied',
  REJECTED: 'Rejected',
  EXPIRED: 'Expired',
  EMPTY: 'Nothing to change',
}

export const ORIGIN: Record<ChangeOrigin, string> = {
  MANUAL: 'By hand',
  REVIEW: 'Review',
  AUTO: 'By itself',
  ROLLBACK: 'Rolled back',
}

const CAPITALS: Record<string, string> = { SVR: 'SVR', XGBOOST: 'XGBoost', AUTO: 'Automatic' }

/** RANDOM_FOREST is Random forest; what is written in words already stays as it is. */
export function algorithmName(algorithm: string): string {
  if (CAPITALS[algorithm]) return CAPITALS[algorithm]
  return /^[A-Z_]+$/.test(algorithm) ? sentence(algorithm.toLowerCase().replaceAll('_', ' ')) : algorithm
}

/** camelCase or snake_case as words: nEstimators is N estimators. */
export function sentence(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
