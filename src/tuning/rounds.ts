import { direction } from '../backtest/metrics.ts'
import { METRIC_COUNT } from '../engine/layout.ts'
import type { TaskRunner } from '../models/estimator.ts'
import { matrixOf, rowOf, selectRows, selectValues } from '../models/matrix.ts'
import { proposalCandidates, RESTARTS, TUNING_ROWS, type ProposalRequest } from '../models/proposals.ts'
import { inverseCdf } from '../strategy/inverse-cdf.ts'
import { isVaried, levels, type ParameterSpec } from '../strategy/parameter-space.ts'
import { unitPlace } from '../strategy/unit-place.ts'
import { metricsList, type Evaluator } from './evaluator.ts'
import { isWithin } from './limits.ts'
import { minTrades, type TuningSettings } from './settings.ts'

/** What the rounds ask of whoever runs them. */
export interface RoundHooks {
  signal: AbortSignal
  progress: (done: number, total: number) => void
  finished: () => Promise<Float64Array>
  save: (from: number, rows: Float64Array, metrics: Float64Array) => Promise<void>
  /** for the compute threads */
  run: TaskRunner
}

/** Points of the first design, and per parameter that varies. */
const FIRST = 10
const FIRST_PER_PARAMETER = 2
/** Of a batch at least, and of the rounds at most: a round costs as much as thousands of backtests. */
const BATCH = 8
const ROUNDS = 16
/** Places that a batch is chosen from. */
export const PLACES = 2000
/** Samples that the process is given, at most: the best of them and of the others every so many-th. */
const KNOWN = 800
const KNOWN_BEST = 200

/** Streams of their own for every round. */
const ROUND_STREAM = 0x726f756e

/** BAYESIAN looks at the results before it goes on. A grid is complete as it is. */
export function isInRounds({ algorithm, sampler }: Pick<TuningSettings, 'algorithm' | 'sampler'>): boolean {
  return algorithm === 'BAYESIAN' && sampler !== 'GRID'
}

/**
 * Sampling for BAYESIAN: a first design of the job's sampler, then batches of those places where the Gaussian process
 * over all samples so far expects the largest improvement of the objective, times the probability that a sample there
 * keeps the risk limits and has trades enough.
 *
 * What an earlier attempt has backtested is not done again; the places are computed anew from it, to the same bits.
 *
 * @returns rows f64[count × parameters] and their metrics f64[count × 26]
 */
export async function sampleInRounds(
  evaluator: Evaluator,
  settings: TuningSettings,
  hooks: RoundHooks,
  notes: string[],
): Promise<{ rows: Float64Array; metrics: Float64Array }> {
  const { width } = evaluator
  const before = await hooks.finished()
  const rows: number[] = []
  const metrics: number[] = []
  const count = () => rows.length / width

  await measure(firstDesign(evaluator, settings))
  const batch = batchSize(settings.sampleCount - count())
  for (let round = 0; count() < settings.sampleCount; round++) {
    const wanted = Math.min(batch, settings.sampleCount - count())
    const seed = (settings.seed ^ ROUND_STREAM) + round
    const next = await proposeRound(evaluator, settings, { rows, metrics }, wanted, seed, hooks.run)
    if (next.length === 0) {
      notes.push(`Within its constraints nothing else was found to try after ${count()} parameter sets.`)
      break
    }
    await measure(next)
  }
  hooks.progress(count(), count())
  return { rows: Float64Array.from(rows), metrics: Float64Array.from(metrics) }

  async function measure(block: Float64Array): Promise<void> {
    hooks.signal.throwIfAborted()
    const from = count()
    const size = block.length / width
    const total = Math.max(settings.sampleCount, from + size)
    hooks.progress(from, total)
    const known = before.slice(from * METRIC_COUNT, (from + size) * METRIC_COUNT)
    const done = known.length / METRIC_COUNT
    append(rows, block)
    append(metrics, known)
    if (done === size) return
    const rest = block.subarray(done * width)
    const onProgress = (part: number) => hooks.progress(from + done + part, total)
    const found = await evaluator.run(rest, settings.training, { signal: hooks.signal, onProgress })
    append(metrics, found)
    await hooks.save(from + done, rest, found)
  }
}

/** A round of a large job has more numbers than a call takes arguments. */
function append(to: number[], values: Iterable<number>): void {
  for (const value of values) to.push(value)
}

/** Samples known before each round. @param varied parameters that vary */
export function roundSizes(sampleCount: number, varied: number): number[] {
  const first = Math.min(sampleCount, firstCount(varied))
  const batch = batchSize(sampleCount - first)
  return Array.from({ length: Math.ceil((sampleCount - first) / batch) }, (_, round) => first + round * batch)
}

/** Samples that the process is given, of so many. */
export function knownSamples(done: number): number {
  return Math.min(done, KNOWN)
}

function firstCount(varied: number): number {
  return Math.max(FIRST, FIRST_PER_PARAMETER * varied)
}

function batchSize(rest: number): number {
  return Math.max(BATCH, Math.ceil(rest / ROUNDS))
}

function firstDesign({ strategy }: Evaluator, settings: TuningSettings): Float64Array {
  const { sampler, sampleCount, seed } = settings
  const first = firstCount(settings.strategy.parameterSpace.filter(isVaried).length)
  return strategy.draw({ sampler, count: Math.min(sampleCount, first), seed }).rows
}

/** What has been backtested so far. */
interface Done {
  /** f64[count × parameters] and f64[count × 26], as plain lists */
  rows: readonly number[]
  metrics: readonly number[]
}

/** @returns f64[at most `wanted` × parameters], new rows within the constraints */
async function proposeRound(
  evaluator: Evaluator,
  settings: TuningSettings,
  done: Done,
  wanted: number,
  seed: number,
  run: TaskRunner,
): Promise<Float64Array> {
  const { width, strategy } = evaluator
  const specs = settings.strategy.parameterSpace
  const varied = specs.filter(isVaried)
  const known = Array.from({ length: done.rows.length / width }, (_, at) =>
    done.rows.slice(at * width, (at + 1) * width),
  )
  const seen = new Set(known.map((row) => row.join()))
  const isNew = (row: Float64Array) => !seen.has(row.join()) && strategy.satisfies(row)

  const all = { points: matrixOf(known.map((row) => placesOf(specs, row))), values: worth(evaluator, settings, done) }
  const telling = tellingRows(all.values)
  const measured = { points: selectRows(all.points, telling), values: selectValues(all.values, telling) }
  const steps = varied.map((spec) => (Number.isFinite(levels(spec)) ? levels(spec) : 0))
  const places = proposalCandidates({ ...measured, levels: steps, count: PLACES, seed })
  const rows = Array.from({ length: places.rows }, (_, at) => valuesAt(specs, rowOf(places, at)))
  const open = Int32Array.from(rows.keys()).filter((at) => isNew(rows[at]))
  if (open.length < wanted)
    return fill(
      evaluator,
      settings,
      [...open].map((at) => rows[at]),
      wanted,
      seed,
      isNew,
    )

  const candidates = matrixOf([...open].map((at) => placesOf(specs, rows[at])))
  const data: ProposalRequest = { ...measured, candidates, count: wanted, seed }
  const picks = await run<Int32Array>({ module: PROPOSALS, name: 'proposeBatch', data })
  return Float64Array.from([...picks].flatMap((pick) => [...rows[open[pick]]]))
}

/** As `proposeBatch` fits the process. */
export const PROCESS_ROWS = { restarts: RESTARTS, tuningRows: TUNING_ROWS, trainingRows: KNOWN }

const PROPOSALS = new URL('../models/proposals.ts', import.meta.url).href

/** More is better; NaN where there are too few trades, or a risk limit is broken. */
function worth(evaluator: Evaluator, settings: TuningSettings, { metrics }: Done): Float64Array {
  const sign = direction(settings.objective)
  return Float64Array.from(metricsList(Float64Array.from(metrics)), (each) =>
    isWithin(settings.riskLimits, each) ? sign * evaluator.objective(each, minTrades(settings)) : NaN,
  )
}

/** All samples, or of many the best and every so many-th of the others. */
function tellingRows(values: Float64Array): Int32Array {
  const rows = Int32Array.from(values.keys())
  if (rows.length <= KNOWN) return rows
  const worst = (row: number) => (Number.isNaN(values[row]) ? -Infinity : values[row])
  const ranked = [...rows].sort((a, b) => (worst(b) === worst(a) ? a - b : worst(b) - worst(a)))
  const others = ranked.slice(KNOWN_BEST).sort((a, b) => a - b)
  const kept = KNOWN - KNOWN_BEST
  const spread = Array.from({ length: kept }, (_, at) => others[Math.floor((at * others.length) / kept)])
  return Int32Array.from([...ranked.slice(0, KNOWN_BEST), ...spread]).sort()
}

/** Where hardly any place is left: what there is, and random draws beside it. */
function fill(
  { strategy }: Evaluator,
  settings: TuningSettings,
  found: Float64Array[],
  wanted: number,
  seed: number,
  isNew: (row: Float64Array) => boolean,
): Float64Array {
  const rows = new Map(found.slice(0, wanted).map((row) => [row.join(), row]))
  const { rows: drawn } = strategy.draw({ sampler: 'RANDOM', count: settings.sampleCount + wanted, seed })
  const width = settings.strategy.parameterSpace.length
  for (let at = 0; at < drawn.length && rows.size < wanted; at += width) {
    const row = drawn.slice(at, at + width)
    if (isNew(row)) rows.set(row.join(), row)
  }
  return Float64Array.from([...rows.values()].flatMap((row) => [...row]))
}

/** A row as a place in the unit cube of the parameters that vary. */
function placesOf(specs: readonly ParameterSpec[], row: ArrayLike<number>): number[] {
  return specs.flatMap((spec, at) => (isVaried(spec) ? unitPlace(spec, row[at]) : []))
}

function valuesAt(specs: readonly ParameterSpec[], place: Float64Array): Float64Array {
  let varied = 0
  return Float64Array.from(specs, (spec) => inverseCdf(spec, isVaried(spec) ? place[varied++] : 0.5))
}
