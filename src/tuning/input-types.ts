import { ExecutionInput, MetricEnum } from '../backtest/schema.ts'
import { builder } from '../graphql/builder.ts'
import { AlgorithmEnum } from '../models/schema.ts'
import { ParameterSpecInput, SamplerEnum } from '../strategy/schema.ts'
import { JOB_STATUSES, SAMPLE_SPLITS } from './job.ts'
import type { TuningJobOrder } from './job-list.ts'
import type { SampleOrder } from './sample-list.ts'

export const JobStatusEnum = builder.enumType('JobStatus', {
  description: 'PENDING waits in the queue, RUNNING is in the hands of a worker, the others are final.',
  values: JOB_STATUSES,
})

export const SampleSplitEnum = builder.enumType('SampleSplit', {
  description:
    'Which part of the learning a sample belongs to. NONE: too few trades, or an objective that is not defined.',
  values: SAMPLE_SPLITS,
})

const SortDirectionEnum = builder.enumType('SortDirection', { values: ['ASC', 'DESC'] as const })

export const SampleFilterInput = builder.inputType('SampleFilter', {
  fields: (t) => ({
    split: t.field({ type: [SampleSplitEnum] }),
    minTrades: t.int(),
    minObjective: t.float(),
  }),
})

const SampleOrderFieldEnum = builder.enumType('SampleOrderField', {
  values: ['INDEX', 'OBJECTIVE', 'PREDICTED'] as const,
})

export const SampleOrderInput = builder.inputType('SampleOrder', {
  fields: (t) => ({
    field: t.field({ type: SampleOrderFieldEnum, required: true }),
    direction: t.field({ type: SortDirectionEnum, required: true, defaultValue: 'ASC' }),
  }),
})

export const DEFAULT_SAMPLE_ORDER: SampleOrder = { field: 'INDEX', direction: 'ASC' }

export const TuningJobFilterInput = builder.inputType('TuningJobFilter', {
  fields: (t) => ({
    status: t.field({ type: [JobStatusEnum] }),
    algorithm: t.field({ type: [AlgorithmEnum] }),
    productionReady: t.boolean(),
    strategyId: t.id(),
    marketId: t.id(),
    search: t.string({ description: 'Part of the name or of the id, in any case.' }),
  }),
})

const TuningJobOrderFieldEnum = builder.enumType('TuningJobOrderField', {
  values: ['CREATED_AT', 'FINISHED_AT', 'SCORE', 'DURATION'] as const,
})

export const TuningJobOrderInput = builder.inputType('TuningJobOrder', {
  fields: (t) => ({
    field: t.field({ type: TuningJobOrderFieldEnum, required: true }),
    direction: t.field({ type: SortDirectionEnum, required: true, defaultValue: 'DESC' }),
  }),
})

export const DEFAULT_JOB_ORDER: TuningJobOrder = { field: 'CREATED_AT', direction: 'DESC' }

const PeriodInput = builder.inputType('PeriodInput', {
  fields: (t) => ({
    from: t.field({ type: 'DateTime', required: true }),
    to: t.field({ type: 'DateTime', required: true, description: 'Exclusive.' }),
  }),
})

const RiskLimitsInput = builder.inputType('RiskLimitsInput', {
  fields: (t) => ({ maxDrawdown: t.float(), minTrades: t.int(), minWinRate: t.float(), minProfitFactor: t.float() }),
})

const FeatureSettingsInput = builder.inputType('FeatureSettingsInput', {
  fields: (t) => ({
    interactions: t.boolean({ required: true, defaultValue: true }),
    market: t.boolean({ required: true, defaultValue: true }),
    temporal: t.boolean({ required: true, defaultValue: false }),
  }),
})

export const CreateTuningJobInput = builder.inputType('CreateTuningJobInput', {
  fields: (t) => ({
    name: t.string(),
    strategyId: t.id({ required: true }),
    marketId: t.id({ required: true }),
    timeframe: t.string({ description: "The market's own where not given; a coarser one is resampled." }),
    trainingPeriod: t.field({ type: PeriodInput, required: true }),
    testPeriod: t.field({ type: PeriodInput, required: true, description: 'After the training period.' }),
    parameterSpace: t.field({
      type: [ParameterSpecInput],
      description: "Replaces the strategy's own space, parameter by parameter.",
    }),
    sampler: t.field({ type: SamplerEnum, required: true, defaultValue: 'LATIN_HYPERCUBE' }),
    sampleCount: t.int({ required: true, defaultValue: 200 }),
    seed: t.int({ description: '1 where not given. The same seed gives the same result.' }),
    objective: t.field({ type: MetricEnum, required: true, defaultValue: 'SHARPE_RATIO' }),
    secondaryObjectives: t.field({ type: [MetricEnum] }),
    riskLimits: t.field({ type: RiskLimitsInput }),
    algorithm: t.field({ type: AlgorithmEnum, required: true, defaultValue: 'XGBOOST' }),
    hyperparameters: t.field({ type: 'JSON', description: 'By name and within the ranges of Query.algorithms.' }),
    features: t.field({ type: FeatureSettingsInput }),
    execution: t.field({ type: ExecutionInput }),
    placeboRuns: t.int({
      description:
        'Tunings of markets without structure to hold the result against. 100, or what fits the budget, where not given; 0 switches them off, and then the gate fails.',
    }),
    allowGaps: t.boolean({ description: 'Tune although more than 5 % of the candles are missing.' }),
  }),
})
