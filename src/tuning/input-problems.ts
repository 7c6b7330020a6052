import { periodOf, showTime, type Period } from '../backtest/period.ts'
import type { FieldError } from '../errors.ts'
import type { MarketRow } from '../market/table.ts'
import type { Algorithm } from '../models/estimator.ts'
import { isGiven } from '../strategy/parameter-space.ts'
import type { CreateTuningJobInput } from './input.ts'
import type { RiskLimits } from './job.ts'
import { FEWEST_RUNS } from './placebo.ts'

const MAX_NAME = 200
const SAMPLES = { low: 10, high: 100_000 }
/** Where an algorithm takes no more. */
const MOST_SAMPLES: Partial<Record<Algorithm, number>> = { SVR: 25_000 }
const INT32 = 2 ** 31
const MOST_PLACEBO_RUNS = 10_000

/** The name of a job is shown, stored and searched. */
export function nameProblems(name: string | null | undefined): FieldError[] {
  const path = ['name']
  if (!name) return []
  if (name.length > MAX_NAME) return [{ path, message: `has ${name.length} characters; at most ${MAX_NAME}.` }]
  if (!name.isWellFormed() || name.includes('\0')) {
    return [{ path, message: `${JSON.stringify(name)} holds a character that cannot be stored. Remove it.` }]
  }
  return []
}

/** Both periods lie, at least in part, where the market has candles, and the test comes after the training. */
export function periodProblems({ trainingPeriod, testPeriod }: CreateTuningJobInput, market: MarketRow): FieldError[] {
  const periods = Object.entries({ trainingPeriod, testPeriod })
  const unreadable = periods.flatMap(([name, period]) =>
    (['from', 'to'] as const)
      .filter((end) => Number.isNaN(period[end].getTime()))
      .map((end) => ({ path: [name, end], message: 'is not a date-time. Write it as 2025-05-20T00:00:00Z.' })),
  )
  if (unreadable.length > 0) return unreadable
  const each = periods.flatMap(([name, dates]) => {
    const period = periodOf(dates)
    const message = periodProblem(period, market)
    return message ? [{ path: period.from >= period.to ? [name, 'to'] : [name], message }] : []
  })
  return testPeriod.from < trainingPeriod.to ? [...each, overlap(trainingPeriod.to, testPeriod.from)] : each
}

function periodProblem({ from, to }: Period, market: MarketRow): string | null {
  if (from >= to) return `${showTime(to)} is not after from, ${showTime(from)}. The end is exclusive.`
  const { firstOpenTime: first, lastOpenTime: last, symbol, timeframe } = market
  if (first !== null && last !== null && from <= last && to > first) return null
  const span = first === null ? 'none at all' : `those from ${showTime(first)} to ${showTime(last!)} UTC`
  return `${symbol} ${timeframe} has no candles from ${showTime(from)} to ${showTime(to)}; it has ${span}. Choose a period inside, or import more.`
}

function overlap(trainingTo: Date, testFrom: Date): FieldError {
  const [from, to] = [testFrom, trainingTo].map((date) => showTime(date.getTime()))
  const message = `${from} lies before the end of the training period, ${to}. The test must come after everything that was learned from.`
  return { path: ['testPeriod', 'from'], message }
}

/** Sample count, seed and risk limits. NaN and what has no end are refused too. */
export function numberProblems(input: CreateTuningJobInput): FieldError[] {
  const { algorithm, sampleCount, seed, riskLimits, placeboRuns } = input
  const problems: FieldError[] = []
  const most = MOST_SAMPLES[algorithm] ?? SAMPLES.high
  if (!isWhole(sampleCount, SAMPLES.low, most)) {
    const range = `a whole number from ${SAMPLES.low} to ${most} for ${algorithm}`
    problems.push({ path: ['sampleCount'], message: `${sampleCount} is not ${range}; 200 is a good start.` })
  }
  if (isGiven(seed) && !isWhole(seed, -INT32, INT32 - 1)) {
    problems.push({ path: ['seed'], message: `${seed} is not a whole number from ${-INT32} to ${INT32 - 1}.` })
  }
  if (isGiven(placeboRuns) && placeboRuns !== 0 && !isWhole(placeboRuns, FEWEST_RUNS, MOST_PLACEBO_RUNS)) {
    const message = `${placeboRuns} is not 0 (switched off) or a whole number from ${FEWEST_RUNS} to ${MOST_PLACEBO_RUNS}; fewer cannot tell one result in twenty from the others.`
    problems.push({ path: ['placeboRuns'], message })
  }
  for (const [name, limit] of Object.entries(riskLimits ?? {})) {
    const problem = isGiven(limit) ? limitProblem(name as keyof RiskLimits, limit) : null
    if (problem) problems.push({ path: ['riskLimits', name], message: problem })
  }
  return problems
}

/** What each limit may be; none can be below 0. */
const LIMITS: Record<keyof RiskLimits, { high: number; whole: boolean; hint: string }> = {
  maxDrawdown: { high: 1, whole: false, hint: '0.2 is a fall of 20 %' },
  minTrades: { high: 1_000_000, whole: true, hint: '10 where not given' },
  minWinRate: { high: 1, whole: false, hint: '0.4 is 40 %' },
  minProfitFactor: { high: 1000, whole: false, hint: '1.5 wins half as much again as it loses' },
}

function limitProblem(name: keyof RiskLimits, value: number): string | null {
  const { high, whole, hint } = LIMITS[name]
  if (value >= 0 && value <= high && (!whole || Number.isInteger(value))) return null
  return `${value} is not a ${whole ? 'whole ' : ''}number from 0 to ${high}; ${hint}.`
}

function isWhole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high
}
