import { metricValues } from '../backtest/metrics.ts'
import { mean } from '../engine/statistics.ts'
import type { CorrelationMatrix } from '../models/correlation.ts'
import { explainRows, type Explained } from '../models/explain-task.ts'
import type { TaskRunner } from '../models/estimator.ts'
import { featureKind } from '../models/features.ts'
import { gainImportance } from '../models/gain.ts'
import {
  groupedImportance,
  isImportanceReasonable,
  permutationImportance,
  type FeatureImportance as RankedImportance,
  type Predict,
} from '../models/importance.ts'
import { selectRows, selectValues } from '../models/matrix.ts'
import type { Predictor } from '../models/predictor.ts'
import { backgroundRows, sensitivity } from '../models/sensitivity.ts'
import { sobolIndices, type SobolIndex } from '../models/sobol-indices.ts'
import { toRow } from '../strategy/parameter-space.ts'
import type { AssociationsInput } from './associations.ts'
import type { Association, Candidate, FeatureImportance, Sensitivity } from './job.ts'
import type { Learned } from './learn.ts'
import type { Samples } from './pipeline.ts'
import type { TuningSettings } from './settings.ts'

export interface Importances {
  shown: FeatureImportance[]
  /** the same by raw parameter */
  byParameter: FeatureImportance[]
  /** whether they look like knowledge rather than chance */
  reasonable: boolean
}

/**
 * What helps the model on samples that it has not seen, what moves its predictions of them, and what its splits were
 * made of.
 */
export async function importances(
  learned: Learned,
  objective: Float64Array,
  { strategy, seed }: TuningSettings,
  run: TaskRunner,
): Promise<Importances> {
  const { model, matrix, featureNames, features, split } = learned
  const unseen = selectRows(matrix, split.validation)
  const background = backgroundRows(selectRows(matrix, split.train), seed)
  const explained = await explainRows(model, unseen, background, seed, run)
  const byFeature = await permutationImportance(
    (part) => model.predict(part),
    unseen,
    featureNames,
    selectValues(objective, split.validation),
    seed,
  )
  const parametersOf = new Map(features.features.map(({ name, parameters }) => [name, parameters]))
  const byParameter = groupedImportance(byFeature, parametersOf)
  const gains = gainImportance(model)
  const owners = featureNames.map((name) => ownersOf(name, parametersOf))
  const own = featureNames.map((name) => [name])
  const names = strategy.parameterSpace.map(({ name }) => name)
  return {
    shown: shownWith(byFeature, explained, own, gains, names),
    byParameter: shownWith(byParameter, explained, owners, gains, names),
    reasonable: isImportanceReasonable(byFeature, byParameter, learned.importanceStability),
  }
}

/** The parameters that a feature is made of; itself, where it is made of none. */
function ownersOf(name: string, parametersOf: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const parameters = parametersOf.get(name) ?? []
  return parameters.length > 0 ? parameters : [name]
}

/** @param owners of each feature, who share what it contributes */
function shownWith(
  ranked: readonly RankedImportance[],
  { rows, values }: Explained,
  owners: readonly (readonly string[])[],
  gains: Float64Array | null,
  parameters: readonly string[],
): FeatureImportance[] {
  return ranked.map(({ feature, importance, standardDeviation, rank }) => {
    const share = owners.map((names) => (names.includes(feature) ? 1 / names.length : 0))
    const contributed = Float64Array.from({ length: rows.rows }, (_, row) => {
      const sum = share.reduce((total, part, column) => total + part * values[row * rows.columns + column], 0)
      return Math.abs(sum)
    })
    const gain = gains && share.reduce((total, part, column) => total + part * gains[column], 0)
    const kind = featureKind(feature, parameters)
    return { feature, kind, importance, standardDeviation, shap: mean(contributed), gain, rank }
  })
}

/**
 * How the prediction answers to each parameter, around the best candidate. Sobol' indices describe the model; one that
 * explains nothing of unseen samples has none to show.
 */
export async function sensitivities(
  learned: Learned,
  predictor: Predictor,
  samples: Samples,
  best: Candidate,
  { strategy, seed }: TuningSettings,
  run: TaskRunner,
): Promise<Sensitivity[]> {
  const specs = strategy.parameterSpace
  const parameters = { rows: samples.count, columns: specs.length, values: samples.rows }
  const { predicted } = learned
  const predict: Predict = ({ values }) => predictor.predict(values)
  const indices = (learned.validation.r2 ?? 0) > 0 ? await sobolIndices(predict, specs, run, seed) : null
  return sensitivity({
    predict,
    specs,
    background: backgroundRows(selectRows(parameters, learned.split.train), seed),
    optimum: toRow(specs, best.parameters),
    spread: predicted.reduce((a, b) => Math.max(a, b)) - predicted.reduce((a, b) => Math.min(a, b)),
  }).map(({ safeRange, ...rest }, at) => ({
    ...rest,
    ...(indices && withLevels(indices[at])),
    safeRange: { ...safeRange, level: SAFE_LEVEL },
  }))
}

function withLevels(index: SobolIndex): Omit<Required<Sensitivity>, 'parameter' | 'points' | 'safeRange'> {
  const { firstOrderInterval, totalInterval } = index
  return {
    ...index,
    firstOrderInterval: { ...firstOrderInterval, level: BOOTSTRAP_LEVEL },
    totalInterval: { ...totalInterval, level: BOOTSTRAP_LEVEL },
  }
}

/** Of the intervals of Sobol' indices; see `models/sobol-indices.ts`. */
const BOOTSTRAP_LEVEL = 0.95

/** Share of the spread within which a prediction counts as unchanged; see `models/sensitivity.ts`. */
const SAFE_LEVEL = 0.05

/** What a job can be about, and the trades behind it: the matrix. Parameters are held against all metrics one by one. */
const CORRELATED = [
  'roi',
  'cagr',
  'sharpeRatio',
  'sortinoRatio',
  'calmarRatio',
  'maxDrawdown',
  'winRate',
  'profitFactor',
  'expectancy',
  'sqn',
  'tradeCount',
] as const

const CORRELATION = new URL('../models/correlation.ts', import.meta.url).href
const ASSOCIATIONS = new URL('./associations.ts', import.meta.url).href

/** How parameters and main metrics go together over all samples, and the strongest ties to any metric. */
export async function correlations(
  samples: Samples,
  { strategy }: TuningSettings,
  run: TaskRunner,
): Promise<CorrelationMatrix & { strongest: Association[] }> {
  const specs = strategy.parameterSpace
  const parameters = specs.map(({ name }, column): [string, Float64Array] => [
    name,
    Float64Array.from({ length: samples.count }, (_, at) => samples.rows[at * specs.length + column]),
  ])
  const metrics = CORRELATED.map((name): [string, Float64Array] => [name, metricValues(samples.metrics, name)])
  const columns = Object.fromEntries([...parameters, ...metrics])
  const data: AssociationsInput = { parameters, metrics: samples.metrics }
  const [matrix, strongest] = await Promise.all([
    run<CorrelationMatrix>({ module: CORRELATION, name: 'correlationMatrix', data: columns }),
    run<Association[]>({ module: ASSOCIATIONS, name: 'associations', data }),
  ])
  return { ...matrix, strongest }
}
