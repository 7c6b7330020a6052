import type { MetricName, Metrics, Objective } from '../backtest/metrics.ts'
import type { MonteCarlo } from '../evidence/monte-carlo.ts'
import type { Readiness } from '../evidence/readiness.ts'
import type { CorrelationMatrix } from '../models/correlation.ts'
import type { FeatureKind } from '../models/features.ts'
import type { FitScores } from '../models/validation.ts'
import type { MarketConditions } from './market-conditions.ts'
import type { Stress } from './monte-carlo.ts'
import type { Provenance } from './provenance.ts'
import type { Robustness } from './robustness.ts'
import type { WalkForward } from './walk-forward.ts'

/**
 * PENDING waits in the queue; RUNNING is in a worker's hands; the other three are final. A worker that dies leaves
 * RUNNING behind, and the queue hands the job to another; `retry` takes FAILED and CANCELLED back to PENDING.
 */
export const JOB_STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const
export type JobStatus = (typeof JOB_STATUSES)[number]

export const JOB_PHASES = [
  'QUEUED',
  'LOADING',
  'SAMPLING',
  'BACKTESTING',
  'TRAINING',
  'ANALYSING',
  'SEARCHING',
  'VALIDATING',
  'FINISHED',
] as const
export type JobPhase = (typeof JOB_PHASES)[number]

/** Parts of the samples; NONE says too little to learn from: too few trades, or an objective that is not defined. */
export const SAMPLE_SPLITS = ['TRAIN', 'VALIDATION', 'TEST', 'NONE'] as const
export type SampleSplit = (typeof SAMPLE_SPLITS)[number]

export interface JobError {
  code: string
  message: string
  phase: JobPhase
  /** whether trying again without changing anything may help */
  retryable: boolean
}

/** Candidates must keep within these; null = no limit. */
export interface RiskLimits {
  maxDrawdown: number | null
  minTrades: number | null
  minWinRate: number | null
  minProfitFactor: number | null
}

/** Parameters by name. */
export type Parameters = Record<string, number>

export interface Interval {
  low: number
  high: number
  level: number
}

export interface FeatureImportance {
  feature: string
  /** left out by older versions */
  kind?: FeatureKind
  importance: number
  standardDeviation: number | null
  shap: number | null
  /** share of the training error that its splits removed; left out by older versions */
  gain?: number | null
  rank: number
}

/** How a metric goes with a parameter over the samples. */
export interface Association {
  parameter: string
  metric: MetricName
  pearson: number
  spearman: number
  /** samples that have the metric */
  count: number
  /** of the rank correlation, corrected for the number of pairs */
  pValue: number
}

/** How models of the chosen kind predict samples that they have not seen, over and over. */
export interface CrossValidationResult {
  folds: number
  repeats: number
  r2Mean: number | null
  r2StandardDeviation: number | null
  r2ByFold: (number | null)[]
  /** R² of all out-of-fold predictions together */
  outOfFoldR2: number | null
}

export interface LearningCurveResult {
  points: { rows: number; r2: number | null }[]
  /** what the curve leads to at `expectedRows` samples */
  expectedR2: number | null
  expectedRows: number
}

export interface SensitivityPoint {
  value: number
  objective: number
  low: number
  high: number
}

export interface Sensitivity {
  parameter: string
  points: SensitivityPoint[]
  firstOrder: number | null
  total: number | null
  /** 95 % bootstrap intervals; left out by older versions */
  firstOrderInterval?: Interval | null
  totalInterval?: Interval | null
  safeRange: Interval | null
}

/** A parameter set that the search proposed: what the model says of it and what real backtests say. */
export interface Candidate {
  rank: number
  parameters: Parameters
  predicted: number
  interval: Interval
  confidence: number
  outOfDomain: boolean
  inSample: Metrics | null
  outOfSample: Metrics | null
  plateau: number | null
}

export interface OutOfSample {
  parameters: Parameters
  metrics: Metrics
  inSample: Metrics
  predicted: number
  actual: number | null
  baselines: { name: string; metrics: Metrics }[]
}

/** What a finished job found out, apart from its samples and its model. */
export interface JobResult {
  objective: Objective
  chosenAlgorithm: string | null
  training: FitScores | null
  validation: FitScores | null
  test: FitScores | null
  /** left out by versions that did not cross-validate */
  crossValidation?: CrossValidationResult | null
  learningCurve?: LearningCurveResult | null
  overfitting: number | null
  readiness: Readiness
  featureImportance: FeatureImportance[]
  /** the same with engineered features handed back to the parameters that they are made of */
  parameterImportance?: FeatureImportance[]
  /** null where it was not asked for or says nothing */
  marketConditions?: MarketConditions | null
  sensitivity: Sensitivity[]
  correlations: (CorrelationMatrix & { strongest?: Association[] }) | null
  candidates: Candidate[]
  /** left out by versions that knew one objective only */
  paretoFront?: Candidate[]
  hypervolume?: number | null
  outOfSample: OutOfSample | null
  // results that were stored before these were asked for are without them
  robustness?: Robustness | null
  /** rolling */
  walkForward?: WalkForward | null
  anchoredWalkForward?: WalkForward | null
  /** a method each; BOOTSTRAP is the one to quote */
  monteCarlo?: MonteCarlo[]
  stress?: Stress[]
  provenance?: Provenance
}
