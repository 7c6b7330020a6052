import { MetricsType } from '../backtest/schema.ts'
import type { Metrics } from '../backtest/metrics.ts'
import type { Criterion, Readiness } from '../evidence/readiness.ts'
import { builder } from '../graphql/builder.ts'
import type { CorrelationMatrix } from '../models/correlation.ts'
import { IntervalType } from '../models/schema.ts'
import type { Candidate, FeatureImportance, OutOfSample, Sensitivity, SensitivityPoint } from './job.ts'

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

export const FeatureImportanceType = builder.objectRef<FeatureImportance>('FeatureImportance').implement({
  description: 'How much a feature helps the model on samples that it has not seen (permutation importance).',
  fields: (t) => ({
    feature: t.exposeString('feature'),
    importance: t.exposeFloat('importance', { description: 'Shares that add up to 1; all 0 where nothing helps.' }),
    standardDeviation: t.exposeFloat('standardDeviation', {
      nullable: true,
      description: 'Over the repeats, as a share.',
    }),
    shap: t.exposeFloat('shap', {
      nullable: true,
      description: 'Mean absolute SHAP value, in units of the objective; null where the algorithm has none.',
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
    firstOrder: t.exposeFloat('firstOrder', { nullable: true, description: 'First-order Sobol index.' }),
    total: t.exposeFloat('total', { nullable: true, description: 'Total Sobol index.' }),
    safeRange: t.field({
      type: IntervalType,
      nullable: true,
      description:
        'Range around the best value inside which the predicted objective stays within 5 % of its spread; level is that share.',
      resolve: (sensitivity) => sensitivity.safeRange,
    }),
  }),
})

export const CorrelationMatrixType = builder.objectRef<CorrelationMatrix>('CorrelationMatrix').implement({
  description: 'Correlations between the parameters and the main metrics over all samples.',
  fields: (t) => {
    const matrix = (name: 'pearson' | 'spearman') =>
      t.field({
        type: t.listRef(t.listRef('Float', { nullable: true })),
        description: 'Rows and columns as in names; null where one of the two is constant.',
        resolve: (correlations) => correlations[name],
      })
    return { names: t.exposeStringList('names'), pearson: matrix('pearson'), spearman: matrix('spearman') }
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
