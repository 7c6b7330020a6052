import { collect } from '../backtest/collect.ts'
import { executionSettings, type ExecutionInput } from '../backtest/execution.ts'
import type { Objective } from '../backtest/metrics.ts'
import { showTime, type Period } from '../backtest/period.ts'
import type { AppContext } from '../context.ts'
import { ValidationError, type FieldError } from '../errors.ts'
import { requireMultiple } from '../market/resample.ts'
import { getMarket } from '../market/service.ts'
import type { MarketRow } from '../market/table.ts'
import { parseTimeframe, TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import { getEstimator } from '../models/algorithms.ts'
import { resolveHyperparameters, type Algorithm } from '../models/estimator.ts'
import type { FeatureSettings } from '../models/features.ts'
import { checkParameterSpace, checkVaried } from '../strategy/parameter-check.ts'
import { overrideSpace, type ParameterSpec } from '../strategy/parameter-space.ts'
import { compileStrategy } from '../strategy/plan.ts'
import type { Sampler } from '../strategy/sampling.ts'
import { getStrategy } from '../strategy/service.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import type { RiskLimits } from './job.ts'
import type { TuningSettings } from './settings.ts'
import { trialBatch } from './trial.ts'

/** A job as somebody asks for it. */
export interface CreateTuningJobInput {
  name?: string | null | undefined
  strategyId: string
  marketId: string
  timeframe?: string | null | undefined
  trainingPeriod: { from: Date; to: Date }
  testPeriod: { from: Date; to: Date }
  parameterSpace?: ParameterSpec[] | null | undefined
  sampler: Sampler
  sampleCount: number
  seed?: number | null | undefined
  objective: Objective
  secondaryObjectives?: Objective[] | null | undefined
  riskLimits?: { [K in keyof RiskLimits]?: number | null | undefined } | null | undefined
  algorithm: Algorithm
  hyperparameters?: unknown
  features?: { [K in keyof FeatureSettings]?: boolean | null | undefined } | null | undefined
  execution?: ExecutionInput | null | undefined
  allowGaps?: boolean | null | undefined
}

/** A job that can run, as far as can be told before its candles are read. */
export interface CheckedJob {
  name: string
  strategyId: string
  market: MarketRow
  timeframe: Timeframe
  settings: TuningSettings
  secondaryObjectives: Objective[]
  allowGaps: boolean
}

const MAX_NAME = 200
const SAMPLES = { low: 10, high: 100_000 }
/** Where an algorithm takes no more. */
const MOST_SAMPLES: Partial<Record<Algorithm, number>> = { SVR: 25_000 }
const DEFAULT_SEED = 1
const INT32 = 2 ** 31

/**
 * Check everything that a caller wrote.
 *
 * @throws NotFoundError   no such strategy or market
 * @throws ValidationError every offending field at once
 */
export async function checkJob(ctx: AppContext, input: CreateTuningJobInput): Promise<CheckedJob> {
  const strategy = await getStrategy(ctx, input.strategyId)
  const market = await getMarket(ctx, input.marketId)

  const problems = [...nameProblems(input.name), ...periodProblems(input, market), ...numberProblems(input)]
  const execution = executionSettings(input.execution, problems)
  const timeframe = collect(problems, () => checkTimeframe(input.timeframe, market))
  const definition = collect(problems, () => withSpace(strategy.definition, input.parameterSpace ?? []))
  const hyperparameters = collect(problems, () => checkHyperparameters(input))
  if (problems.length > 0) throw new ValidationError(problems)

  const settings: TuningSettings = {
    strategy: definition!,
    timeframeMs: TIMEFRAMES[timeframe!],
    training: periodOf(input.trainingPeriod),
    test: periodOf(input.testPeriod),
    execution,
    sampler: input.sampler,
    sampleCount: input.sampleCount,
    seed: input.seed ?? DEFAULT_SEED,
    objective: input.objective,
    riskLimits: riskLimits(input.riskLimits),
    algorithm: input.algorithm,
    hyperparameters: hyperparameters!,
    features: {
      interactions: input.features?.interactions ?? true,
      market: input.features?.market ?? true,
      temporal: input.features?.temporal ?? false,
    },
  }
  trialBatch(settings)
  return {
    name: input.name?.trim() || `${strategy.name} on ${market.symbol} ${timeframe!}`,
    strategyId: strategy.id,
    market,
    timeframe: timeframe!,
    secondaryObjectives: [...new Set(input.secondaryObjectives ?? [])].filter((each) => each !== input.objective),
    allowGaps: input.allowGaps ?? false,
    settings,
  }
}

function nameProblems(name: string | null | undefined): FieldError[] {
  const path = ['name']
  if (!name) return []
  if (name.length > MAX_NAME) return [{ path, message: `has ${name.length} characters; at most ${MAX_NAME}.` }]
  if (!name.isWellFormed() || name.includes('\0')) {
    return [{ path, message: `${JSON.stringify(name)} holds a character that cannot be stored. Remove it.` }]
  }
  return []
}

function checkTimeframe(text: string | null | undefined, market: MarketRow): Timeframe {
  const timeframe = parseTimeframe(text ?? market.timeframe)
  requireMultiple(TIMEFRAMES[market.timeframe as Timeframe], TIMEFRAMES[timeframe])
  return timeframe
}

function periodProblems({ trainingPeriod, testPeriod }: CreateTuningJobInput, market: MarketRow): FieldError[] {
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

function numberProblems({ algorithm, sampleCount, seed, riskLimits }: CreateTuningJobInput): FieldError[] {
  const problems: FieldError[] = []
  const most = MOST_SAMPLES[algorithm] ?? SAMPLES.high
  if (!isWhole(sampleCount, SAMPLES.low, most)) {
    const range = `a whole number from ${SAMPLES.low} to ${most} for ${algorithm}`
    problems.push({ path: ['sampleCount'], message: `${sampleCount} is not ${range}; 200 is a good start.` })
  }
  if (isGiven(seed) && !isWhole(seed, -INT32, INT32 - 1)) {
    problems.push({ path: ['seed'], message: `${seed} is not a whole number from ${-INT32} to ${INT32 - 1}.` })
  }
  for (const [limit, { high, whole, hint }] of Object.entries(LIMITS) as [
    keyof RiskLimits,
    (typeof LIMITS)['minTrades'],
  ][]) {
    const value = riskLimits?.[limit]
    if (!isGiven(value) || (value >= 0 && value <= high && (!whole || Number.isInteger(value)))) continue
    const message = `${value} is not a ${whole ? 'whole ' : ''}number from 0 to ${high}; ${hint}.`
    problems.push({ path: ['riskLimits', limit], message })
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

/** The strategy with parameters of its space replaced. */
function withSpace(own: StrategyDefinition, replacement: ParameterSpec[]): StrategyDefinition {
  const wrong = checkParameterSpace(replacement)
  if (wrong.length > 0) throw new ValidationError(wrong)
  const parameterSpace = overrideSpace(own.parameterSpace, replacement)
  const fixed = checkVaried(parameterSpace)
  if (fixed.length > 0) throw new ValidationError(fixed)
  return compileStrategy({ ...own, parameterSpace }).definition
}

function checkHyperparameters({ algorithm, hyperparameters }: CreateTuningJobInput): Record<string, number> {
  const { hyperparameters: known } = getEstimator(algorithm)
  const given = hyperparameters ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    const example = `{"${known[0]?.name}": ${known[0]?.default}}`
    throw ValidationError.at('hyperparameters', `must be an object of name to number, as in ${example}.`)
  }
  return { ...resolveHyperparameters(known, given as Record<string, unknown>) }
}

function riskLimits(limits: CreateTuningJobInput['riskLimits']): RiskLimits {
  return {
    maxDrawdown: limits?.maxDrawdown ?? null,
    minTrades: limits?.minTrades ?? null,
    minWinRate: limits?.minWinRate ?? null,
    minProfitFactor: limits?.minProfitFactor ?? null,
  }
}

function periodOf({ from, to }: { from: Date; to: Date }): Period {
  return { from: from.getTime(), to: to.getTime() }
}

function isWhole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined
}
