import { direction, metricsOf, objectiveValue, type Metrics, type Objective } from '../backtest/metrics.ts'
import { hypervolume } from '../evidence/hypervolume.ts'
import { nonDominated, scalePoint, type ObjectiveRange } from '../evidence/pareto.ts'
import type { Predictor } from '../models/predictor.ts'
import { metricRow, type Evaluator } from './evaluator.ts'
import type { Candidate } from './job.ts'
import { isWithin } from './limits.ts'
import type { Samples } from './pipeline.ts'
import { judgeProposals, type Tried } from './search.ts'
import { minTrades, type TuningSettings } from './settings.ts'

/** What several objectives leave to choose from. */
export interface ParetoFront {
  /** best in the first objective first */
  candidates: Candidate[]
  /** share of the whole range of all objectives that the front dominates, 0…1; null beyond four objectives */
  hypervolume: number | null
}

/** Members that are kept; of more, every so many-th, so that both ends stay. */
const MOST = 50
/** Objectives that the volume can be computed of. */
const MOST_OBJECTIVES = 4

/**
 * The range that each objective counts in, the same for every job, so that volumes can be compared. What lies beyond
 * counts as the end.
 */
const RANGES: Record<Objective, ObjectiveRange> = {
  ROI: { low: -1, high: 5 },
  CAGR: { low: -1, high: 5 },
  SHARPE_RATIO: { low: -3, high: 5 },
  SORTINO_RATIO: { low: -3, high: 8 },
  CALMAR_RATIO: { low: -3, high: 10 },
  MAX_DRAWDOWN: { low: -1, high: 0 }, // turned: less is better
  WIN_RATE: { low: 0, high: 1 },
  PROFIT_FACTOR: { low: 0, high: 10 },
  EXPECTANCY: { low: -0.05, high: 0.05 },
  SQN: { low: -5, high: 7 },
}

/**
 * The parameter sets that nothing backtested so far beats in all objectives, of the samples and of what the search has
 * tried, within the risk limits and with enough trades, in sample. Each is then backtested out of sample too.
 *
 * @returns nothing where the job has only one objective
 */
export async function paretoFront(
  evaluator: Evaluator,
  predictor: Predictor,
  samples: Samples,
  tried: Tried,
  settings: TuningSettings,
  options: { signal?: AbortSignal | undefined; seed: number },
): Promise<ParetoFront> {
  const objectives = [settings.objective, ...settings.secondaryObjectives]
  if (objectives.length === 1) return { candidates: [], hypervolume: null }
  const { width } = evaluator
  const count = samples.count + tried.inSample.length
  const metricsAt = (at: number): Metrics =>
    at < samples.count ? metricsOf(metricRow(samples.metrics, at)) : tried.inSample[at - samples.count]
  const rowOf = (at: number) =>
    at < samples.count ? samples.rows.subarray(at * width, (at + 1) * width) : tried.rows[at - samples.count]
  const eligible: number[] = []
  const points: Float64Array[] = []
  for (let at = 0; at < count; at++) {
    const metrics = metricsAt(at)
    if (!isEligible(metrics, settings)) continue
    eligible.push(at)
    points.push(pointOf(metrics, objectives))
  }
  const front = nonDominated(points)
  const ordered = front.toSorted((a, b) => points[b][0] - points[a][0] || a - b)
  const members = thin(ordered).map((place) => eligible[place])

  const rows = members.map(rowOf)
  const judged = await judgeProposals(evaluator, predictor, rows, settings, options)
  return {
    candidates: judged.map((candidate, place) => ({
      ...candidate,
      inSample: metricsAt(members[place]),
      rank: place + 1,
    })),
    hypervolume: volumeOf(
      front.map((place) => points[place]),
      objectives,
    ),
  }
}

function isEligible(metrics: Metrics, settings: TuningSettings): boolean {
  const enough = metrics.tradeCount! >= minTrades(settings)
  return enough && objectiveValue(settings.objective, metrics) !== null && isWithin(settings.riskLimits, metrics)
}

/** All turned so that more is better; NaN = not defined. */
function pointOf(metrics: Metrics, objectives: readonly Objective[]): Float64Array {
  return Float64Array.from(objectives, (each) => direction(each) * (objectiveValue(each, metrics) ?? NaN))
}

function volumeOf(points: readonly Float64Array[], objectives: readonly Objective[]): number | null {
  if (objectives.length > MOST_OBJECTIVES) return null
  const ranges = objectives.map((each) => RANGES[each])
  const scaled = points.map((point) => scalePoint(point, ranges))
  return hypervolume(scaled, new Float64Array(objectives.length))
}

function thin(front: readonly number[]): number[] {
  if (front.length <= MOST) return [...front]
  return Array.from({ length: MOST }, (_, at) => front[Math.round((at * (front.length - 1)) / (MOST - 1))])
}
