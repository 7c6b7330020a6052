import type { AppContext } from '../context.ts'
import type { ExecutionSettings, TradeRecord } from '../engine/execution.ts'
import { ValidationError, type FieldError } from '../errors.ts'
import { getMarket, loadCandles } from '../market/service.ts'
import { parseTimeframe, TIMEFRAMES } from '../market/timeframe.ts'
import { toParameters, toRow } from '../strategy/parameter-space.ts'
import { compileStrategy } from '../strategy/plan.ts'
import { getStrategy } from '../strategy/service.ts'
import { executionSettings, type ExecutionInput } from './execution.ts'
import { Fingerprint } from './fingerprint.ts'
import { metricsOf, type Metrics } from './metrics.ts'
import { showTime, windowOf } from './period.ts'

export interface BacktestInput {
  strategyId: string
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
 * Backtest one parameter set. Changes nothing.
 *
 * @throws NotFoundError   no such strategy or market
 * @throws ValidationError every bad parameter and setting at once; a period without candles
 */
export async function runBacktest(ctx: AppContext, input: BacktestInput): Promise<BacktestReport> {
  const strategy = await getStrategy(ctx, input.strategyId)
  const market = await getMarket(ctx, input.marketId)
  const problems: FieldError[] = []
  const execution = executionSettings(input.execution, problems)
  const timeframe = parseTimeframe(input.timeframe ?? market.timeframe)
  const row = collect(problems, () => toRow(strategy.definition.parameterSpace, input.parameters))
  if (problems.length > 0) throw new ValidationError(problems)

  const started = performance.now()
  const compiled = compileStrategy(strategy.definition)
  const batch = compiled.bind(row!)
  const timeframeMs = TIMEFRAMES[timeframe]
  const period = {
    from: input.from?.getTime() ?? market.firstOpenTime ?? 0,
    to: input.to?.getTime() ?? (market.lastOpenTime ?? 0) + TIMEFRAMES[parseTimeframe(market.timeframe)],
  }
  if (period.from >= period.to) {
    throw ValidationError.at(
      'to',
      `${showTime(period.to)} is not after from, ${showTime(period.from)}. The end is exclusive.`,
    )
  }
  const candles = await loadCandles(ctx, market.id, { ...period, timeframe, warmupBars: compiled.warmupBars })
  const window = windowOf(candles.openTime, period, compiled.warmupBars)
  if (window.start >= window.end) {
    throw ValidationError.at(
      'from',
      `There are no candles from ${showTime(period.from)} to ${showTime(period.to)}. ${market.symbol} ${market.timeframe} has ${showTime(market.firstOpenTime ?? 0)} to ${showTime(market.lastOpenTime ?? 0)}.`,
    )
  }

  const dataSet = ctx.engine.dataSet(candles, timeframeMs)
  const detail = await ctx.engine.detail({ dataSet, program: compiled.program, batch, settings: execution, window })
  const { constraints: _, description: __, name: ___, ...rules } = strategy.definition
  return {
    parameters: toParameters(strategy.definition.parameterSpace, row!),
    execution,
    metrics: metricsOf(detail.metrics),
    trades: detail.trades,
    closeTime: candles.openTime.slice(window.start, window.end).map((time) => time + timeframeMs),
    equity: detail.equity,
    fingerprint: new Fingerprint()
      .addEngine()
      .addCandles(candles)
      .add([rules, execution, window, timeframeMs])
      .add(row)
      .digest(),
    durationMs: performance.now() - started,
  }
}

/** Run a check that throws; its field errors join the others. */
function collect<T>(problems: FieldError[], check: () => T): T | undefined {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    problems.push(...error.fieldErrors)
    return undefined
  }
}
