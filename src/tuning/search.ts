import { direction, type Metrics } from '../backtest/metrics.ts'
import { quantile } from '../engine/statistics.ts'
import { Random } from '../engine/random.ts'
import { INTERVAL_LEVEL } from '../models/confidence.ts'
import type { Predictor } from '../models/service.ts'
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
): Promise<{ candidates: Candidate[]; evaluated: number }> {
  const specs = settings.strategy.parameterSpace
  const sign = direction(settings.objective)
  const { rows, count } = drawSamples({
    specs,
    sampler: 'LATIN_HYPERCUBE',
    count: options.candidates,
    seed: options.seed ^ SEARCH_STREAM,
    violated: (row) => strategy.violatedConstraint(row),
  })
  const predicted = predictor.predict(rows)
  const width = specs.length
  const row = (at: number): Float64Array => rows.subarray(at * width, (at + 1) * width)

  const shortlist = best(predicted, sign, Math.min(count, Math.max(SHORTLIST, options.top)))
  const plateaus = shortlist.map((at) => plateau(predictor, strategy, specs, row(at), sign, options.seed))
  const ranked = shortlist
    .map((at, place) => ({ at, plateau: plateaus[place]! }))
    .sort((a, b) => sign * (b.plateau - a.plateau) || a.at - b.at)
    .slice(0, evaluator ? options.top * VERIFIED_PER_CANDIDATE : options.top)

  const chosen = join(
    ranked.map(({ at }) => row(at)),
    width,
  )
  const judgement = predictor.judge(chosen)
  const inSample = evaluator ? await evaluator.metrics(chosen, settings.training, options) : []
  const outOfSample = evaluator ? await evaluator.metrics(chosen, settings.test, options) : []

  const candidates = ranked.map(({ plateau }, place): Candidate => ({
    rank: 0,
    parameters: toParameters(specs, chosen.subarray(place * width, (place + 1) * width)),
    predicted: judgement.predicted[place]!,
    interval: { low: judgement.low[place]!, high: judgement.high[place]!, level: INTERVAL_LEVEL },
    confidence: judgement.confidence[place]!,
    outOfDomain: judgement.outOfDomain[place] === 1,
    inSample: inSample[place] ?? null,
    outOfSample: outOfSample[place] ?? null,
    plateau,
  }))
  const acceptable = candidates.filter(({ inSample }) => {
    if (!evaluator || !inSample) return true
    return isWithin(settings.riskLimits, inSample) && !Number.isNaN(evaluator.objective(inSample, minTrades(settings)))
  })
  return {
    candidates: acceptable.slice(0, options.top).map((each, at) => ({ ...each, rank: at + 1 })),
    evaluated: count,
  }
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
  return [...predicted.keys()].sort((a, b) => sign * (predicted[b]! - predicted[a]!) || a - b).slice(0, count)
}

/** The 0.1 quantile of the prediction (0.9, where less is better) over 64 points around a candidate. */
function plateau(
  predictor: Predictor,
  strategy: CompiledStrategy,
  specs: readonly ParameterSpec[],
  centre: Float64Array,
  sign: number,
  seed: number,
): number {
  const random = new Random(seed, SEARCH_STREAM)
  const neighbours = Array.from({ length: NEIGHBOURS }, () => neighbour(specs, centre, random)).filter((row) =>
    strategy.satisfies(row),
  )
  const predicted = predictor.predict(join([centre, ...neighbours], specs.length))
  return quantile(predicted, sign > 0 ? 0.1 : 0.9)
}

function neighbour(specs: readonly ParameterSpec[], centre: Float64Array, random: Random): Float64Array {
  return Float64Array.from(specs, (spec, at) => {
    const { low, high } = scaleRange(spec)
    const reach = Math.max(NEIGHBOURHOOD * (high - low), spec.step ?? (spec.distribution === 'INTEGER' ? 1 : 0))
    return clampValue(spec, centre[at]! + (2 * random.float() - 1) * reach)
  })
}

function join(rows: Float64Array[], width: number): Float64Array {
  const joined = new Float64Array(rows.length * width)
  rows.forEach((row, at) => joined.set(row, at * width))
  return joined
}
