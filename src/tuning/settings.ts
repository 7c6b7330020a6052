import type { Objective } from '../backtest/metrics.ts'
import type { Period } from '../backtest/period.ts'
import type { ExecutionSettings } from '../engine/execution.ts'
import { TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import type { Algorithm } from '../models/estimator.ts'
import type { FeatureSettings } from '../models/features.ts'
import type { Sampler } from '../strategy/sampling.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import type { RiskLimits } from './job.ts'
import type { TuningJobRow } from './table.ts'

/** Everything that decides the outcome of a job, beside the candles. */
export interface TuningSettings {
  /** with the job's own parameter space in place of the strategy's */
  strategy: StrategyDefinition
  timeframeMs: number
  training: Period
  test: Period
  execution: ExecutionSettings
  sampler: Sampler
  sampleCount: number
  seed: number
  objective: Objective
  /** that are not the objective; they decide the Pareto front */
  secondaryObjectives: Objective[]
  riskLimits: RiskLimits
  algorithm: Algorithm
  hyperparameters: Record<string, number>
  features: FeatureSettings
  /** placebo tunings; 0 = none, null = as many as the budget allows */
  placeboRuns: number | null
  /** what the ledger of the market said when the job was created */
  ledger: Ledger
}

/** What has been tried on a market before a job. */
export interface Ledger {
  /** parameter sets */
  trials: number
  /** judgements of results on candles of the job's test period */
  oosUses: number
}

/** What decided the outcome of a stored job. */
export function settingsOf(row: TuningJobRow): TuningSettings {
  return {
    strategy: row.strategy,
    timeframeMs: TIMEFRAMES[row.timeframe as Timeframe],
    training: { from: row.trainingFrom, to: row.trainingTo },
    test: { from: row.testFrom, to: row.testTo },
    execution: row.execution,
    sampler: row.sampler,
    sampleCount: row.sampleCount,
    seed: row.seed,
    objective: row.objective,
    secondaryObjectives: row.secondaryObjectives,
    riskLimits: row.riskLimits,
    algorithm: row.algorithm as Algorithm,
    hyperparameters: row.hyperparameters,
    features: row.features,
    placeboRuns: row.placeboRuns,
    ledger: { trials: row.trialsBefore, oosUses: row.oosUsesBefore },
  }
}

/** Samples with fewer trades say nothing: they are shown, not learned from. */
export const MIN_TRADES = 10

export function minTrades({ riskLimits }: Pick<TuningSettings, 'riskLimits'>): number {
  return riskLimits.minTrades ?? MIN_TRADES
}
