import type { BacktestInput, ExecutionFragment } from '../../generated/graphql.ts'

/** Points of an equity curve: more than a screen has pixels for would not be seen. */
export const EQUITY_POINTS = 800

interface Job {
  timeframe: string
  strategy: { id: string }
  market: { id: string }
}

/** The backtest of a parameter set as its job would run it, over a stretch of candles. */
export function backtestInput(
  { strategy, market, timeframe }: Job,
  execution: ExecutionFragment,
  parameters: Record<string, number>,
  { from, to }: { from: string; to: string },
): BacktestInput {
  return {
    strategyId: strategy.id,
    marketId: market.id,
    timeframe,
    from,
    to,
    parameters: withoutTypename(parameters),
    execution: withoutTypename(execution),
  }
}

/** The client asks for the name of every type; an input may not carry it. */
function withoutTypename<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== '__typename')) as T
}
