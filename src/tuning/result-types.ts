import { MetricsType } from '../backtest/schema.ts'
import type { Metrics } from '../backtest/metrics.ts'
import type { Criterion, Readiness } from '../evidence/readiness.ts'
import { builder } from '../graphql/builder.ts'
import { FEATURE_KINDS } from '../models/features.ts'
import { IntervalType } from '../models/schema.ts'
import type {
  Association,
  Candidate,
  CrossValidationResult,
  FeatureImportance,
  JobResult,
  LearningCurveResult,
  OutOfSample,
  Sensitivity,
  SensitivityPoint,
} from './job.ts'

const CriterionType = builder.objectRef<Criterion>('Criterion').implement({
  description: 'One line of the verdict.',
  fields: (t) => ({
    name: t.exposeString('name'),
    description: t.exposeString('description'),
    value: t.exposeFloat('value', { nullable: true, description: 'Null where it is not defined or was not tested.' }),
    threshold: t.exposeFloat('threshold'),
    passed: t.exposeBoolean('passed'),
    points: t.exposeFloat('points', { description: 'maxPoints where it passed, 0 where it did not.' }),
    maxPoints: t.exposeFloat('maxPoints'),
  }),
})

export const ReadinessType = builder.objectRef<Readiness>('Readiness').implement({
  description: 'Whether the result may be trusted with money, and why.',
  fields: (t) => ({
    productionReady: t.exposeBoolean('productionReady', { description: 'criteriaMet and every gate passed.' }),
    score: t.exposeFloat('score', { description: '0..100.' }),
    criteria: t.field({ type: [CriterionType], resolve: (readiness) => readiness.criteria }),
    criteriaMet: t.exposeBoolean('criteriaMet', {
      description: 'The score is at least 80 and the four plain criteria hold.',
    }),
    gates: t.field({
      type: [CriterionType],
      description: 'Evidence against chance; they carry no points.',
      resolve: (readiness) => readiness.gates,
    }),
    explanation: t.exposeString('explanation', {
      description: 'One sentence: why, and if not ready the cheapest next step.',
    }),
  }),
})

export const CrossValidationType = builder.objectRef<CrossValidationResult>('CrossValidation').implement({
  description: 'How models of the chosen kind predict samples that they have not seen, over and over.',
  fields: (t) => ({
    folds: t.exposeInt('folds'),
    repeats: t.exposeInt('repeats', { description: '3; 1 where each fit takes long.' }),
    r2Mean: t.exposeFloat('r2Mean', { nullable: true }),
    r2StandardDeviation: t.exposeFloat('r2StandardDeviation', { nullable: true }),
    r2ByFold: t.field({
      type: t.listRef('Float', { nullable: true }),
      description: 'Repeat by repeat; null where the objective is the same in the whole fold.',
      resolve: ({ r2ByFold }) => r2ByFold,
    }),
    outOfFoldR2: t.exposeFloat('outOfFoldR2', {
      nullable: true,
      description: 'R² of all predictions by models that had not seen their sample, taken together.',
    }),
  }),
})

const LearningCurvePointType = builder
  .objectRef<LearningCurveResult['points'][number]>('LearningCurvePoint')
  .implement({
    fields: (t) => ({
      rows: t.exposeFloat('rows', { description: 'Samples learned from, mean over the folds.' }),
      r2: t.exposeFloat('r2', { nullable: true, description: 'On unseen samples, mean over the folds.' }),
    }),
  })

export const LearningCurveType = builder.objectRef<LearningCurveResult>('LearningCurve').implement({
  description: 'R² on unseen samples when only a part of the samples may be learned from.',
  fields: (t) => ({
    points: t.field({ type: [LearningCurvePointType], resolve: ({ points }) => points }),
    expectedR2: t.exposeFloat('expectedR2', { nullable: true, description: 'Where the curve leads to.' }),
    expectedRows: t.exposeInt('expectedRows', { description: 'The sample count that expectedR2 is for.' }),
  }),
})

const FeatureKindEnum = builder.enumType('FeatureKind', {
  description: 'What a feature is made of: one parameter, several, the candles of a window, or its time.',
  values: FEATURE_KINDS,
})

export const FeatureImportanceType = builder.objectRef<FeatureImportance>('FeatureImportance').implement({
  description: 'How much a feature helps the model on samples that it has not seen (permutation importance).',
  fields: (t) => ({
    feature: t.exposeString('feature'),
    kind: t.field({
      type: FeatureKindEnum,
      nullable: true,
      description: 'Null for old jobs.',
      resolve: ({ kind }) => kind ?? null,
    }),
    importance: t.exposeFloat('importance', { description: 'Shares that add up to 1; all 0 where nothing helps.' }),
    standardDeviation: t.exposeFloat('standardDeviation', {
      nullable: true,
      description: 'Over the repeats, as a share.',
    }),
    shap: t.exposeFloat('shap', {
      nullable: true,
      description:
        'Mean absolute SHAP value, in units of the objective: exact for trees, sampled for others. Null for old jobs.',
    }),
    gain: t.float({
      nullable: true,
      description:
        'Share of the training error that its splits removed. Favours features of many values. Null where not all of the model is trees.',
      resolve: ({ gain }) => gain ?? null,
    }),
    rank: t.exposeInt('rank', { description: '1 = most important.' }),
  }),
})

const SensitivityPointType = builder.objectRef<SensitivityPoint>('SensitivityPoint').implement({
  fields: (t) => ({
    value: t.exposeFloat('value', { description: 'Of the parameter.' }),
    objective: t.exposeFloat('objective', { description: 'Mean prediction with the parameter at this value.' }),
    low: t.exposeFloat('low', { description: '0.1 quantile over the other parameters.' }),
    high: t.exposeFloat('high', { description: '0.9 quantile over the other parameters.' }),
  }),
})

export const SensitivityType = builder.objectRef<Sensitivity>('Sensitivity').implement({
  description: 'How the predicted objective answers to one parameter.',
  fields: (t) => ({
    parameter: t.exposeString('parameter'),
    points: t.field({
      type: [SensitivityPointType],
      description: "Partial dependence over the parameter's range.",
      resolve: (sensitivity) => sensitivity.points,
    }),
    firstOrder: t.exposeFloat('firstOrder', {
      nullable: true,
      description: 'First-order Sobol index: of the model, not of the market. Null unless validation R² is above 0.',
    }),
    total: t.exposeFloat('total', { nullable: true, description: 'Total Sobol index.' }),
    firstOrderInterval: t.field({
      type: IntervalType,
      nullable: true,
      description: 'By bootstrap.',
      resolve: ({ firstOrderInterval }) => firstOrderInterval ?? null,
    }),
    totalInterval: t.field({
      type: IntervalType,
      nullable: true,
      description: 'By bootstrap.',
      resolve: ({ totalInterval }) => totalInterval ?? null,
    }),
    safeRange: t.field({
      type: IntervalType,
      nullable: true,
      description:
        'Range around the best value inside which the predicted objective stays within 5 % of its spread; level is that share.',
      resolve: (sensitivity) => sensitivity.safeRange,
    }),
  }),
})

const AssociationType = builder.objectRef<Association>('ParameterCorrelation').implement({
  description: 'How a metric goes with a parameter over the samples.',
  fields: (t) => ({
    parameter: t.exposeString('parameter'),
    metric: t.exposeString('metric', { description: 'As the fields of Metrics are named.' }),
    pearson: t.exposeFloat('pearson'),
    spearman: t.exposeFloat('spearman'),
    count: t.exposeInt('count', { description: 'Samples that have the metric.' }),
    pValue: t.exposeFloat('pValue', {
      description: 'Of a rank correlation this strong by chance; corrected for the number of pairs (Holm).',
    }),
  }),
})

export const CorrelationMatrixType = builder
  .objectRef<NonNullable<JobResult['correlations']>>('CorrelationMatrix')
  .implement({
    description: 'Correlations between the parameters and the main metrics over all samples.',
    fields: (t) => {
      const matrix = (name: 'pearson' | 'spearman') =>
        t.field({
          type: t.listRef(t.listRef('Float', { nullable: true })),
          description: 'Rows and columns as in names; null where one of the two is constant.',
          resolve: (correlations) => correlations[name],
        })
      return {
        names: t.exposeStringList('names'),
        pearson: matrix('pearson'),
        spearman: matrix('spearman'),
        strongest: t.field({
          type: [AssociationType],
          description:
            'Correlations of each parameter with each metric, the strongest rank correlation first; at most 500.',
          resolve: ({ strongest }) => strongest ?? [],
        }),
      }
    },
  })

export const CandidateType = builder.objectRef<Candidate>('Candidate').implement({
  description: 'A parameter set proposed by the search, predicted by the model and checked by real backtests.',
  fields: (t) => ({
    rank: t.exposeInt('rank'),
    parameters: t.field({ type: 'Parameters', resolve: (candidate) => candidate.parameters }),
    predicted: t.exposeFloat('predicted', { description: 'Moved toward the mean as far as the model lacks skill.' }),
    interval: t.field({ type: IntervalType, resolve: (candidate) => candidate.interval }),
    confidence: t.exposeFloat('confidence', {
      description: '0..100: probability that a real backtest reaches the reference of the job.',
    }),
    outOfDomain: t.exposeBoolean('outOfDomain', { description: 'True where the model would have to extrapolate.' }),
    inSample: t.field({ type: MetricsType, nullable: true, resolve: (candidate) => candidate.inSample }),
    outOfSample: t.field({ type: MetricsType, nullable: true, resolve: (candidate) => candidate.outOfSample }),
    plateau: t.exposeFloat('plateau', {
      nullable: true,
      description:
        "Lower quantile of the objective over the candidate's neighbourhood, by which candidates are ranked.",
    }),
  }),
})

const BaselineType = builder.objectRef<{ name: string; metrics: Metrics }>('Baseline').implement({
  fields: (t) => ({
    name: t.exposeString('name'),
    metrics: t.field({ type: MetricsType, resolve: (baseline) => baseline.metrics }),
  }),
})

export const OutOfSampleType = builder.objectRef<OutOfSample>('OutOfSample').implement({
  description: 'The best parameters on candles that nothing has seen.',
  fields: (t) => ({
    parameters: t.field({ type: 'Parameters', resolve: (result) => result.parameters }),
    metrics: t.field({ type: MetricsType, resolve: (result) => result.metrics }),
    inSample: t.field({ type: MetricsType, resolve: (result) => result.inSample }),
    predicted: t.exposeFloat('predicted', { description: 'What the model said of the objective, in sample.' }),
    actual: t.exposeFloat('actual', { nullable: true, description: 'The objective out of sample.' }),
    baselines: t.field({
      type: [BaselineType],
      description:
        "Out-of-sample results of the best parameters, the space's default parameters and buy and hold, side by side.",
      resolve: (result) => result.baselines,
    }),
  }),
})
