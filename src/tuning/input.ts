import { collect } from '../backtest/collect.ts'
import { executionSettings, type ExecutionInput } from '../backtest/execution.ts'
import type { Objective } from '../backtest/metrics.ts'
import { periodOf } from '../backtest/period.ts'
import type { AppContext } from '../context.ts'
import { ValidationError } from '../errors.ts'
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
import { nameProblems, numberProblems, periodProblems } from './input-problems.ts'
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
  placeboRuns?: number | null | undefined
}

/** A job that can run, as far as can be told before its candles are read. */
export interface CheckedJob {
  name: string
  strategyId: string
  market: MarketRow
  timeframe: Timeframe
  /** the ledger is read when the job is created */
  settings: Omit<TuningSettings, 'ledger'>
  allowGaps: boolean
}

const DEFAULT_SEED = 1

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

  const settings: CheckedJob['settings'] = {
    strategy: definition!,
    timeframeMs: TIMEFRAMES[timeframe!],
    training: periodOf(input.trainingPeriod),
    test: periodOf(input.testPeriod),
    execution,
    sampler: input.sampler,
    sampleCount: input.sampleCount,
    seed: input.seed ?? DEFAULT_SEED,
    objective: input.objective,
    secondaryObjectives: [...new Set(input.secondaryObjectives ?? [])].filter((each) => each !== input.objective),
    riskLimits: riskLimits(input.riskLimits),
    algorithm: input.algorithm,
    hyperparameters: hyperparameters!,
    features: {
      interactions: input.features?.interactions ?? true,
      market: input.features?.market ?? true,
      temporal: input.features?.temporal ?? false,
    },
    placeboRuns: input.placeboRuns ?? null,
  }
  trialBatch(settings, { anyDesign: true }) // throws where the samples could not be drawn or bound
  return {
    name: input.name?.trim() || `${strategy.name} on ${market.symbol} ${timeframe!}`,
    strategyId: strategy.id,
    market,
    timeframe: timeframe!,
    allowGaps: input.allowGaps ?? false,
    settings,
  }
}

function checkTimeframe(text: string | null | undefined, market: MarketRow): Timeframe {
  const timeframe = parseTimeframe(text ?? market.timeframe)
  requireMultiple(TIMEFRAMES[market.timeframe as Timeframe], TIMEFRAMES[timeframe])
  return timeframe
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

/** Those that were given; the others are chosen with the samples at hand. */
function checkHyperparameters({ algorithm, hyperparameters }: CreateTuningJobInput): Record<string, number> {
  const { hyperparameters: known } = getEstimator(algorithm)
  const given = hyperparameters ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    const example = `{"${known[0]?.name}": ${known[0]?.default}}`
    throw ValidationError.at('hyperparameters', `must be an object of name to number, as in ${example}.`)
  }
  resolveHyperparameters(known, given as Record<string, unknown>) // throws what is wrong with them
  return { ...(given as Record<string, number>) }
}

function riskLimits(limits: CreateTuningJobInput['riskLimits']): RiskLimits {
  return {
    maxDrawdown: limits?.maxDrawdown ?? null,
    minTrades: limits?.minTrades ?? null,
    minWinRate: limits?.minWinRate ?? null,
    minProfitFactor: limits?.minProfitFactor ?? null,
  }
}
