import { ExecutionInput, ExecutionSettingsType, MetricEnum } from '../backtest/schema.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { statesOf } from '../graphql/subscription.ts'
import { MarketType } from '../market/schema.ts'
import { findMarket } from '../market/service.ts'
import type { Algorithm } from '../models/estimator.ts'
import type { FeatureSettings } from '../models/features.ts'
import { AlgorithmEnum, FitScoresType, ModelType, PredictionConnection, predictionPage } from '../models/schema.ts'
import { findModel } from '../models/service.ts'
import { ParameterSpecInput, ParameterSpecType, SamplerEnum, StrategyType } from '../strategy/schema.ts'
import { findStrategy } from '../strategy/service.ts'
import type { CreateTuningJobInput as JobInput } from './input.ts'
import { JOB_PHASES, JOB_STATUSES, type JobError, type RiskLimits } from './job.ts'
import {
  CandidateType,
  CorrelationMatrixType,
  FeatureImportanceType,
  OutOfSampleType,
  ReadinessType,
  SensitivityType,
} from './result-types.ts'
import { SampleConnection, samplePage, SampleSplitEnum } from './sample-types.ts'
import {
  cancelTuningJob,
  countTuningJobs,
  createTuningJob,
  deleteTuningJobs,
  durationMs,
  estimateTuningJob,
  findOptimal,
  findTuningJob,
  getTuningJob,
  jobKey,
  JOB_TOPIC,
  listTuningJobs,
  retryTuningJobs,
  type Estimate,
  type OptimalSearch,
  type SampleFilter,
  type SampleOrder,
  type TuningJobFilter,
  type TuningJobOrder,
} from './service.ts'
import type { TuningJobRow } from './table.ts'

const JobStatusEnum = builder.enumType('JobStatus', {
  description: 'PENDING waits in the queue, RUNNING is in the hands of a worker, the others are final.',
  values: JOB_STATUSES,
})

const JobPhaseEnum = builder.enumType('JobPhase', { description: 'What a job is doing.', values: JOB_PHASES })

const SortDirectionEnum = builder.enumType('SortDirection', { values: ['ASC', 'DESC'] as const })

const ProgressType = builder.objectRef<TuningJobRow>('Progress').implement({
  description: 'How far a job is.',
  fields: (t) => ({
    phase: t.field({ type: JobPhaseEnum, resolve: (job) => job.phase }),
    done: t.exposeInt('done', { description: 'Steps of the phase.' }),
    total: t.exposeInt('total'),
    fraction: t.exposeFloat('fraction', { description: '0..1 over the whole job, never going back.' }),
    etaMs: t.exposeFloat('etaMs', { nullable: true, description: 'What is left, by the pace so far.' }),
    backtestsPerSecond: t.exposeFloat('backtestsPerSecond', { nullable: true }),
  }),
})

const JobErrorType = builder.objectRef<JobError>('JobError').implement({
  description: 'Why a job failed.',
  fields: (t) => ({
    code: t.exposeString('code'),
    message: t.exposeString('message'),
    phase: t.field({ type: JobPhaseEnum, resolve: (error) => error.phase }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether trying again without a change may help.' }),
  }),
})

const PeriodType = builder.objectRef<{ from: number; to: number }>('Period').implement({
  description: 'Half-open: from ≤ open time < to.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (period) => new Date(period.from) }),
    to: t.field({ type: 'DateTime', resolve: (period) => new Date(period.to) }),
  }),
})

const RiskLimitsType = builder.objectRef<RiskLimits>('RiskLimits').implement({
  description: 'What proposed candidates must keep, in sample.',
  fields: (t) => ({
    maxDrawdown: t.exposeFloat('maxDrawdown', { nullable: true }),
    minTrades: t.exposeInt('minTrades', { nullable: true }),
    minWinRate: t.exposeFloat('minWinRate', { nullable: true }),
    minProfitFactor: t.exposeFloat('minProfitFactor', { nullable: true }),
  }),
})

const FeatureSettingsType = builder.objectRef<FeatureSettings>('FeatureSettings').implement({
  description: 'What the model learns from, beside the parameters.',
  fields: (t) => ({
    interactions: t.exposeBoolean('interactions', { description: 'Risk/reward ratio, distances between thresholds.' }),
    market: t.exposeBoolean('market', {
      description: 'State of the market; constant while all samples share a period.',
    }),
    temporal: t.exposeBoolean('temporal', { description: 'Time of day, week and year; constant likewise.' }),
  }),
})

export const TuningJobType = builder.objectRef<TuningJobRow>('TuningJob')

builder.node(TuningJobType, {
  description: 'A search for the parameters of a strategy on a market, with its evidence.',
  id: { resolve: (job) => job.id },
  loadOne: (id, ctx) => findTuningJob(ctx, id),
  isTypeOf: (job: unknown) => typeof job === 'object' && job !== null && 'trainingFrom' in job,
  fields: (t) => ({
    name: t.exposeString('name'),
    status: t.field({ type: JobStatusEnum, resolve: (job) => job.status }),
    progress: t.field({ type: ProgressType, resolve: (job) => job }),
    attempt: t.exposeInt('attempt', { description: 'How often a worker has taken it up.' }),
    revision: t.exposeInt('revision', {
      description: 'Grows with every change of the job, so that a client can tell old news from new.',
    }),
    resultDigest: t.exposeString('resultDigest', {
      nullable: true,
      description: 'SHA-256 over samples, model and verdict: equal for equal input, whatever ran it.',
    }),
    error: t.field({ type: JobErrorType, nullable: true, resolve: (job) => job.error }),
    warnings: t.exposeStringList('warnings', { description: 'What a user can act on.' }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    durationMs: t.float({ nullable: true, resolve: durationMs }),

    strategy: t.field({
      type: StrategyType,
      description: 'As it is today; the job keeps its own copy of the rules.',
      resolve: async (job, _, ctx) => (await findStrategy(ctx, job.strategyId))!,
    }),
    market: t.field({ type: MarketType, resolve: async (job, _, ctx) => (await findMarket(ctx, job.marketId))! }),
    timeframe: t.exposeString('timeframe'),
    trainingPeriod: t.field({
      type: PeriodType,
      resolve: (job) => ({ from: job.trainingFrom, to: job.trainingTo }),
    }),
    testPeriod: t.field({
      type: PeriodType,
      description: 'Never seen by sampling, training or search.',
      resolve: (job) => ({ from: job.testFrom, to: job.testTo }),
    }),
    execution: t.field({ type: ExecutionSettingsType, resolve: (job) => job.execution }),
    parameterSpace: t.field({ type: [ParameterSpecType], resolve: (job) => job.strategy.parameterSpace }),
    sampler: t.field({ type: SamplerEnum, resolve: (job) => job.sampler }),
    sampleCount: t.exposeInt('sampleCount'),
    seed: t.exposeInt('seed'),
    objective: t.field({ type: MetricEnum, resolve: (job) => job.objective }),
    secondaryObjectives: t.field({ type: [MetricEnum], resolve: (job) => job.secondaryObjectives }),
    riskLimits: t.field({ type: RiskLimitsType, resolve: (job) => job.riskLimits }),
    algorithm: t.field({ type: AlgorithmEnum, resolve: (job) => job.algorithm as Algorithm }),
    chosenAlgorithm: t.string({
      nullable: true,
      description: 'The algorithm that AUTO or ENSEMBLE settled on, with its parts and weights.',
      resolve: (job) => job.result?.chosenAlgorithm ?? null,
    }),
    hyperparameters: t.field({ type: 'JSON', resolve: (job) => job.hyperparameters }),
    features: t.field({ type: FeatureSettingsType, resolve: (job) => job.features }),

    training: t.field({ type: FitScoresType, nullable: true, resolve: (job) => job.result?.training ?? null }),
    validation: t.field({ type: FitScoresType, nullable: true, resolve: (job) => job.result?.validation ?? null }),
    test: t.field({
      type: FitScoresType,
      nullable: true,
      description: 'Computed once, after every choice.',
      resolve: (job) => job.result?.test ?? null,
    }),
    overfitting: t.float({
      nullable: true,
      description: 'Training R² minus validation R², at least 0.',
      resolve: (job) => job.result?.overfitting ?? null,
    }),
    readiness: t.field({ type: ReadinessType, nullable: true, resolve: (job) => job.result?.readiness ?? null }),
    featureImportance: t.field({
      type: [FeatureImportanceType],
      resolve: (job) => job.result?.featureImportance ?? [],
    }),
    sensitivity: t.field({ type: [SensitivityType], resolve: (job) => job.result?.sensitivity ?? [] }),
    correlations: t.field({
      type: CorrelationMatrixType,
      nullable: true,
      resolve: (job) => job.result?.correlations ?? null,
    }),

    bestParameters: t.field({
      type: 'Parameters',
      nullable: true,
      description: 'Of the first candidate.',
      resolve: (job) => job.result?.candidates[0]?.parameters ?? null,
    }),
    candidates: t.field({ type: [CandidateType], resolve: (job) => job.result?.candidates ?? [] }),
    outOfSample: t.field({
      type: OutOfSampleType,
      nullable: true,
      resolve: (job) => job.result?.outOfSample ?? null,
    }),

    model: t.field({
      type: ModelType,
      nullable: true,
      resolve: (job, _, ctx) => (job.modelId ? findModel(ctx, job.modelId) : null),
    }),
    samples: t.field({
      type: SampleConnection,
      args: {
        first: t.arg.int(),
        after: t.arg.string(),
        last: t.arg.int(),
        before: t.arg.string(),
        filter: t.arg({ type: SampleFilterInput }),
        orderBy: t.arg({ type: SampleOrderInput }),
      },
      resolve: (job, { filter, orderBy, ...args }, ctx) =>
        samplePage(ctx, job, (filter ?? {}) as SampleFilter, orderBy ?? DEFAULT_SAMPLE_ORDER, args),
    }),
    predictions: t.field({
      type: PredictionConnection,
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (job, args, ctx) => predictionPage(ctx, { modelId: job.modelId ?? 'none' }, args),
    }),
  }),
})

// The model's way back to its job stands here, since a job knows of models and not the other way round.
builder.objectField(ModelType, 'job', (t) =>
  t.field({ type: TuningJobType, nullable: true, resolve: (model, _, ctx) => findTuningJob(ctx, model.jobId) }),
)

const SampleFilterInput = builder.inputType('SampleFilter', {
  fields: (t) => ({
    split: t.field({ type: [SampleSplitEnum] }),
    minTrades: t.int(),
    minObjective: t.float(),
  }),
})

const SampleOrderFieldEnum = builder.enumType('SampleOrderField', {
  values: ['INDEX', 'OBJECTIVE', 'PREDICTED'] as const,
})

const SampleOrderInput = builder.inputType('SampleOrder', {
  fields: (t) => ({
    field: t.field({ type: SampleOrderFieldEnum, required: true }),
    direction: t.field({ type: SortDirectionEnum, required: true, defaultValue: 'ASC' }),
  }),
})

const DEFAULT_SAMPLE_ORDER: SampleOrder = { field: 'INDEX', direction: 'ASC' }

const TuningJobFilterInput = builder.inputType('TuningJobFilter', {
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

const TuningJobOrderInput = builder.inputType('TuningJobOrder', {
  fields: (t) => ({
    field: t.field({ type: TuningJobOrderFieldEnum, required: true }),
    direction: t.field({ type: SortDirectionEnum, required: true, defaultValue: 'DESC' }),
  }),
})

const DEFAULT_JOB_ORDER: TuningJobOrder = { field: 'CREATED_AT', direction: 'DESC' }

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

const CreateTuningJobInput = builder.inputType('CreateTuningJobInput', {
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
    algorithm: t.field({ type: AlgorithmEnum, required: true, defaultValue: 'RANDOM_FOREST' }),
    hyperparameters: t.field({ type: 'JSON', description: 'By name and within the ranges of Query.algorithms.' }),
    features: t.field({ type: FeatureSettingsInput }),
    execution: t.field({ type: ExecutionInput }),
    allowGaps: t.boolean({ description: 'Tune although more than 5 % of the candles are missing.' }),
  }),
})

const EstimateType = builder.objectRef<Estimate>('TuningJobEstimate').implement({
  description: 'What a job would cost.',
  fields: (t) => ({
    backtests: t.exposeInt('backtests'),
    bars: t.exposeInt('bars', { description: 'Of both periods.' }),
    durationMs: t.exposeFloat('durationMs', { description: 'Rough, on this machine.' }),
    memoryBytes: t.exposeFloat('memoryBytes'),
    warnings: t.exposeStringList('warnings'),
  }),
})

const OptimalSearchType = builder.objectRef<OptimalSearch>('OptimalSearch').implement({
  fields: (t) => ({
    candidates: t.field({ type: [CandidateType], resolve: (search) => search.candidates }),
    evaluated: t.exposeInt('evaluated', { description: 'Candidates that the model scored.' }),
    totalMs: t.exposeFloat('totalMs'),
  }),
})

builder.queryFields((t) => ({
  estimateTuningJob: t.field({
    type: EstimateType,
    description: 'What a job would cost before it is started.',
    args: { input: t.arg({ type: CreateTuningJobInput, required: true }) },
    resolve: (_, { input }, ctx) => estimateTuningJob(ctx, input as JobInput),
  }),
  tuningJobs: t.connection(
    {
      type: TuningJobType,
      args: { filter: t.arg({ type: TuningJobFilterInput }), orderBy: t.arg({ type: TuningJobOrderInput }) },
      resolve: (_, { filter, orderBy, ...args }, ctx) => {
        const order = orderBy ?? DEFAULT_JOB_ORDER
        return page(args, {
          key: (job: TuningJobRow) => jobKey(job, order),
          read: (slice) => listTuningJobs(ctx, (filter ?? {}) as TuningJobFilter, order, slice),
          count: () => countTuningJobs(ctx, (filter ?? {}) as TuningJobFilter),
        })
      },
    },
    { name: 'TuningJobConnection' },
    { name: 'TuningJobEdge' },
  ),
  tuningJob: t.field({
    type: TuningJobType,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findTuningJob(ctx, id),
  }),
  findOptimal: t.field({
    type: OptimalSearchType,
    description:
      "Draws candidates from the job's space, scores them, returns the best, checked by real backtests where verify is true.",
    args: {
      jobId: t.arg.id({ required: true }),
      candidates: t.arg.int({ required: true, defaultValue: 10_000 }),
      top: t.arg.int({ required: true, defaultValue: 10 }),
      seed: t.arg.int(),
      verify: t.arg.boolean({ required: true, defaultValue: true }),
    },
    resolve: (_, args, ctx) => findOptimal(ctx, args),
  }),
}))

builder.mutationFields((t) => ({
  createTuningJob: t.field({
    type: TuningJobType,
    description: 'Start a job. Every offending field is named at once; an answered job is never lost.',
    errors: {
      types: [ValidationError, NotFoundError],
      directResult: false,
      union: { name: 'CreateTuningJobResult' },
      result: { name: 'CreateTuningJobSuccess' },
      dataField: { name: 'job' },
    },
    args: { input: t.arg({ type: CreateTuningJobInput, required: true }) },
    resolve: (_, { input }, ctx) => createTuningJob(ctx, input as JobInput),
  }),
  cancelTuningJob: t.field({
    type: TuningJobType,
    description: 'Stop a job that waits or runs.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'CancelTuningJobResult' },
      result: { name: 'CancelTuningJobSuccess' },
      dataField: { name: 'job' },
    },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => cancelTuningJob(ctx, id),
  }),
  retryTuningJobs: t.field({
    type: [TuningJobType],
    description: 'Run failed or cancelled jobs again from the start; all of them, or none.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'RetryTuningJobsResult' },
      result: { name: 'RetryTuningJobsSuccess' },
      dataField: { name: 'jobs' },
    },
    args: { ids: t.arg.idList({ required: true }) },
    resolve: (_, { ids }, ctx) => retryTuningJobs(ctx, ids),
  }),
  deleteTuningJobs: t.field({
    type: ['ID'],
    description: 'Delete finished jobs with their samples and models; all of them, or none.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'DeleteTuningJobsResult' },
      result: { name: 'DeleteTuningJobsSuccess' },
      dataField: { name: 'deletedIds' },
    },
    args: { ids: t.arg.idList({ required: true }) },
    resolve: (_, { ids }, ctx) => deleteTuningJobs(ctx, ids),
  }),
}))

const isFinal = (job: TuningJobRow): boolean => !['PENDING', 'RUNNING'].includes(job.status)

builder.subscriptionFields((t) => ({
  tuningJobProgress: t.field({
    type: TuningJobType,
    description: 'The job now, then at every change until it is finished; the stream then ends.',
    args: { id: t.arg.id({ required: true }) },
    subscribe: async (_, { id }, ctx) => {
      await getTuningJob(ctx, id)
      return statesOf(ctx.events.subscribe(JOB_TOPIC, id), () => findTuningJob(ctx, id), { isFinal, isOne: true })
    },
    resolve: (job) => job,
  }),
  tuningJobChanged: t.field({
    type: TuningJobType,
    description: 'Any job that changed.',
    subscribe: (_, __, ctx) => statesOf(ctx.events.subscribe(JOB_TOPIC), (id) => findTuningJob(ctx, id), {}),
    resolve: (job) => job,
  }),
}))
