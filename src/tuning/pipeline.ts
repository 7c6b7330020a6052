import { Fingerprint } from '../backtest/fingerprint.ts'
import { METRIC_NAMES, metricsOf, type Metrics } from '../backtest/metrics.ts'
import type { Candles } from '../engine/candles.ts'
import type { Engine } from '../engine/pool.ts'
import { quantile } from '../engine/statistics.ts'
import { readiness } from '../evidence/readiness.ts'
import { correlationMatrix } from '../models/correlation.ts'
import { groupedImportance, isImportanceReasonable, permutationImportance } from '../models/importance.ts'
import { selectRows, selectValues } from '../models/matrix.ts'
import { backgroundRows, sensitivity } from '../models/sensitivity.ts'
import { Predictor } from '../models/service.ts'
import { overfitting } from '../models/validation.ts'
import { defaultRow, toRow } from '../strategy/parameter-space.ts'
import { drawSamples } from '../strategy/sampling.ts'
import { Evaluator, metricRow } from './evaluator.ts'
import type {
  Candidate,
  CorrelationMatrix,
  FeatureImportance,
  JobPhase,
  JobResult,
  OutOfSample,
  Sensitivity,
} from './job.ts'
import { learn, MIN_SAMPLES, type Learned } from './learn.ts'
import { CANDIDATES, search } from './search.ts'
import { minTrades, type TuningSettings } from './settings.ts'
import { edgeWarnings, liquidationWarnings, nothingLearned, tradeWarnings } from './warnings.ts'

/** What the pipeline asks of whoever runs it. */
export interface Hooks {
  signal: AbortSignal
  /** @param done of `total` steps of this phase */
  progress(phase: JobPhase, done: number, total: number): void
  /** Metrics of samples [0, n) that an earlier attempt has left behind; empty at first. */
  finished(): Promise<Float64Array>
  /** A block of samples is done. @param from index of its first sample */
  save(from: number, rows: Float64Array, metrics: Float64Array): Promise<void>
}

export interface Samples {
  count: number
  /** f64[count × parameters] */
  rows: Float64Array
  /** f64[count × 26] */
  metrics: Float64Array
  /** f64[count], NaN where it is not defined or there were too few trades */
  objective: Float64Array
}

export interface Outcome {
  samples: Samples
  learned: Learned | null
  result: JobResult
  warnings: string[]
  /** SHA-256 over samples, model and verdict */
  digest: string
}

/** Samples of one checkpoint. */
const BLOCK = 200
const TOP = 10

/**
 * A whole tuning job: from candles to a verdict. Pure but for the compute threads and the hooks: the same candles and
 * settings give the same bits, whatever the number of threads and however often it was interrupted.
 *
 * @param candles both periods and what the warm-up needs before them
 */
export async function tune(engine: Engine, candles: Candles, settings: TuningSettings, hooks: Hooks): Promise<Outcome> {
  const evaluator = new Evaluator(engine, candles, settings)
  const warnings: string[] = []

  hooks.progress('SAMPLING', 0, 1)
  const drawn = drawSamples({
    specs: settings.strategy.parameterSpace,
    sampler: settings.sampler,
    count: settings.sampleCount,
    seed: settings.seed,
    violated: (row) => evaluator.strategy.violatedConstraint(row),
  })
  warnings.push(...drawn.notes, ...liquidationWarnings(evaluator.strategy.bind(drawn.rows), settings))

  const samples = await backtest(evaluator, drawn.rows, settings, hooks)
  const tradeCounts = metricsList(samples).map(({ tradeCount }) => tradeCount!)
  warnings.push(...tradeWarnings(tradeCounts, minTrades(settings)))

  const baseline = await defaults(evaluator, settings)
  const learned = await train(engine, evaluator, samples, settings, baseline, warnings, hooks)
  if (!learned) {
    const telling = samples.objective.filter((value) => !Number.isNaN(value)).length
    warnings.push(nothingLearned(telling, MIN_SAMPLES, settings.objective))
  }

  hooks.progress('ANALYSING', 0, 3)
  const predictor = learned && predictorOf(learned)
  const importance = learned ? importances(learned, samples, settings) : null
  hooks.progress('ANALYSING', 1, 3)
  const correlations = correlate(samples, settings)
  hooks.progress('ANALYSING', 2, 3)

  hooks.progress('SEARCHING', 0, 1)
  const options = { candidates: CANDIDATES, top: TOP, seed: settings.seed, signal: hooks.signal }
  const candidates = predictor
    ? (await search(evaluator.strategy, evaluator, predictor, settings, options)).candidates
    : []
  if (predictor && candidates.length === 0) {
    warnings.push('No candidate of the search keeps the risk limits in sample. Loosen the limits or widen the space.')
  }
  if (candidates[0]) warnings.push(...edgeWarnings(settings.strategy.parameterSpace, candidates[0].parameters))

  hooks.progress('VALIDATING', 0, 1)
  const outOfSample = candidates[0] ? await validate(evaluator, candidates[0], settings, baseline) : null
  const result: JobResult = {
    objective: settings.objective,
    chosenAlgorithm: learned ? settings.algorithm : null,
    training: learned?.training ?? null,
    validation: learned?.validation ?? null,
    test: learned?.test ?? null,
    overfitting: learned ? overfitting(learned.training.r2, learned.validation.r2) : null,
    readiness: verdict(learned, importance, candidates),
    featureImportance: importance?.shown ?? [],
    sensitivity: predictor && candidates[0] ? sensitivities(learned, predictor, samples, candidates[0], settings) : [],
    correlations,
    candidates,
    outOfSample,
  }
  hooks.progress('VALIDATING', 1, 1)
  return { samples, learned, result, warnings, digest: digest(samples, learned, result) }
}

/** BACKTESTING: all samples over the training period, block by block; what is there already is not done again. */
async function backtest(
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
  hooks: Hooks,
): Promise<Samples> {
  const count = rows.length / evaluator.width
  const metrics = new Float64Array(count * METRIC_NAMES.length)
  const before = await hooks.finished()
  metrics.set(before)
  for (let from = before.length / METRIC_NAMES.length; from < count; from += BLOCK) {
    hooks.progress('BACKTESTING', from, count)
    const block = rows.subarray(from * evaluator.width, Math.min(count, from + BLOCK) * evaluator.width)
    const done = await evaluator.run(block, settings.training, {
      signal: hooks.signal,
      onProgress: (part) => hooks.progress('BACKTESTING', from + part, count),
    })
    metrics.set(done, from * METRIC_NAMES.length)
    await hooks.save(from, block, done)
  }
  hooks.progress('BACKTESTING', count, count)
  const objective = Float64Array.from({ length: count }, (_, at) =>
    evaluator.objective(metricsOf(metricRow(metrics, at)), minTrades(settings)),
  )
  return { count, rows, metrics, objective }
}

/** What the parameters that are in use today earn; null unless all have a default. */
async function defaults(
  evaluator: Evaluator,
  settings: TuningSettings,
): Promise<{ row: Float64Array; inSample: Metrics } | null> {
  const row = defaultRow(settings.strategy.parameterSpace)
  if (!row || !evaluator.strategy.satisfies(row)) return null
  const [inSample] = await evaluator.metrics(row, settings.training)
  return { row, inSample: inSample! }
}

async function train(
  engine: Engine,
  evaluator: Evaluator,
  samples: Samples,
  settings: TuningSettings,
  baseline: { inSample: Metrics } | null,
  warnings: string[],
  { signal, progress }: Hooks,
): Promise<Learned | null> {
  const reference = baseline ? evaluator.objective(baseline.inSample, minTrades(settings)) : NaN
  let started = 0
  let done = 0
  progress('TRAINING', 0, 1)
  return learn(
    evaluator.strategy,
    settings,
    samples.rows,
    samples.objective,
    Number.isNaN(reference) ? null : reference,
    async <T>(task: Parameters<Engine['call']>[0]) => {
      started++
      const part = await engine.call<T>(task, signal)
      progress('TRAINING', ++done, started)
      return part
    },
    warnings,
  )
}

function predictorOf(learned: Learned): Predictor {
  return new Predictor(learned.model, learned.features, learned.featureNames, learned.calibration)
}

interface Importances {
  shown: FeatureImportance[]
  reasonable: boolean
}

function importances(learned: Learned, samples: Samples, settings: TuningSettings): Importances {
  const { model, matrix, featureNames, features, split } = learned
  const byFeature = permutationImportance(
    (part) => model.predict(part),
    selectRows(matrix, split.validation),
    featureNames,
    selectValues(samples.objective, split.validation),
    settings.seed,
  )
  const parametersOf = new Map(features.features.map(({ name, parameters }) => [name, parameters]))
  return {
    shown: byFeature.map(({ feature, importance, standardDeviation, rank }) => ({
      feature,
      importance,
      standardDeviation,
      shap: null,
      rank,
    })),
    reasonable: isImportanceReasonable(
      byFeature,
      groupedImportance(byFeature, parametersOf),
      learned.importanceStability,
    ),
  }
}

function sensitivities(
  learned: Learned | null,
  predictor: Predictor,
  samples: Samples,
  best: Candidate,
  settings: TuningSettings,
): Sensitivity[] {
  const specs = settings.strategy.parameterSpace
  const parameters = { rows: samples.count, columns: specs.length, values: samples.rows }
  const predicted = learned!.predicted
  const spread = predicted.reduce((a, b) => Math.max(a, b)) - predicted.reduce((a, b) => Math.min(a, b))
  return sensitivity({
    predict: (rows) => predictor.predict(rows.values),
    specs,
    background: backgroundRows(selectRows(parameters, learned!.split.train), settings.seed),
    optimum: toRow(specs, best.parameters),
    spread,
  }).map(({ safeRange, ...rest }) => ({ ...rest, safeRange: { ...safeRange, level: 0.05 } }))
}

/** Metrics worth correlating with the parameters. */
const CORRELATED = ['roi', 'sharpeRatio', 'maxDrawdown', 'winRate', 'profitFactor', 'tradeCount'] as const

function correlate(samples: Samples, settings: TuningSettings): CorrelationMatrix {
  const specs = settings.strategy.parameterSpace
  const parameters = specs.map(({ name }, column) => [
    name,
    Float64Array.from({ length: samples.count }, (_, at) => samples.rows[at * specs.length + column]!),
  ])
  const figures = CORRELATED.map((name) => {
    const column = METRIC_NAMES.indexOf(name)
    return [name, Float64Array.from({ length: samples.count }, (_, at) => metricRow(samples.metrics, at)[column]!)]
  })
  return correlationMatrix(Object.fromEntries([...parameters, ...figures]))
}

/** VALIDATING: the best candidate on candles that nothing has seen, beside what doing nothing special would earn. */
async function validate(
  evaluator: Evaluator,
  best: Candidate,
  settings: TuningSettings,
  baseline: { row: Float64Array } | null,
): Promise<OutOfSample> {
  const actual = evaluator.objective(best.outOfSample!, 0)
  const own = baseline && (await evaluator.metrics(baseline.row, settings.test))[0]!
  return {
    parameters: best.parameters,
    metrics: best.outOfSample!,
    inSample: best.inSample!,
    predicted: best.predicted,
    actual: Number.isNaN(actual) ? null : actual,
    baselines: [
      { name: 'best', metrics: best.outOfSample! },
      ...(own ? [{ name: 'defaults', metrics: own }] : []),
      { name: 'buy and hold', metrics: await evaluator.buyAndHold(settings.test) },
    ],
  }
}

function verdict(learned: Learned | null, importance: Importances | null, candidates: Candidate[]) {
  const rois = candidates.map(({ outOfSample }) => outOfSample!.roi!)
  return readiness({
    trainingR2: learned?.training.r2 ?? null,
    validationR2: learned?.validation.r2 ?? null,
    overfitting: learned ? overfitting(learned.training.r2, learned.validation.r2) : null,
    outOfSampleRoi: rois.length > 0 ? quantile(rois, 0.5) : null,
    importanceReasonable: importance?.reasonable ?? false,
    outOfSampleTrades: candidates[0]?.outOfSample?.tradeCount ?? null,
  })
}

function digest(samples: Samples, learned: Learned | null, result: JobResult): string {
  return new Fingerprint()
    .add(samples.rows)
    .add(samples.metrics)
    .add(learned?.model.toBytes() ?? new Uint8Array())
    .add(result)
    .digest()
}

function metricsList({ metrics, count }: Samples): Metrics[] {
  return Array.from({ length: count }, (_, at) => metricsOf(metricRow(metrics, at)))
}
