import { runBacktest, type BacktestReport } from '../backtest/service.ts'
import type { AppContext } from '../context.ts'
import { DomainError } from '../errors.ts'
import { MARKET_REGIMES } from '../market/regimes.ts'
import { getMarket } from '../market/service.ts'
import { TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import { defaultRow, toParameters } from '../strategy/parameter-space.ts'
import { getStrategy } from '../strategy/service.ts'
import { withChanges, type RegimePlay } from './play.ts'
import type { BacktestCheck, BacktestFigures, RecommendedChange } from './review.ts'
import type { PlaybookRow } from './table.ts'
import type { TradeLog } from './trade-log.ts'

const DAY_MS = 86_400_000

/**
 * Backtest the playbook's strategy, with its default parameters, on the last lookback period of its market: with the
 * leverage of now and with that of the change, each weighted by how many trades a regime has. Other numbers of a
 * playbook are not settings of a backtest.
 *
 * @returns null where no strategy and market are named, no leverage changes, or they cannot be backtested
 */
export async function backtestCheck(
  ctx: AppContext,
  playbook: PlaybookRow,
  plays: readonly RegimePlay[],
  changes: readonly RecommendedChange[],
  log: TradeLog,
): Promise<BacktestCheck | null> {
  const { strategyId, marketId, settings } = playbook
  const leverages = changes.filter(({ parameter }) => parameter === 'LEVERAGE')
  if (strategyId === null || marketId === null || leverages.length === 0) return null
  try {
    const [{ definition }, market] = await Promise.all([getStrategy(ctx, strategyId), getMarket(ctx, marketId)])
    const row = defaultRow(definition.parameterSpace)
    if (row === null || market.lastOpenTime === null) return null
    const to = Math.min(ctx.clock(), market.lastOpenTime + TIMEFRAMES[market.timeframe as Timeframe])
    const from = to - settings.lookbackDays * DAY_MS
    const parameters = toParameters(definition.parameterSpace, row)
    const test = (leverage: number) =>
      runBacktest(ctx, {
        strategyId,
        marketId,
        from: new Date(from),
        to: new Date(to),
        parameters,
        execution: { leverage },
      })
    const after = withChanges(
      plays,
      leverages.map(({ recommended, ...place }) => ({ ...place, after: recommended })),
    )
    const [old, next] = [meanLeverage(plays, log), meanLeverage(after, log)]
    const note = `Mean leverage over the regimes, ${old.toFixed(2)} against ${next.toFixed(2)}; other numbers of a playbook are not settings of a backtest.`
    return { from, to, before: figuresOf(await test(old)), after: figuresOf(await test(next)), note }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    ctx.log.info(`Review of ${playbook.id} without a backtest: ${error.message}`)
    return null
  }
}

function meanLeverage(plays: readonly RegimePlay[], log: TradeLog): number {
  let total = 0
  let trades = 0
  for (const { regime, leverage } of plays) {
    const code = MARKET_REGIMES.indexOf(regime)
    const own = log.regime.filter((one) => one === code).length
    total += own * leverage
    trades += own
  }
  return total / trades
}

function figuresOf({ metrics }: BacktestReport): BacktestFigures {
  const { roi, sharpeRatio, maxDrawdown, tradeCount } = metrics
  return { roi, sharpeRatio, maxDrawdown, tradeCount: tradeCount ?? 0 }
}
