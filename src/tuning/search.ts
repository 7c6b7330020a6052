import { setImmediate as turn } from 'node:timers/promises'
import { direction, type Metrics } from '../backtest/metrics.ts'
import { byFeasibility } from '../evidence/feasibility.ts'
import { plateau, plateauPoints } from '../evidence/plateau.ts'
import { INTERVAL_LEVEL } from '../models/confidence.ts'
import type { Predictor } from '../models/predictor.ts'
import { toParameters } from '../strategy/parameter-space.ts'
import type { CompiledStrategy } from '../strategy/plan.ts'
import type { Evaluator } from './evaluator.ts'
import type { Candidate } from './job.ts'
import { isWithin, violation } from './limits.ts'
import { minTrades, type TuningSettings } from './settings.ts'

/** Candidates that a job scores. */
export const CANDIDATES = 10_000
/** Those with the best predictions, whose surroundings are looked at. */
const SHORTLIST = 200
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
  /** how many were backtested in order to choose among them */
  verified: number
  tried: Tried
}

/** What a search has really backtested, in sample, best first by Deb's rule. */
export interface Tried {
  rows: Float64Array[]
  inSample: Metrics[]
  /** how far each breaks the risk limits; 0 = within */
  violations: number[]
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
  const { rows, count } = strategy.draw({
    sampler: 'LATIN_HYPERCUBE',
    count: options.candidates,
    seed: options.seed ^ SEARCH_STREAM,
  })
  await turn()
  const proposals = await propose(strategy, predictor, rows, settings, options)
  await turn()
  const { candidates, tried } = evaluator
    ? await verify(evaluator, predictor, proposals, settings, options)
    : { candidates: judged(predictor, proposals.slice(0, options.top), settings), tried: NOTHING_TRIED }
  const ranked = candidates.map((each, at) => ({ ...each, rank: at + 1 }))
  return { candidates: ranked, evaluated: count, verified: tried.rows.length, tried }
}

export const NOTHING_TRIED: Tried = { rows: [], inSample: [], violations: [] }

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

/**
 * Backtest the proposals in sample, a batch at a time until enough of them keep the risk limits, order them by Deb's
 * rule, and backtest those that are returned out of sample.
 */
async function verify(
  evaluator: Evaluator,
  predictor: Predictor,
  proposals: Proposal[],
  settings: TuningSettings,
  options: SearchOptions,
): Promise<{ candidates: Candidate[]; tried: Tried }> {
  const inSample: Metrics[] = []
  const batch = VERIFIED_PER_CANDIDATE * options.top
  const isKept = (metrics: Metrics): boolean =>
    isWithin(settings.riskLimits, metrics) && !Number.isNaN(evaluator.objective(metrics, minTrades(settings)))
  while (inSample.length < proposals.length && inSample.filter(isKept).length < options.top) {
    const part = proposals.slice(inSample.length, inSample.length + batch)
    inSample.push(...(await evaluator.metrics(join(part.map(({ row }) => row)), settings.training, options)))
  }
  const violations = inSample.map((metrics) => violation(settings.riskLimits, metrics))
  const sign = direction(settings.objective)
  const constrained = violations.map((each, at) => ({ violation: each, objective: sign * proposals[at].plateau }))
  const order = [...inSample.keys()].sort((a, b) => byFeasibility(constrained[a], constrained[b]) || a - b)
  const kept = order.filter((at) => isKept(inSample[at])).slice(0, options.top)

  const chosen = kept.map((at) => proposals[at])
  const outOfSample = await evaluator.metrics(join(chosen.map(({ row }) => row)), settings.test, options)
  const candidates = judged(predictor, chosen, settings).map((candidate, place) => ({
    ...candidate,
    inSample: inSample[kept[place]],
    outOfSample: outOfSample[place],
  }))
  const tried = {
    rows: order.map((at) => proposals[at].row),
    inSample: order.map((at) => inSample[at]),
    violations: order.map((at) => violations[at]),
  }
  return { candidates, tried }
}

/** What the model says of given parameter sets, and what they really bring out of sample. */
export async function judgeProposals(
  evaluator: Evaluator,
  predictor: Predictor,
  rows: readonly Float64Array[],
  settings: TuningSettings,
  options: { signal?: AbortSignal | undefined; seed: number },
): Promise<Candidate[]> {
  if (rows.length === 0) return []
  const plateaus = plateausOf(predictor, evaluator.strategy, rows, direction(settings.objective), options.seed)
  const outOfSample = await evaluator.metrics(join(rows), settings.test, { signal: options.signal })
  const proposals = rows.map((row, at) => ({ row, plateau: plateaus[at] }))
  return judged(predictor, proposals, settings).map((each, at) => ({ ...each, outOfSample: outOfSample[at] }))
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
  const satisfies = (row: Float64Array): boolean => strategy.satisfies(row)
  const surroundings = centres.map((centre, item) => {
    const around = plateauPoints(specs, centre, { seed, item, satisfies })
    return around.length > 0 ? around : centre
  })
  const predicted = predictor.predict(join(surroundings)).map((value) => sign * value) // all in one call
  let from = 0
  return surroundings.map(({ length }) => {
    const own = predicted.subarray(from, (from += length / specs.length))
    return sign * plateau(own)!
  })
}

/** One after the other. */
function join(rows: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(rows.reduce((sum, row) => sum + row.length, 0))
  let at = 0
  for (const row of rows) {
    joined.set(row, at)
    at += row.length
  }
  return joined
}
