import { mean, quantileOfSorted, standardDeviation } from '../engine/statistics.ts'
import type { Random } from '../engine/random.ts'
import { meanBlockFor, RUNS, stationaryResample } from './bootstrap.ts'
import { FEWEST_RETURNS } from './returns.ts'
import { stream } from './streams.ts'

/** What might as well have happened: the same trades in other orders and other selections. */

/**
 * SHUFFLE: the same trades in random order; the roi stays, the drawdown varies.
 * BOOTSTRAP: as many trades, drawn with replacement.
 * SKIP: each trade missed with 10 %.
 * STATIONARY_BLOCK: daily returns in blocks, which keeps what one day owes to the last.
 * The first two take trades for independent of each other, which trades that share a market move are not.
 */
export const RESAMPLINGS = ['SHUFFLE', 'BOOTSTRAP', 'SKIP', 'STATIONARY_BLOCK'] as const
export type Resampling = (typeof RESAMPLINGS)[number]

/** PARAMETER_JITTER and COST_STRESS run real backtests again; see `stress.ts`. */
export type MonteCarloMethod = Resampling | 'PARAMETER_JITTER' | 'COST_STRESS'

export interface Quantiles {
  p05: number
  p25: number
  p50: number
  p75: number
  p95: number
}

export interface MonteCarlo {
  method: MonteCarloMethod
  runs: number
  roi: Quantiles
  /** fraction of the peak */
  maxDrawdown: Quantiles
  /** annualised, over the runs in which it is defined; null where it is in none */
  sharpeRatio: Quantiles | null
  /** share of runs that end below the initial capital */
  probabilityOfLoss: number
  /** equity along the way of all runs, from the beginning to the end; absent where the runs are no paths of returns */
  fan?: FanPoint[]
}

/** Where the runs stand after a share of their returns: multiples of the beginning. */
export interface FanPoint extends Quantiles {
  /** 0..1 */
  share: number
}

/** One run: what a path of compounded returns comes to. */
export interface PathOutcome {
  roi: number
  maxDrawdown: number
  sharpeRatio: number | null
}

const SKIPPED = 0.1

/** Between the points of a fan. */
const FAN_STEPS = 25

/**
 * Resample the returns of one configuration.
 *
 * @param returns        profitRatio of each trade in the order of exit; for STATIONARY_BLOCK daily returns
 * @param periodsPerYear trades a year; for STATIONARY_BLOCK days
 * @returns null for fewer than ten returns
 */
export function monteCarlo(
  method: Resampling,
  returns: Float64Array,
  periodsPerYear: number,
  options: { seed: number; runs?: number },
): MonteCarlo | null {
  if (returns.length < FEWEST_RETURNS) return null
  const { seed, runs = RUNS } = options
  const stations = Array.from({ length: FAN_STEPS + 1 }, () => new Float64Array(runs))
  const outcomes = Array.from({ length: runs }, (_, run) => {
    const { path, ...outcome } = outcomeOf(returns, DRAWS[method](returns.length, seed, run), periodsPerYear)
    stations.forEach((equity, step) => (equity[run] = path[Math.round((step / FAN_STEPS) * (path.length - 1))]))
    return outcome
  })
  const fan = stations.map((equity, step) => ({ share: step / FAN_STEPS, ...quantilesOf(equity) }))
  return { ...summariseRuns(method, outcomes), fan }
}

/**
 * The path that starts at 1 and compounds the drawn returns. Fewer returns than there are make fewer a year.
 *
 * @param indices of the returns, in the order of the path
 * @returns with the path, f64[indices + 1], the beginning first
 */
export function outcomeOf(
  returns: Float64Array,
  indices: Int32Array,
  periodsPerYear: number,
): PathOutcome & { path: Float64Array } {
  const drawn = new Float64Array(indices.length)
  const path = new Float64Array(indices.length + 1).fill(1, 0, 1)
  let equity = 1
  let peak = 1
  let maxDrawdown = 0
  for (let i = 0; i < drawn.length; i++) {
    drawn[i] = returns[indices[i]]
    equity *= 1 + drawn[i]
    path[i + 1] = equity
    peak = Math.max(peak, equity)
    maxDrawdown = Math.max(maxDrawdown, 1 - equity / peak)
  }
  const deviation = standardDeviation(drawn)
  const aYear = periodsPerYear * (drawn.length / returns.length)
  return {
    roi: equity - 1,
    maxDrawdown,
    sharpeRatio: deviation > 0 ? (mean(drawn) / deviation) * Math.sqrt(aYear) : null,
    path,
  }
}

/** Many runs as quantiles. @param outcomes at least one; of runs of any kind, real backtests too */
export function summariseRuns(method: MonteCarloMethod, outcomes: readonly PathOutcome[]): MonteCarlo {
  const sharpes = outcomes.flatMap(({ sharpeRatio }) => sharpeRatio ?? [])
  return {
    method,
    runs: outcomes.length,
    roi: quantilesOf(outcomes.map(({ roi }) => roi)),
    maxDrawdown: quantilesOf(outcomes.map(({ maxDrawdown }) => maxDrawdown)),
    sharpeRatio: sharpes.length > 0 ? quantilesOf(sharpes) : null,
    probabilityOfLoss: outcomes.filter(({ roi }) => roi < 0).length / outcomes.length,
  }
}

export function quantilesOf(values: ArrayLike<number>): Quantiles {
  const sorted = Float64Array.from(values).sort()
  const at = (p: number): number => quantileOfSorted(sorted, p)
  return { p05: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) }
}

/** Indices of the returns that run `run` is made of, out of n. */
const DRAWS: Record<Resampling, (n: number, seed: number, run: number) => Int32Array> = {
  SHUFFLE: (n, seed, run) => stream(seed, 'shuffle', run).permutation(n),
  BOOTSTRAP: (n, seed, run) => withReplacement(n, stream(seed, 'bootstrap', run)),
  SKIP: (n, seed, run) => withoutSome(n, stream(seed, 'skip', run)),
  STATIONARY_BLOCK: (n, seed, run) => stationaryResample(n, meanBlockFor(n), seed, 'stationary block', run),
}

function withReplacement(n: number, random: Random): Int32Array {
  const indices = new Int32Array(n)
  for (let i = 0; i < n; i++) indices[i] = random.int(n)
  return indices
}

function withoutSome(n: number, random: Random): Int32Array {
  const indices = new Int32Array(n)
  let kept = 0
  for (let i = 0; i < n; i++) if (random.float() >= SKIPPED) indices[kept++] = i
  return indices.subarray(0, kept)
}
