import { Fingerprint } from '../backtest/fingerprint.ts'
import { METRIC_NAMES, type Metrics } from '../backtest/metrics.ts'
import type { Candles } from '../engine/candles.ts'
import type { Engine } from '../engine/pool.ts'
import { chosenAlgorithm } from '../models/combined-model.ts'
import type { TaskRunner } from '../models/estimator.ts'
import { Predictor } from '../models/predictor.ts'
import { overfitting } from '../models/validation.ts'
import { defaultRow } from '../strategy/parameter-space.ts'
import { correlations, importances, sensitivities } from './analysis.ts'
import type { Sharing } from './blocks.ts'
import { Evaluator } from './evaluator.ts'
import { crossValidationResult, curveResult } from './examination.ts'
import type { JobPhase, JobResult } from './job.ts'
import { learn, type Learned } from './learn.ts'
import { marketConditions } from './market-conditions.ts'
import { paretoFront, type ParetoFront } from './pareto-front.ts'
import { provenanceOf } from './provenance.ts'
import { isInRounds, sampleInRounds } from './rounds.ts'
import { CANDIDATES, NOTHING_TRIED, search, type SearchResult } from './search.ts'
import { minTrades, type TuningSettings } from './settings.ts'
import { judge, validate } from './validating.ts'
import { edgeWarnings, evidenceWarnings, limitWarnings, liquidationWarnings, tradeWarnings } from './warnings.ts'

/** What the pipeline asks of whoever runs it. */
export interface Hooks {
  signal: AbortSignal
  /** @param done of `total` steps of this phase */
  progress: (phase: JobPhase, done: number, total: number) => void
  /** Metrics of samples [0, n) that an earlier attempt has left behind; empty at first. */
  finished: () => Promise<Float64Array>
  /** A block of samples is done. @param from index of its first sample */
  save: (from: number, rows: Float64Array, metrics: Float64Array) => Promise<void>
  /** Have other workers help to backtest all samples. @returns f64[count × 26]; null: not worth it, or nobody could */
  share?: (work: Sharing) => Promise<Float64Array> | null
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
  /** parameter sets that the search has backtested, beside the samples */
  searched: readonly Float64Array[]
}

/** The parameters that are in use today, and what they earn in sample. */
export interface Baseline {
  row: Float64Array
  inSample: Metrics
}

/** Samples of one checkpoint. */
const BLOCK = 200
const TOP = 10
const NOTHING_FOUND: SearchResult & { front: ParetoFront } = {
  candidates: [],
  evaluated: 0,
  verified: 0,
  tried: NOTHING_TRIED,
  front: { candidates: [], hypervolume: null },
}

/**
 * A whole tuning job: from candles to a verdict. Pure but for the compute threads and the hooks: the same candles and
 * settings give the same bits, whatever the number of threads and however often it was interrupted.
 *
 * @param candles both periods and what the warm-up needs before them
 */
export async function tune(engine: Engine, candles: Candles, settings: TuningSettings, hooks: Hooks): Promise<Outcome> {
  const evaluator = new Evaluator(engine, candles, settings)
  const warnings: string[] = []
  const { progress } = hooks

  progress('SAMPLING', 0, 1)
  const run: TaskRunner = (task) => engine.call(task, hooks.signal)
  const design = draw(evaluator, settings, warnings)
  const samples = isInRounds(settings)
    ? await sampleByRounds(evaluator, settings, hooks, run, warnings)
    : await backtest(evaluator, design, settings, hooks)
  warnings.push(...liquidationWarnings(evaluator.strategy.bind(samples.rows), settings))
  warnings.push(...(await tradeWarnings(evaluator, samples.rows, samples.metrics, settings)))

  progress('TRAINING', 0, 1)
  const baseline = await inUse(evaluator, settings)
  const learned = await train(engine, evaluator, samples, settings, baseline, warnings, hooks)
  const predictor = learned && new Predictor(learned.model, learned.features, learned.featureNames, learned.calibration)

  progress('ANALYSING', 0, 1)
  const importance = learned && (await importances(learned, samples.objective, settings, run))

  progress('SEARCHING', 0, 1)
  const found = predictor ? await propose(evaluator, predictor, samples, settings, warnings, hooks) : NOTHING_FOUND
  const { candidates, verified, front } = found
  const [best] = candidates
  const context = { run, signal: hooks.signal, warnings }
  const conditions = learned && (await marketConditions(evaluator, samples, learned, best, settings, context))

  progress('VALIDATING', 0, 1)
  const given = { engine, evaluator, samples, design, candidates, verified, baseline, settings }
  const validation = await validate(given, hooks)
  warnings.push(...evidenceWarnings(validation, settings))
  const gap = learned && overfitting(learned.training.r2, learned.validation.r2)
  const result: JobResult = {
    objective: settings.objective,
    chosenAlgorithm: learned && chosenAlgorithm(learned.model),
    training: learned?.training ?? null,
    validation: learned?.validation ?? null,
    test: learned?.test ?? null,
    crossValidation: learned && crossValidationResult(learned.examination),
    learningCurve: learned && curveResult(learned.examination),
    overfitting: gap,
    readiness: judge(learned, gap, importance, candidates, validation, settings),
    featureImportance: importance?.shown ?? [],
    parameterImportance: importance?.byParameter ?? [],
    marketConditions: conditions,
    sensitivity:
      learned && predictor && best ? await sensitivities(learned, predictor, samples, best, settings, run) : [],
    correlations: await correlations(samples, settings, run),
    candidates,
    paretoFront: front.candidates,
    hypervolume: front.hypervolume,
    ...validation,
    provenance: await provenanceOf(engine, evaluator, hooks.signal),
  }
  progress('VALIDATING', 1, 1)
  return { samples, learned, result, warnings, digest: digest(samples, learned, result), searched: found.tried.rows }
}

/** SAMPLING and BACKTESTING in turns. */
async function sampleByRounds(
  evaluator: Evaluator,
  settings: TuningSettings,
  hooks: Hooks,
  run: TaskRunner,
  warnings: string[],
): Promise<Samples> {
  const progress = (done: number, total: number) => hooks.progress('BACKTESTING', done, total)
  const { rows, metrics } = await sampleInRounds(evaluator, settings, { ...hooks, progress, run }, warnings)
  return withObjective(evaluator, settings, rows, metrics)
}

/** @returns f64[count × parameters] */
function draw({ strategy }: Evaluator, settings: TuningSettings, warnings: string[]): Float64Array {
  const { sampler, sampleCount: count, seed } = settings
  const { rows, notes } = strategy.draw({ sampler, count, seed })
  warnings.push(...notes)
  return rows
}

/** BACKTESTING: all samples over the training period, block by block; what is there already is not done again. */
async function backtest(
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
  { signal, progress, finished, save, share }: Hooks,
): Promise<Samples> {
  const { width } = evaluator
  const count = rows.length / width
  const metrics = new Float64Array(count * METRIC_NAMES.length)
  const before = await finished()
  const shared = share?.({
    rows,
    finished: before.length / METRIC_NAMES.length,
    bars: evaluator.bars(settings.training),
    signal,
    progress: (done) => progress('BACKTESTING', done, count),
  })
  metrics.set((await shared) ?? before)
  for (let from = shared ? count : before.length / METRIC_NAMES.length; from < count; from += BLOCK) {
    progress('BACKTESTING', from, count)
    const block = rows.subarray(from * width, Math.min(count, from + BLOCK) * width)
    const onProgress = (part: number) => progress('BACKTESTING', from + part, count)
    const done = await evaluator.run(block, settings.training, { signal, onProgress })
    metrics.set(done, from * METRIC_NAMES.length)
    await save(from, block, done)
  }
  progress('BACKTESTING', count, count)
  return withObjective(evaluator, settings, rows, metrics)
}

function withObjective(
  evaluator: Evaluator,
  settings: TuningSettings,
  rows: Float64Array,
  metrics: Float64Array,
): Samples {
  const objective = evaluator.objectives(metrics, minTrades(settings))
  return { count: objective.length, rows, metrics, objective }
}

/** Null unless all parameters have a default, and these satisfy the constraints. */
async function inUse(evaluator: Evaluator, settings: TuningSettings): Promise<Baseline | null> {
  const row = defaultRow(settings.strategy.parameterSpace)
  if (!row || !evaluator.strategy.satisfies(row)) return null
  const [inSample] = await evaluator.metrics(row, settings.training)
  return { row, inSample }
}

/** TRAINING. A candidate succeeds that is at least as good as the parameters in use today. */
function train(
  engine: Engine,
  evaluator: Evaluator,
  samples: Samples,
  settings: TuningSettings,
  baseline: Baseline | null,
  warnings: string[],
  { signal, progress }: Hooks,
): Promise<Learned | null> {
  const reference = baseline ? evaluator.objective(baseline.inSample, minTrades(settings)) : NaN
  const input = {
    strategy: evaluator.strategy,
    settings,
    rows: samples.rows,
    target: samples.objective,
    reference: Number.isNaN(reference) ? null : reference,
  }
  let started = 0
  let done = 0
  const run = async <T>(task: Parameters<Engine['call']>[0]): Promise<T> => {
    started++
    const part = await engine.call<T>(task, signal)
    progress('TRAINING', ++done, started)
    return part
  }
  return learn(input, run, warnings)
}

/** SEARCHING: the best candidates within the risk limits, checked by real backtests in and out of sample. */
async function propose(
  evaluator: Evaluator,
  predictor: Predictor,
  samples: Samples,
  settings: TuningSettings,
  warnings: string[],
  { signal }: Hooks,
): Promise<SearchResult & { front: ParetoFront }> {
  const options = { candidates: CANDIDATES, top: TOP, seed: settings.seed, signal }
  const found = await search(evaluator.strategy, evaluator, predictor, settings, options)
  const best = found.candidates[0]?.parameters
  warnings.push(...(best ? edgeWarnings(settings.strategy.parameterSpace, best) : limitWarnings(found.tried)))
  return { ...found, front: await paretoFront(evaluator, predictor, samples, found.tried, settings, options) }
}

/**
 * What of a result its digest holds. Digests are older than fans, and what a fan leads to, the quantiles of the same
 * runs, is in them: so a job that finished before there were fans still has the digest of its replay.
 */
export function withoutFans(result: JobResult): JobResult {
  const { monteCarlo } = result
  return { ...result, ...(monteCarlo && { monteCarlo: monteCarlo.map(({ fan: _, ...rest }) => rest) }) }
}

function digest(samples: Samples, learned: Learned | null, result: JobResult): string {
  return new Fingerprint()
    .add(samples.rows)
    .add(samples.metrics)
    .add(learned?.model.toBytes() ?? new Uint8Array())
    .add(withoutFans(result))
    .digest()
}
