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
 * over their neighbourhood, since a peak that a small change destroys is of no use.
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
  const { rows, count } = drawSamples({
    specs: settings.strategy.parameterSpace,
    sampler: 'LATIN_HYPERCUBE',
    count: options.candidates,
    seed: options.seed ^ SEARCH_STREAM,
    violated: (row) => strategy.violatedConstraint(row),
  })
  const proposals = propose(strategy, predictor, rows, settings, options)
  const candidates = evaluator
    ? await verify(evaluator, predictor, proposals, settings, options)
    : judged(predictor, proposals.slice(0, options.top), settings)
  return { candidates: candidates.map((each, at) => ({ ...each, rank: at + 1 })), evaluated: count }
}

/** Those with the best predictions, the flattest first. */
function propose(
  strategy: CompiledStrategy,
  predictor: Predictor,
  rows: Float64Array,
  settings: TuningSettings,
  { top, seed }: SearchOptions,
): Proposal[] {
  const sign = direction(settings.objective)
  const width = strategy.parameterNames.length
  return best(predictor.predict(rows), sign, Math.max(SHORTLIST, top))
    .map((at) => {
      const row = rows.subarray(at * width, (at + 1) * width)
      return { at, row, plateau: plateau(predictor, strategy, row, sign, seed) }
    })
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
  const inSample = await evaluator.metrics(join(tried), settings.training, options)
  const kept = [...tried.keys()]
    .filter((at) => isWithin(settings.riskLimits, inSample[at]))
    .filter((at) => !Number.isNaN(evaluator.objective(inSample[at], minTrades(settings))))
    .slice(0, options.top)
  const chosen = kept.map((at) => tried[at])
  const outOfSample = await evaluator.metrics(join(chosen), settings.test, options)
  return judged(predictor, chosen, settings).map((candidate, place) => ({
    ...candidate,
    inSample: inSample[kept[place]],
    outOfSample: outOfSample[place],
  }))
}

/** What the model says of the proposals, still without ranks and backtests. */
function judged(predictor: Predictor, proposals: Proposal[], settings: TuningSettings): Candidate[] {
  if (proposals.length === 0) return []
  const { predicted, low, high, confidence, outOfDomain } = predictor.judge(join(proposals))
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

/** The 0.1 quantile of the prediction (0.9, where less is better) over 64 points around a candidate. */
function plateau(
  predictor: Predictor,
  strategy: CompiledStrategy,
  centre: Float64Array,
  sign: number,
  seed: number,
): number {
  const specs = strategy.definition.parameterSpace
  const random = new Random(seed, SEARCH_STREAM)
  const neighbours = Array.from({ length: NEIGHBOURS }, () => ({ row: neighbour(specs, centre, random) }))
  const inSpace = neighbours.filter(({ row }) => strategy.satisfies(row))
  return quantile(predictor.predict(join([{ row: centre }, ...inSpace])), sign > 0 ? 0.1 : 0.9)
}

function neighbour(specs: readonly ParameterSpec[], centre: Float64Array, random: Random): Float64Array {
  return Float64Array.from(specs, (spec, at) => {
    const { low, high } = scaleRange(spec)
    const reach = Math.max(NEIGHBOURHOOD * (high - low), spec.step ?? (spec.distribution === 'INTEGER' ? 1 : 0))
    return clampValue(spec, centre[at] + (2 * random.float() - 1) * reach)
  })
}

/** @returns f64[count × parameters] */
function join(proposals: readonly { row: Float64Array }[]): Float64Array {
  return Float64Array.from(proposals.flatMap(({ row }) => [...row]))
}
