import { mean, sampleVariance, standardDeviation } from '../engine/statistics.ts'
import { localKernel } from '../engine/wasm.ts'
import type { Matrix } from '../models/estimator.ts'
import { columnsOf, DAYS_PER_YEAR, sharpePerPeriod } from './returns.ts'
import { shapeOf, type Shape } from './statistics.ts'

/** How much a Sharpe ratio is worth: after the length of its record, the shape of its returns and the trials behind it. */

/** Returns of one configuration, as far as the formulas need them. */
export interface Track extends Shape {
  /** per period, not annualised */
  sharpe: number
  /** returns */
  n: number
}

/** Null where the returns do not vary. */
export function trackOf(returns: ArrayLike<number>): Track | null {
  const shape = shapeOf(returns)
  return shape && { ...shape, sharpe: sharpePerPeriod(returns), n: returns.length }
}

/**
 * Probability that the true Sharpe ratio is above the benchmark, given a record of this length and shape.
 * Source: D. Bailey, M. López de Prado, The Sharpe Ratio Efficient Frontier (2012).
 *
 * @param benchmark per period
 */
export function probabilisticSharpeRatio(track: Track, benchmark = 0): number | null {
  const noise = estimationNoise(track)
  if (!(track.n > 1) || !(noise > 0)) return null
  const { kernel } = localKernel()
  return kernel.normalCdf(((track.sharpe - benchmark) * Math.sqrt(track.n - 1)) / Math.sqrt(noise))
}

/** The probabilistic Sharpe ratio against the best that as many trials give by chance: from 0.95 it is significant. */
export function deflatedSharpeRatio(track: Track, trials: Trials): number | null {
  return probabilisticSharpeRatio(track, expectedBest(trials))
}

/** The trials behind a choice. */
export interface Trials {
  /** independent ones, ≥ 1; see `effectiveTrials` */
  count: number
  /** standard deviation of their Sharpe ratios, per period */
  deviation: number
}

/** Per-period Sharpe ratio that the best of these trials is expected to have if none of them is worth anything. */
export function expectedBest({ count, deviation }: Trials): number {
  return deviation * Math.max(0, expectedMaximum(count))
}

/** Euler-Mascheroni */
const GAMMA = 0.5772156649015329

/**
 * Expected maximum of n independent standard normals, by extreme value theory; 0 for one.
 * Source: D. Bailey, M. López de Prado, The Deflated Sharpe Ratio (2014).
 *
 * @param n ≥ 1, need not be whole
 */
export function expectedMaximum(n: number): number {
  if (n <= 1) return 0
  const { kernel } = localKernel()
  const upperQuantile = (share: number): number => -kernel.normalPpf(share)
  return (1 - GAMMA) * upperQuantile(1 / n) + GAMMA * upperQuantile(1 / (n * kernel.exp(1)))
}

/** Trials that are alike count for less: ρ + (1 − ρ) n, at least 1. */
export function effectiveTrials(trials: number, meanCorrelation: number): number {
  return Math.max(1, meanCorrelation + (1 - meanCorrelation) * trials)
}

/**
 * Mean correlation over all pairs of series; those that do not vary have none. The sum of K standardised series has
 * the variance K + K (K − 1) ρ, so one pass does for any number of them.
 *
 * @param series all of the same length
 * @returns 0 for fewer than two that vary
 */
export function meanCorrelation(series: readonly Float64Array[]): number {
  const varying = series.filter((each) => standardDeviation(each) > 0)
  const count = varying.length
  if (count < 2) return 0
  const total = new Float64Array(varying[0].length)
  for (const each of varying) {
    const centre = mean(each)
    const deviation = standardDeviation(each)
    for (let i = 0; i < each.length; i++) total[i] += (each[i] - centre) / deviation
  }
  return (sampleVariance(total) - count) / (count * (count - 1))
}

/**
 * Returns that a record needs before its Sharpe ratio is above the benchmark with this confidence.
 * Source: D. Bailey, M. López de Prado, The Sharpe Ratio Efficient Frontier (2012).
 *
 * @returns null where it is not above the benchmark at all
 */
export function minimumTrackRecord(track: Omit<Track, 'n'>, benchmark = 0, confidence = 0.95): number | null {
  if (!(track.sharpe > benchmark)) return null
  const z = -localKernel().kernel.normalPpf(1 - confidence)
  const distance = z / (track.sharpe - benchmark)
  return 1 + estimationNoise(track) * distance * distance
}

/**
 * Years of data below which the best Sharpe ratio is what chance gives for this number of trials.
 * Source: D. Bailey, J. Borwein, M. López de Prado, Q. Zhu, Pseudo-Mathematics and Financial Charlatanism (2014).
 *
 * @param trials      independent ones
 * @param annualSharpe of the best
 * @returns null where the best Sharpe ratio is not above 0
 */
export function minimumBacktestYears(
  trials: number,
  annualSharpe: number,
): { years: number; upperBound: number } | null {
  if (!(annualSharpe > 0)) return null
  const square = annualSharpe * annualSharpe
  const best = Math.max(0, expectedMaximum(trials))
  return { years: (best * best) / square, upperBound: (2 * localKernel().kernel.log(trials)) / square }
}

/** What the Sharpe ratio of a chosen configuration is worth; null = not defined. */
export interface SharpeEvidence {
  probabilisticSharpeRatio: number | null
  deflatedSharpeRatio: number | null
  effectiveTrials: number
  meanCorrelation: number
  /** per period, what chance alone would have given the best trial */
  expectedBest: number | null
  minimumTrackRecord: number | null
  minimumBacktestYears: number | null
}

/**
 * Everything at once, for the winner among the columns.
 *
 * @param returns    daily returns, a column a configuration; the trials that are at hand
 * @param winner     column of the chosen configuration
 * @param trialsEver parameter sets ever tried on this market, over all jobs; at least the columns
 */
export function judgeSharpe(
  returns: Matrix,
  winner: number,
  trialsEver: number,
  periodsPerYear: number = DAYS_PER_YEAR,
): SharpeEvidence {
  const series = columnsOf(returns)
  const correlation = meanCorrelation(series)
  const count = effectiveTrials(trialsEver, correlation)
  const trials = trialsAmong(series, count)
  const track = trackOf(series[winner])
  const annual = (track?.sharpe ?? 0) * Math.sqrt(periodsPerYear)
  return {
    probabilisticSharpeRatio: track && probabilisticSharpeRatio(track),
    deflatedSharpeRatio: track && trials && deflatedSharpeRatio(track, trials),
    effectiveTrials: count,
    meanCorrelation: correlation,
    expectedBest: trials && expectedBest(trials),
    minimumTrackRecord: track && minimumTrackRecord(track),
    minimumBacktestYears: minimumBacktestYears(count, annual)?.years ?? null,
  }
}

/** Null where several trials stand behind a single series: how they differ is not known then. */
function trialsAmong(series: readonly Float64Array[], count: number): Trials | null {
  if (count === 1) return { count, deviation: 0 }
  return series.length < 2 ? null : { count, deviation: standardDeviation(series.map(sharpePerPeriod)) }
}

/** Variance of the estimate of a Sharpe ratio, times n − 1: skew and fat tails raise it. */
function estimationNoise({ sharpe, skewness, kurtosis }: Omit<Track, 'n'>): number {
  return 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe
}
