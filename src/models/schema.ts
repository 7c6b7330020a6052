import { MetricEnum } from '../backtest/schema.ts'
import type { AppContext } from '../context.ts'
import { builder } from '../graphql/builder.ts'
import { page, type PageArguments } from '../graphql/connection.ts'
import type { Objective } from '../backtest/metrics.ts'
import { findMarket } from '../market/service.ts'
import { MarketType } from '../market/schema.ts'
import { findStrategy } from '../strategy/service.ts'
import { StrategyType } from '../strategy/schema.ts'
import { ESTIMATORS } from './algorithms.ts'
import { INTERVAL_LEVEL } from './confidence.ts'
import { ALGORITHMS, type Algorithm, type Estimator, type HyperparameterInfo } from './estimator.ts'
import { modelAs, MODEL_FORMATS } from './download.ts'
import {
  countPredictions,
  findPrediction,
  listPredictions,
  MIN_VERIFIED,
  trackRecord,
  type PredictionFilter,
} from './predictions.ts'
import type { ReliabilityBin } from './reliability.ts'
import {
  countModels,
  findModel,
  listModels,
  loadModel,
  scoreCandidates,
  type CandidateScores,
  type ModelInfo,
} from './service.ts'
import type { PredictionRow } from './table.ts'
import type { FitScores } from './validation.ts'

export const AlgorithmEnum = builder.enumType('Algorithm', {
  description: 'A learning algorithm. Query.algorithms lists those that this version can train.',
  values: ALGORITHMS,
})

export const FitScoresType = builder.objectRef<FitScores>('FitScores').implement({
  description: 'How well predictions fit what really came out.',
  fields: (t) => ({
    r2: t.exposeFloat('r2', {
      nullable: true,
      description: 'Share of the variance explained; may be negative, null for a constant target. Higher is better.',
    }),
    mae: t.exposeFloat('mae', { description: 'Mean absolute error, in units of the objective.' }),
    rmse: t.exposeFloat('rmse', { description: 'Root of the mean squared error, in units of the objective.' }),
    rankCorrelation: t.exposeFloat('rankCorrelation', {
      nullable: true,
      description: 'Spearman rank correlation of predicted and actual.',
    }),
    count: t.exposeInt('count', { description: 'Samples.' }),
  }),
})

export interface IntervalShape {
  low: number
  high: number
  level: number
}

export const IntervalType = builder.objectRef<IntervalShape>('Interval').implement({
  fields: (t) => ({
    low: t.exposeFloat('low'),
    high: t.exposeFloat('high'),
    level: t.exposeFloat('level', { description: 'Nominal coverage, as 0.9.' }),
  }),
})

const ReliabilityBinType = builder.objectRef<ReliabilityBin>('ReliabilityBin').implement({
  description: 'Predictions of about the same confidence, and how many of them kept their word.',
  fields: (t) => ({
    confidence: t.exposeFloat('confidence', { description: 'Mean of what was said, 0..100.' }),
    reached: t.exposeFloat('reached', { description: 'How many reached the reference of the job, 0..100.' }),
    count: t.exposeInt('count'),
  }),
})

const ModelFormatEnum = builder.enumType('ModelFormat', {
  description: 'How a model can be downloaded.',
  values: {
    NATIVE: { value: MODEL_FORMATS[0], description: 'Our own, complete: an object.' },
    XGBOOST_JSON: {
      value: MODEL_FORMATS[1],
      description: 'Loads in xgboost; gradient-boosted models only. The text of a file, to be written as it is.',
    },
    ONNX: { value: MODEL_FORMATS[2], description: 'Tree ensembles. The bytes of a file in base64.' },
  },
})

export const ModelType = builder.objectRef<ModelInfo>('Model')
export const PredictionType = builder.objectRef<PredictionRow>('Prediction')

/** Predictions, newest first. */
export function predictionPage(ctx: AppContext, filter: PredictionFilter, args: PageArguments) {
  return page(args, {
    key: (row: PredictionRow) => [row.createdAt.toISOString(), row.id],
    read: (slice) => listPredictions(ctx, filter, slice),
    count: () => countPredictions(ctx, filter),
  })
}

export const PredictionConnection = builder.connectionObject({ type: PredictionType, name: 'PredictionConnection' })

builder.node(ModelType, {
  authScopes: { role: 'VIEWER' },
  description: 'A fitted model, ready to predict the objective from parameters.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findModel(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'checksum' in row && 'featureNames' in row,
  fields: (t) => ({
    name: t.exposeString('name'),
    version: t.exposeInt('version', { description: 'Counts the models of this name.' }),
    algorithm: t.field({ type: AlgorithmEnum, resolve: (row) => row.algorithm as Algorithm }),
    objective: t.field({ type: MetricEnum, resolve: (row) => row.objective as Objective }),
    active: t.exposeBoolean('active', { description: 'Whether it may answer where no model is named.' }),
    aliases: t.exposeStringList('aliases', {
      description:
        'champion, challenger or any other label. Of the models of one strategy, market and objective only one has it.',
    }),
    strategy: t.field({
      type: StrategyType,
      resolve: async (row, _, ctx) => (await findStrategy(ctx, row.strategyId))!,
    }),
    market: t.field({ type: MarketType, resolve: async (row, _, ctx) => (await findMarket(ctx, row.marketId))! }),
    featureNames: t.exposeStringList('featureNames', { description: 'In the order in which the model takes them.' }),
    hyperparameters: t.field({ type: 'JSON', resolve: (row) => row.hyperparameters }),
    training: t.field({ type: FitScoresType, resolve: (row) => row.training }),
    validation: t.field({ type: FitScoresType, resolve: (row) => row.validation }),
    test: t.field({ type: FitScoresType, resolve: (row) => row.test }),
    observedCoverage: t.float({
      nullable: true,
      description: 'Share of verified predictions that fell inside their interval. Each parameter set counts once.',
      resolve: async ({ id }, _, ctx) => (await trackRecord(ctx, id)).coverage,
    }),
    reliability: t.field({
      type: [ReliabilityBinType],
      description: `Said against reached, in ten bins; empty below ${MIN_VERIFIED} verified predictions.`,
      resolve: async ({ id }, _, ctx) => (await trackRecord(ctx, id)).reliability?.bins ?? [],
    }),
    brierScore: t.float({
      nullable: true,
      description: `Mean of (confidence / 100 - reached)^2; null below ${MIN_VERIFIED} verified predictions. Lower is better.`,
      resolve: async ({ id }, _, ctx) => (await trackRecord(ctx, id)).reliability?.brierScore ?? null,
    }),
    baseBrierScore: t.float({
      nullable: true,
      description: 'The Brier score of always saying the base rate: a useful confidence is below it.',
      resolve: async ({ id }, _, ctx) => (await trackRecord(ctx, id)).reliability?.baseBrierScore ?? null,
    }),
    artifact: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The model itself, to be used elsewhere. What its job says of market conditions is not part of it.',
      args: { format: t.arg({ type: ModelFormatEnum, required: true, defaultValue: 'NATIVE' }) },
      resolve: async ({ id }, { format }, ctx) => modelAs(format, (await loadModel(ctx, id)).row),
    }),
    sizeBytes: t.exposeInt('sizeBytes'),
    checksum: t.exposeString('checksum', { description: 'SHA-256 of the stored model.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    predictions: t.field({
      type: PredictionConnection,
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (row, args, ctx) => predictionPage(ctx, { modelId: row.id }, args),
    }),
  }),
})

builder.node(PredictionType, {
  description: 'What a model said about a parameter set, and what a backtest answered.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findPrediction(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'predictedValue' in row,
  fields: (t) => ({
    model: t.field({ type: ModelType, resolve: async (row, _, ctx) => (await findModel(ctx, row.modelId))! }),
    parameters: t.field({ type: 'Parameters', resolve: (row) => row.parameters }),
    metric: t.field({ type: MetricEnum, resolve: (row) => row.metric as Objective }),
    predictedValue: t.exposeFloat('predictedValue', {
      description: 'In units of the metric, moved toward the mean as far as the model lacks skill.',
    }),
    interval: t.field({
      type: IntervalType,
      description: 'For a typical candidate; those that a search selects do worse than their intervals say.',
      resolve: ({ low, high, level }) => ({ low, high, level }),
    }),
    confidence: t.exposeFloat('confidence', {
      description: '0..100: probability that a real backtest reaches the reference of the job.',
    }),
    outOfDomain: t.exposeBoolean('outOfDomain', { description: 'True where the model would have to extrapolate.' }),
    actualValue: t.exposeFloat('actualValue', { nullable: true, description: 'The backtested value, once verified.' }),
    error: t.float({
      nullable: true,
      description: 'predictedValue minus actualValue.',
      resolve: (row) => (row.actualValue === null ? null : row.predictedValue - row.actualValue),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    verifiedAt: t.expose('verifiedAt', { type: 'DateTime', nullable: true }),
  }),
})

const CandidateMatrixInput = builder.inputType('CandidateMatrixInput', {
  description: 'Rows by columns, columns named; rows or packed, one of the two.',
  fields: (t) => ({
    names: t.stringList({ required: true }),
    rows: t.field({ type: t.listRef(t.listRef('Float')) }),
    packed: t.field({ type: 'Float64Base64', description: 'Row-major.' }),
  }),
})

const CandidateScoresType = builder.objectRef<CandidateScores>('CandidateScores').implement({
  description: 'What the model says of each row, in the order of the rows.',
  fields: (t) => {
    const list = (name: 'predicted' | 'low' | 'high' | 'confidence') =>
      t.floatList({ resolve: (scores) => [...scores[name]] })
    const packed = (name: 'predicted' | 'low' | 'high' | 'confidence') =>
      t.field({ type: 'Float64Base64', resolve: (scores) => scores[name] })
    return {
      count: t.int({ resolve: (scores) => scores.predicted.length }),
      predicted: list('predicted'),
      low: list('low'),
      high: list('high'),
      confidence: list('confidence'),
      outOfDomain: t.booleanList({
        description: 'True where the model would have to extrapolate.',
        resolve: (scores) => Array.from(scores.outOfDomain, Boolean),
      }),
      intervalLevel: t.float({ description: 'Nominal coverage of low to high.', resolve: () => INTERVAL_LEVEL }),
      predictedPacked: packed('predicted'),
      lowPacked: packed('low'),
      highPacked: packed('high'),
      confidencePacked: packed('confidence'),
      best: t.intList({
        description: 'Indices of the best rows, best first.',
        args: { top: t.arg.int({ required: true, defaultValue: 10 }) },
        resolve: (scores, { top }) => [...scores.ranking.subarray(0, Math.max(0, top))],
      }),
      kernelMs: t.exposeFloat('kernelMs', { description: 'Time in the scoring kernel.' }),
      totalMs: t.exposeFloat('totalMs', { description: 'Time in the whole resolver.' }),
    }
  },
})

const HyperparameterInfoType = builder.objectRef<HyperparameterInfo>('HyperparameterInfo').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    default: t.exposeFloat('default', { nullable: true }),
    min: t.exposeFloat('min', { nullable: true }),
    max: t.exposeFloat('max', { nullable: true }),
  }),
})

const AlgorithmInfoType = builder.objectRef<Estimator>('AlgorithmInfo').implement({
  fields: (t) => ({
    algorithm: t.field({ type: AlgorithmEnum, resolve: (estimator) => estimator.algorithm }),
    description: t.exposeString('description'),
    hyperparameters: t.field({
      type: [HyperparameterInfoType],
      resolve: (estimator) => [...estimator.hyperparameters],
    }),
  }),
})

const ModelFilterInput = builder.inputType('ModelFilter', {
  fields: (t) => ({
    active: t.boolean(),
    algorithm: t.field({ type: [AlgorithmEnum] }),
    objective: t.field({ type: [MetricEnum] }),
    alias: t.string(),
  }),
})

builder.queryFields((t) => ({
  algorithms: t.field({
    type: [AlgorithmInfoType],
    authScopes: { role: 'VIEWER' },
    description: 'The algorithms that this version can train, with their hyperparameters.',
    resolve: () => [...ESTIMATORS],
  }),
  models: t.connection(
    {
      type: ModelType,
      authScopes: { role: 'VIEWER' },
      description: 'All models, newest first.',
      args: { filter: t.arg({ type: ModelFilterInput }) },
      resolve: (_, { filter, ...args }, ctx) =>
        page(args, {
          key: (row: ModelInfo) => [row.createdAt.toISOString(), row.id],
          read: (slice) => listModels(ctx, filter ?? {}, slice),
          count: () => countModels(ctx, filter ?? {}),
        }),
    },
    { name: 'ModelConnection' },
    { name: 'ModelEdge' },
  ),
  model: t.field({
    type: ModelType,
    authScopes: { role: 'VIEWER' },
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findModel(ctx, id),
  }),
  scoreCandidates: t.field({
    type: CandidateScoresType,
    authScopes: { role: 'VIEWER' },
    description: 'Scores every row with the model; nothing is stored.',
    args: {
      modelId: t.arg.id({ required: true }),
      candidates: t.arg({ type: CandidateMatrixInput, required: true }),
    },
    resolve: (_, { modelId, candidates }, ctx) => scoreCandidates(ctx, modelId, candidates),
  }),
  predictions: t.field({
    type: PredictionConnection,
    authScopes: { role: 'VIEWER' },
    args: {
      first: t.arg.int(),
      after: t.arg.string(),
      last: t.arg.int(),
      before: t.arg.string(),
      modelId: t.arg.id(),
      verified: t.arg.boolean(),
    },
    resolve: (_, { modelId, verified, ...args }, ctx) => predictionPage(ctx, { modelId, verified }, args),
  }),
}))
