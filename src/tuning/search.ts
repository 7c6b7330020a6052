import { setImmediate as turn } from 'node:timers/promises'
import { direction, type Metrics } from '../backtest/metrics.ts'
import { quantile } from '../engine/statistics.ts'
import { Random } from '../engine/random.ts'
import { INTERVAL_LEVEL } from '../models/confidence.ts'
import type { Predictor } from '../models/predictor.ts'
import { clampValue, scaleRange, toParameters, type ParameterSpec } from '../strategy/parameter-space.ts'
import type { CompiledStrategy } from '../strategy/plan.ts'
import { drawSamples } from '../strategy/sampling.ts'
import type { Evaluator } from './evaluator.ts'
import type { Candidate, RiskLimits } from './job.ts'
import { minTrades, type TuningSettings } from './settings.ts'

/** Candidates that a job scores. */
export const CANDIDATES = 10_000
/** Those with the best predictions, whose surroundings are looked at. */
const SHORTLIST = 200
const NEIGHBOURS = 64
/** Neighbours lie within this share of each range. */
const NEIGHBOURHOOD = 0.1
/** Backtests per candidate that is asked for: some will break the limits. */
const VERIFIED_PER_CANDIDATE = 5

/** So that the candidates are other points than the samples. */
const SEARCH_STREAM = 0x5ea6c4

export interface SearchOptions {
  candidates: number
  top: number
  seed: number
  signal?: AbortSignal | undefined
}

export interface SearchResult {
  /** best first */
  candidates: Candidate[]
  /** how many were scored */
  evaluated: number
}

/** A parameter set that the model likes, with the lower quantile of the prediction around it. */
interface Proposal {
  row: Float64Array
  plateau: number
}

/**
 * Draw candidates from the space, score them, and propose the best: ranked by the lower quantile of the prediction
 * over their neighbourhood, since a peak that a small change destroys is of no use. Between its steps it lets others
 * have a turn of the event loop.
 *
 * @param evaluator backtests the best ones, in and out of sample, and those within the risk limits stay; null: the
 *                  model's word is all there is
 */
export async function search(
  strategy: CompiledStrategy,
  evaluator: Evaluator | null,
  predictor: Predictor,
  settings: TuningSettings,
  options: SearchOptions,
): Promise<SearchResult> {
  await turn()
  const { rows, count } = drawSamples({
    specs: settings.strategy.parameterSpace,
    sampler: 'LATIN_HYPERCUBE',
    count: options.candidates,
    seed: options.seed ^ SEARCH_STREAM,
    violated: (row) => strategy.violatedConstraint(row),
  })
  await turn()
  const proposals = await propose(strategy, predictor, rows, settings, options)
  await turn()
  const candidates = evaluator
    ? await verify(evaluator, predictor, proposals, settings, options)
    : judged(predictor, proposals.slice(0, options.top), settings)
  return { candidates: candidates.map((each, at) => ({ ...each, rank: at + 1 })), evaluated: count }
}

/** Those with the best predictions, the flattest first. */
async function propose(
  strategy: CompiledStrategy,
  predictor: Predictor,
  rows: Float64Array,
  settings: TuningSettings,
  { top, seed }: SearchOptions,
): Promise<Proposal[]> {
  const sign = direction(settings.objective)
  const width = strategy.parameterNames.length
  const shortlist = best(predictor.predict(rows), sign, Math.max(SHORTLIST, top))
  const centres = shortlist.map((at) => rows.subarray(at * width, (at + 1) * width))
  await turn()
  const plateaus = plateausOf(predictor, strategy, centres, sign, seed)
  return shortlist
    .map((at, place) => ({ at, row: centres[place], plateau: plateaus[place] }))
    .sort((a, b) => sign * (b.plateau - a.plateau) || a.at - b.at)
}

/** Backtest the first proposals in sample, keep those within the risk limits, and backtest these out of sample. */
async function verify(
  evaluator: Evaluator,
  predictor: Predictor,
  proposals: Proposal[],
  settings: TuningSettings,
  options: SearchOptions,
): Promise<Candidate[]> {
  const tried = proposals.slice(0, VERIFIED_PER_CANDIDATE * options.top)
  const inSample = await evaluator.metrics(join(tried.map(({ row }) => row)), settings.training, options)
  const kept = [...tried.keys()]
    .filter((at) => isWithin(settings.riskLimits, inSample[at]))
    .filter((at) => !Number.isNaN(evaluator.objective(inSample[at], minTrades(settings))))
    .slice(0, options.top)
  const chosen = kept.map((at) => tried[at])
  const outOfSample = await evaluator.metrics(join(chosen.map(({ row }) => row)), settings.test, options)
  return judged(predictor, chosen, settings).map((candidate, place) => ({
    ...candidate,
    inSample: inSample[kept[place]],
    outOfSample: outOfSample[place],
  }))
}

/** What the model says of the proposals, still without ranks and backtests. */
function judged(predictor: Predictor, proposals: Proposal[], settings: TuningSettings): Candidate[] {
  if (proposals.length === 0) return []
  const { predicted, low, high, confidence, outOfDomain } = predictor.judge(join(proposals.map(({ row }) => row)))
  return proposals.map(({ row, plateau }, place) => ({
    rank: 0,
    parameters: toParameters(settings.strategy.parameterSpace, row),
    predicted: predicted[place],
    interval: { low: low[place], high: high[place], level: INTERVAL_LEVEL },
    confidence: confidence[place],
    outOfDomain: outOfDomain[place] === 1,
    inSample: null,
    outOfSample: null,
    plateau,
  }))
}

/** Whether a result keeps every limit; a figure that is not defined breaks its limit. */
export function isWithin(limits: RiskLimits, metrics: Metrics): boolean {
  const atLeast = (value: number | null, limit: number | null) => limit === null || (value !== null && value >= limit)
  return (
    (limits.maxDrawdown === null || metrics.maxDrawdown! <= limits.maxDrawdown) &&
    atLeast(metrics.tradeCount, limits.minTrades) &&
    atLeast(metrics.winRate, limits.minWinRate) &&
    atLeast(metrics.profitFactor, limits.minProfitFactor)
  )
}

/** @returns indices of the `count` best predictions, best first; of equal ones the first */
function best(predicted: Float64Array, sign: number, count: number): number[] {
  return [...predicted.keys()].sort((a, b) => sign * (predicted[b] - predicted[a]) || a - b).slice(0, count)
}

/** For each candidate the 0.1 quantile of the prediction (0.9, where less is better) over 64 points around it. */
function plateausOf(
  predictor: Predictor,
  strategy: CompiledStrategy,
  centres: readonly Float64Array[],
  sign: number,
  seed: number,
): number[] {
  const specs = strategy.definition.parameterSpace
  const surroundings = centres.map((centre) => {
    const random = new Random(seed, SEARCH_STREAM)
    const neighbours = Array.from({ length: NEIGHBOURS }, () => neighbour(specs, centre, random))
    return [centre, ...neighbours.filter((row) => strategy.satisfies(row))]
  })
  const predicted = predictor.predict(join(surroundings.flat())) // all in one call
  let from = 0
  return surroundings.map(({ length }) => {
    const own = predicted.subarray(from, (from += length))
    return quantile(own, sign > 0 ? 0.1 : 0.9)
  })
}

function neighbour(specs: readonly ParameterSpec[], centre: Float64Array, random: Random): Float64Array {
  return Float64Array.from(specs, (spec, at) => {
    const { low, high } = scaleRange(spec)
    const reach = Math.max(NEIGHBOURHOOD * (high - low), spec.step ?? (spec.distribution === 'INTEGER' ? 1 : 0))
    return clampValue(spec, centre[at] + (2 * random.float() - 1) * reach)
  })
}

/** @returns f64[count × parameters] */
function join(rows: readonly Float64Array[]): Float64Array {
  const width = rows[0]?.length ?? 0
  const joined = new Float64Array(rows.length * width)
  rows.forEach((row, at) => joined.set(row, at * width))
  return joined
}
