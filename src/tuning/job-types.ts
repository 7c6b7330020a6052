import { ExecutionSettingsType, MetricEnum } from '../backtest/schema.ts'
import { builder } from '../graphql/builder.ts'
import { MarketType } from '../market/schema.ts'
import { findMarket } from '../market/service.ts'
import type { Algorithm } from '../models/estimator.ts'
import type { FeatureSettings } from '../models/features.ts'
import { AlgorithmEnum, FitScoresType, ModelType, PredictionConnection, predictionPage } from '../models/schema.ts'
import { findModel } from '../models/service.ts'
import { ParameterSpecType, SamplerEnum, StrategyType } from '../strategy/schema.ts'
import { findStrategy } from '../strategy/service.ts'
import { DEFAULT_SAMPLE_ORDER, JobStatusEnum, SampleFilterInput, SampleOrderInput } from './input-types.ts'
import { MarketConditionsType } from './condition-types.ts'
import { MonteCarloType, ProvenanceType, RobustnessType, StressType, WalkForwardType } from './evidence-types.ts'
import { JOB_PHASES, type JobError, type RiskLimits } from './job.ts'
import {
  CandidateType,
  CrossValidationType,
  LearningCurveType,
  CorrelationMatrixType,
  FeatureImportanceType,
  OutOfSampleType,
  ReadinessType,
  SensitivityType,
} from './result-types.ts'
import { PeriodType } from './period-type.ts'
import { exportJob, SAMPLES_AT_ONCE, type ExportFormat } from './export/service.ts'
import { SampleConnection, samplePage } from './sample-types.ts'
import { durationMs, findTuningJob } from './service.ts'
import type { TuningJobRow } from './table.ts'

const JobPhaseEnum = builder.enumType('JobPhase', { description: 'What a job is doing.', values: JOB_PHASES })

const ReportFormatEnum = builder.enumType('ReportFormat', {
  values: {
    MARKDOWN: { description: 'For people: the verdict and everything that it rests on.' },
    JSON: { description: 'The same for programs.' },
    FREQTRADE: { description: "The best parameters as freqtrade's file beside a strategy (ft_stratparam_v 1)." },
    YAML: { description: 'The best parameters as YAML, with their evidence as comments.' },
    SAMPLES_CSV: { description: 'All samples with their metrics; see fromSample.' },
    SAMPLES_PARQUET: { description: 'The same as a Parquet file, in base64.' },
    TRADES_CSV: { description: 'The trades of the best parameters out of sample.' },
    TRADES_PARQUET: { description: 'The same as a Parquet file, in base64.' },
  } satisfies Record<ExportFormat, object>,
})

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
      description: 'What the market did in windows of the training period; see TuningJob.marketConditions.',
    }),
    temporal: t.exposeBoolean('temporal', { description: 'Time of day, week and year of these windows.' }),
  }),
})

export const TuningJobType = builder.objectRef<TuningJobRow>('TuningJob')

builder.node(TuningJobType, {
  authScopes: { role: 'VIEWER' },
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
    hyperparameters: t.field({
      type: 'JSON',
      description: 'As they were given. Where none were, the job chose among presets; the model has what it came to.',
      resolve: (job) => job.hyperparameters,
    }),
    features: t.field({ type: FeatureSettingsType, resolve: (job) => job.features }),

    training: t.field({ type: FitScoresType, nullable: true, resolve: (job) => job.result?.training ?? null }),
    validation: t.field({ type: FitScoresType, nullable: true, resolve: (job) => job.result?.validation ?? null }),
    test: t.field({
      type: FitScoresType,
      nullable: true,
      description: 'Computed once, after every choice.',
      resolve: (job) => job.result?.test ?? null,
    }),
    crossValidation: t.field({
      type: CrossValidationType,
      nullable: true,
      description: 'On training and validation part; null where nothing was learned, and for jobs of older versions.',
      resolve: (job) => job.result?.crossValidation ?? null,
    }),
    learningCurve: t.field({
      type: LearningCurveType,
      nullable: true,
      description: 'Would more samples help? Null where it would have taken too long.',
      resolve: (job) => job.result?.learningCurve ?? null,
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
    parameterImportance: t.field({
      type: [FeatureImportanceType],
      description: 'featureImportance by raw parameter: those that share a feature share its help.',
      resolve: (job) => job.result?.parameterImportance ?? [],
    }),
    marketConditions: t.field({
      type: MarketConditionsType,
      nullable: true,
      description:
        'Null where neither market nor temporal features were asked for, or the period is too short for them.',
      resolve: (job) => job.result?.marketConditions ?? null,
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
    paretoFront: t.field({
      type: [CandidateType],
      description:
        'What nothing that was backtested beats in objective and secondaryObjectives at once, in sample and within the risk limits. Empty without secondaryObjectives.',
      resolve: (job) => job.result?.paretoFront ?? [],
    }),
    hypervolume: t.float({
      nullable: true,
      description:
        'Share of the range of all objectives that paretoFront dominates, 0..1; higher is better. The ranges are the same for all jobs.',
      resolve: (job) => job.result?.hypervolume ?? null,
    }),
    outOfSample: t.field({
      type: OutOfSampleType,
      nullable: true,
      resolve: (job) => job.result?.outOfSample ?? null,
    }),
    robustness: t.field({ type: RobustnessType, nullable: true, resolve: (job) => job.result?.robustness ?? null }),
    walkForward: t.field({
      type: WalkForwardType,
      nullable: true,
      description: 'With training windows that move along.',
      resolve: (job) => job.result?.walkForward ?? null,
    }),
    anchoredWalkForward: t.field({
      type: WalkForwardType,
      nullable: true,
      description: 'With training windows that all start where the training period does.',
      resolve: (job) => job.result?.anchoredWalkForward ?? null,
    }),
    monteCarlo: t.field({
      type: MonteCarloType,
      nullable: true,
      description: 'By BOOTSTRAP; null with fewer than ten trades out of sample.',
      resolve: (job) => job.result?.monteCarlo?.find(({ method }) => method === 'BOOTSTRAP') ?? null,
    }),
    monteCarloMethods: t.field({
      type: [MonteCarloType],
      description: 'By every method that the result is enough for.',
      resolve: (job) => job.result?.monteCarlo ?? [],
    }),
    stress: t.field({ type: [StressType], resolve: (job) => job.result?.stress ?? [] }),
    provenance: t.field({ type: ProvenanceType, nullable: true, resolve: (job) => job.result?.provenance ?? null }),
    report: t.string({
      description: 'The whole result in a form another tool can read: settings, best parameters and their evidence.',
      args: {
        format: t.arg({ type: ReportFormatEnum, required: true, defaultValue: 'MARKDOWN' }),
        fromSample: t.arg.int({
          required: true,
          defaultValue: 0,
          description: `Samples come in pieces of ${SAMPLES_AT_ONCE}: the index with which this one begins. Of CSV only the first has a header, of Parquet each is a file; the one behind the last is empty.`,
        }),
      },
      resolve: (job, args, ctx) => exportJob(ctx, job, args),
    }),
    placeboRuns: t.exposeInt('placeboRuns', {
      nullable: true,
      description: 'As asked for: null leaves it to the budget, 0 switches them off.',
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
        samplePage(ctx, job, filter ?? {}, orderBy ?? DEFAULT_SAMPLE_ORDER, args),
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
