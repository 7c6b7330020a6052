import { METRIC_NAMES } from '../backtest/metrics.ts'
import { correlationMatrix, type CorrelationMatrix } from '../models/correlation.ts'
import { groupedImportance, isImportanceReasonable, permutationImportance } from '../models/importance.ts'
import { selectRows, selectValues } from '../models/matrix.ts'
import type { Predictor } from '../models/predictor.ts'
import { backgroundRows, sensitivity } from '../models/sensitivity.ts'
import { toRow } from '../strategy/parameter-space.ts'
import { metricRow } from './evaluator.ts'
import type { Candidate, FeatureImportance, Sensitivity } from './job.ts'
import type { Learned } from './learn.ts'
import type { Samples } from './pipeline.ts'
import type { TuningSettings } from './settings.ts'

export interface Importances {
  shown: FeatureImportance[]
  /** whether they look like knowledge rather than chance */
  reasonable: boolean
}

/** What helps the model on samples that it has not seen. */
export function importances(learned: Learned, { objective }: Samples, { seed }: TuningSettings): Importances {
  const { model, matrix, featureNames, features, split } = learned
  const byFeature = permutationImportance(
    (part) => model.predict(part),
    selectRows(matrix, split.validation),
    featureNames,
    selectValues(objective, split.validation),
    seed,
  )
  const parametersOf = new Map(features.features.map(({ name, parameters }) => [name, parameters]))
  const byParameter = groupedImportance(byFeature, parametersOf)
  return {
    shown: byFeature.map(({ feature, importance, standardDeviation, rank }) => ({
      feature,
      importance,
      standardDeviation,
      shap: null,
      rank,
    })),
    reasonable: isImportanceReasonable(byFeature, byParameter, learned.importanceStability),
  }
}

/** How the prediction answers to each parameter, around the best candidate. */
export function sensitivities(
  learned: Learned,
  predictor: Predictor,
  samples: Samples,
  best: Candidate,
  { strategy, seed }: TuningSettings,
): Sensitivity[] {
  const specs = strategy.parameterSpace
  const parameters = { rows: samples.count, columns: specs.length, values: samples.rows }
  const { predicted } = learned
  return sensitivity({
    predict: (rows) => predictor.predict(rows.values),
    specs,
    background: backgroundRows(selectRows(parameters, learned.split.train), seed),
    optimum: toRow(specs, best.parameters),
    spread: predicted.reduce((a, b) => Math.max(a, b)) - predicted.reduce((a, b) => Math.min(a, b)),
  }).map(({ safeRange, ...rest }) => ({ ...rest, safeRange: { ...safeRange, level: SAFE_LEVEL } }))
}

/** Share of the spread within which a prediction counts as unchanged; see `models/sensitivity.ts`. */
const SAFE_LEVEL = 0.05

/** Metrics worth correlating with the parameters. */
const CORRELATED = ['roi', 'sharpeRatio', 'maxDrawdown', 'winRate', 'profitFactor', 'tradeCount'] as const

/** How parameters and main metrics go together over all samples. */
export function correlations(samples: Samples, { strategy }: TuningSettings): CorrelationMatrix {
  const specs = strategy.parameterSpace
  const parameters = specs.map(({ name }, column) => [
    name,
    Float64Array.from({ length: samples.count }, (_, at) => samples.rows[at * specs.length + column]),
  ])
  const metrics = CORRELATED.map((name) => {
    const column = METRIC_NAMES.indexOf(name)
    return [name, Float64Array.from({ length: samples.count }, (_, at) => metricRow(samples.metrics, at)[column])]
  })
  return correlationMatrix(Object.fromEntries([...parameters, ...metrics]))
}
