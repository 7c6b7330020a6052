import { executionSettings, type ExecutionInput } from '../backtest/execution.ts'
import type { Objective } from '../backtest/metrics.ts'
import { showTime, type Period } from '../backtest/period.ts'
import type { AppContext } from '../context.ts'
import { ValidationError, type FieldError } from '../errors.ts'
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
import type { RiskLimits } from './job.ts'
import type { TuningSettings } from './settings.ts'

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

const SAMPLES = { low: 10, high: 100_000 }
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
  const problems: FieldError[] = []
  const refuse = (path: string[], message: string) => problems.push({ path, message })
  /** Run a check that throws; its field errors join the others. */
  const attempt = <T>(check: () => T): T | undefined => {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error
      problems.push(...error.fieldErrors)
      return undefined
    }
  }

  const execution = executionSettings(input.execution, problems)
  const timeframe = attempt(() => checkTimeframe(input.timeframe, market))
  checkPeriods(input, market, refuse)
  const definition = attempt(() => {
    const replacement = input.parameterSpace ?? []
    const wrong = checkParameterSpace(replacement)
    if (wrong.length > 0) throw new ValidationError(wrong)
    const parameterSpace = overrideSpace(strategy.definition.parameterSpace, replacement)
    const fixed = checkVaried(parameterSpace)
    if (fixed.length > 0) throw new ValidationError(fixed)
    return compileStrategy({ ...strategy.definition, parameterSpace }).definition
  })
  checkNumbers(input, refuse)
  const hyperparameters = attempt(() => checkHyperparameters(input))
  if (problems.length > 0) throw new ValidationError(problems)

  const limits = input.riskLimits
  return {
    name: input.name?.trim() || `${strategy.name} on ${market.symbol} ${timeframe!}`,
    strategyId: strategy.id,
    market,
    timeframe: timeframe!,
    secondaryObjectives: [...new Set(input.secondaryObjectives ?? [])].filter((each) => each !== input.objective),
    allowGaps: input.allowGaps ?? false,
    settings: {
      strategy: definition!,
      timeframeMs: TIMEFRAMES[timeframe!],
      training: periodOf(input.trainingPeriod),
      test: periodOf(input.testPeriod),
      execution,
      sampler: input.sampler,
      sampleCount: input.sampleCount,
      seed: input.seed ?? DEFAULT_SEED,
      objective: input.objective,
      riskLimits: {
        maxDrawdown: limits?.maxDrawdown ?? null,
        minTrades: limits?.minTrades ?? null,
        minWinRate: limits?.minWinRate ?? null,
        minProfitFactor: limits?.minProfitFactor ?? null,
      },
      algorithm: input.algorithm,
      hyperparameters: hyperparameters!,
      features: {
        interactions: input.features?.interactions ?? true,
        market: input.features?.market ?? true,
        temporal: input.features?.temporal ?? false,
      },
    },
  }
}

type Refuse = (path: string[], message: string) => void

function checkTimeframe(text: string | null | undefined, market: MarketRow): Timeframe {
  const timeframe = parseTimeframe(text ?? market.timeframe)
  const own = TIMEFRAMES[market.timeframe as Timeframe]
  if (TIMEFRAMES[timeframe] % own !== 0) {
    throw ValidationError.at(
      'timeframe',
      `${timeframe} cannot be made from the market's ${market.timeframe} candles. Use ${market.timeframe} or a multiple of it.`,
    )
  }
  return timeframe
}

function checkPeriods({ trainingPeriod, testPeriod }: CreateTuningJobInput, market: MarketRow, refuse: Refuse): void {
  for (const [name, { from, to }] of Object.entries({ trainingPeriod, testPeriod })) {
    if (from >= to)
      refuse(
        [name, 'to'],
        `${showTime(to.getTime())} is not after from, ${showTime(from.getTime())}. The end is exclusive.`,
      )
    else if (!overlaps(market, periodOf({ from, to }))) {
      refuse(
        [name],
        `${market.symbol} ${market.timeframe} has no candles from ${showTime(from.getTime())} to ${showTime(to.getTime())}; it has ${marketSpan(market)}. Choose a period inside, or import more.`,
      )
    }
  }
  if (testPeriod.from < trainingPeriod.to) {
    refuse(
      ['testPeriod', 'from'],
      `${showTime(testPeriod.from.getTime())} lies before the end of the training period, ${showTime(trainingPeriod.to.getTime())}. The test must come after everything that was learned from.`,
    )
  }
}

function overlaps({ firstOpenTime, lastOpenTime }: MarketRow, { from, to }: Period): boolean {
  return firstOpenTime !== null && lastOpenTime !== null && from <= lastOpenTime && to > firstOpenTime
}

function marketSpan({ firstOpenTime, lastOpenTime }: MarketRow): string {
  return firstOpenTime === null ? 'none at all' : `${showTime(firstOpenTime)} to ${showTime(lastOpenTime!)} UTC`
}

function checkNumbers({ sampleCount, seed, riskLimits, name }: CreateTuningJobInput, refuse: Refuse): void {
  if (sampleCount < SAMPLES.low || sampleCount > SAMPLES.high) {
    refuse(['sampleCount'], `${sampleCount} is not allowed: ${SAMPLES.low} to ${SAMPLES.high}; 200 is a good start.`)
  }
  if (seed !== null && seed !== undefined && (seed < -INT32 || seed >= INT32)) {
    refuse(['seed'], `${seed} does not fit 32 bits.`)
  }
  if (name && name.length > 200) refuse(['name'], `has ${name.length} characters; at most 200.`)
  const shares = ['maxDrawdown', 'minWinRate'] as const
  for (const limit of shares) {
    const value = riskLimits?.[limit]
    if (typeof value === 'number' && !(value >= 0 && value <= 1)) {
      refuse(['riskLimits', limit], `${value} is not a fraction from 0 to 1; 0.2 is 20 %.`)
    }
  }
  for (const limit of ['minTrades', 'minProfitFactor'] as const) {
    const value = riskLimits?.[limit]
    if (typeof value === 'number' && value < 0) refuse(['riskLimits', limit], `${value} is below 0.`)
  }
}

function checkHyperparameters({ algorithm, hyperparameters }: CreateTuningJobInput): Record<string, number> {
  const given = hyperparameters ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw ValidationError.at('hyperparameters', 'must be an object of name to number, as in {"nEstimators": 200}.')
  }
  return { ...resolveHyperparameters(getEstimator(algorithm).hyperparameters, given as Record<string, unknown>) }
}

function periodOf({ from, to }: { from: Date; to: Date }): Period {
  return { from: from.getTime(), to: to.getTime() }
}
