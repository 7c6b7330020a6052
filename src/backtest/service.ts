import type { AppContext } from '../context.ts'
import type { ExecutionSettings, TradeRecord } from '../engine/execution.ts'
import { ValidationError, type FieldError } from '../errors.ts'
import { requireMultiple } from '../market/resample.ts'
import { getMarket } from '../market/service.ts'
import { openCandles } from '../market/shared-candles.ts'
import type { MarketRow } from '../market/table.ts'
import { parseTimeframe, TIMEFRAMES } from '../market/timeframe.ts'
import { spaceAround, toParameters, toRow, type ParameterSpec } from '../strategy/parameter-space.ts'
import { compileStrategy } from '../strategy/plan.ts'
import { checkStrategy, getStrategy } from '../strategy/service.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import { collect } from './collect.ts'
import { executionSettings, type ExecutionInput } from './execution.ts'
import { Fingerprint } from './fingerprint.ts'
import { BEYOND_NUMBERS, isBeyondNumbers, metricsOf, type Metrics } from './metrics.ts'
import { showTime, windowOf, type Period } from './period.ts'
import { noteTried } from './tried.ts'

export interface BacktestInput {
  /** a stored strategy; this or `strategy` */
  strategyId?: string | null | undefined
  /** rules that are not stored */
  strategy?: StrategyDefinition | null | undefined
  marketId: string
  /** the market's own where not given */
  timeframe?: string | null | undefined
  /** the whole market where not given */
  from?: Date | null | undefined
  to?: Date | null | undefined
  parameters: Record<string, number>
  execution?: ExecutionInput | null | undefined
}

/** One parameter set in full detail. */
export interface BacktestReport {
  parameters: Record<string, number>
  execution: ExecutionSettings
  metrics: Metrics
  trades: TradeRecord[]
  /** ms, the close of each bar */
  closeTime: Float64Array
  /** f64[bars] at each close */
  equity: Float64Array
  fingerprint: string
  durationMs: number
}

/**
 * Backtest one parameter set. It counts as tried on its market, and changes nothing else.
 *
 * @throws NotFoundError   no such strategy or market
 * @throws ValidationError every bad parameter, setting and time at once; a period without candles; an equity beyond all
 *                         numbers
 */
export async function runBacktest(ctx: AppContext, input: BacktestInput): Promise<BacktestReport> {
  const definition = await definitionIn(ctx, input)
  const market = await getMarket(ctx, input.marketId)
  const parameterSpace = spaceAround(definition.parameterSpace, input.parameters)
  const { row, execution, timeframe, period } = check(input, parameterSpace, market)

  const started = performance.now()
  const compiled = compileStrategy({ ...definition, parameterSpace })
  const batch = compiled.bind(row)
  const timeframeMs = TIMEFRAMES[timeframe]
  using open = await openCandles(ctx, market.id, { ...period, timeframe, warmupBars: compiled.warmupBars })
  const candles = open.dataSet
  const window = windowOf(candles.openTime, period, compiled.warmupBars)
  if (window.start >= window.end) throw noCandles(period, market)

  const { program } = compiled
  const detail = await ctx.engine.detail({ dataSet: open.dataSet, program, batch, settings: execution, window })
  const metrics = metricsOf(detail.metrics)
  if (isBeyondNumbers(metrics)) throw ValidationError.at(['execution', 'fundingRate'], BEYOND_NUMBERS)
  const parameters = toParameters(parameterSpace, row)
  await noteTried(ctx.db, { marketId: market.id, strategy: definition, timeframeMs, sets: [parameters] })
  return {
    parameters,
    execution,
    metrics,
    trades: detail.trades,
    closeTime: candles.openTime.slice(window.start, window.end).map((time) => time + timeframeMs),
    equity: detail.equity,
    fingerprint: new Fingerprint()
      .addEngine()
      .addCandles(candles)
      .add([decisiveOf(definition), execution, window, timeframeMs])
      .add(row)
      .digest(),
    durationMs: performance.now() - started,
  }
}

/** @throws ValidationError both or none of the two ways to name a strategy; every problem of one that is not stored */
async function definitionIn(
  ctx: AppContext,
  { strategyId, strategy }: Pick<BacktestInput, 'strategyId' | 'strategy'>,
): Promise<StrategyDefinition> {
  if (Boolean(strategyId) === Boolean(strategy)) {
    throw ValidationError.at('strategyId', 'Give either strategyId or strategy, one of the two.')
  }
  if (!strategy) return (await getStrategy(ctx, strategyId!)).definition
  const { problems } = checkStrategy(strategy)
  if (problems.length === 0) return strategy
  throw new ValidationError(problems.map((problem) => ({ ...problem, path: ['strategy', ...problem.path] })))
}

/** What a caller asks for, with the defaults filled in. */
function check(input: BacktestInput, parameterSpace: ParameterSpec[], market: MarketRow) {
  const problems: FieldError[] = []
  const own = parseTimeframe(market.timeframe)
  const execution = executionSettings(input.execution, problems)
  const timeframe = collect(problems, () => {
    const wanted = parseTimeframe(input.timeframe ?? own)
    requireMultiple(TIMEFRAMES[own], TIMEFRAMES[wanted])
    return wanted
  })
  const row = collect(problems, () => toRow(parameterSpace, input.parameters))
  const period = {
    from: input.from?.getTime() ?? market.firstOpenTime ?? 0,
    to: input.to?.getTime() ?? (market.lastOpenTime ?? 0) + TIMEFRAMES[own],
  }
  if (period.from >= period.to) {
    const message = `${showTime(period.to)} is not after from, ${showTime(period.from)}. The end is exclusive.`
    problems.push({ path: ['to'], message })
  }
  if (problems.length > 0) throw new ValidationError(problems)
  return { row: row!, execution, timeframe: timeframe!, period }
}

function noCandles(
  { from, to }: Period,
  { symbol, timeframe, firstOpenTime, lastOpenTime }: MarketRow,
): ValidationError {
  const span = `${showTime(firstOpenTime ?? 0)} to ${showTime(lastOpenTime ?? 0)}`
  const message = `There are no candles from ${showTime(from)} to ${showTime(to)}; ${symbol} ${timeframe} has ${span}. Choose a period inside.`
  return ValidationError.at('from', message)
}

/** What of a strategy decides a backtest: not its name, and not how its parameters may be combined. */
function decisiveOf(definition: StrategyDefinition): Partial<StrategyDefinition> {
  const { name: _, description: __, constraints: ___, ...rules } = definition
  return rules
}
