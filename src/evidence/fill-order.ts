import type { Candles } from '../engine/candles.ts'
import type { ExecutionSettings, TradeRecord } from '../engine/execution.ts'

/**
 * What the same trades would have made had the target been reached first wherever one bar reached both the stop and
 * the target. Candles do not tell the order; the backtest takes the stop.
 */
export interface FillOrder {
  /** trades that ended at a stop inside a bar which reached the target too */
  ambiguous: number
  roiStopFirst: number
  roiTargetFirst: number
}

/**
 * The trade ends in the same bar either way, and is sized by the equity at its entry, so the trades behind it stay and
 * the ratios compound: no second backtest is needed.
 *
 * @param takeProfit fraction of the entry price; NaN = none
 */
export function fillOrder(
  trades: readonly TradeRecord[],
  candles: Pick<Candles, 'open' | 'high' | 'low'>,
  takeProfit: number,
  settings: ExecutionSettings,
): FillOrder {
  let [ambiguous, stopFirst, targetFirst] = [0, 1, 1]
  for (const trade of trades) {
    const other = targetInstead(trade, candles, takeProfit, settings)
    if (other !== null) ambiguous++
    stopFirst *= 1 + trade.profitRatio
    targetFirst *= 1 + (other ?? trade.profitRatio)
  }
  return { ambiguous, roiStopFirst: stopFirst - 1, roiTargetFirst: targetFirst - 1 }
}

const STOPS = ['STOP_LOSS', 'TRAILING_STOP']

/** The profit ratio at the target; null where the trade did not end at a stop in a bar that reached it. */
function targetInstead(
  trade: TradeRecord,
  { open, high, low }: Pick<Candles, 'open' | 'high' | 'low'>,
  takeProfit: number,
  { feeRate, makerFeeRate, slippage }: ExecutionSettings,
): number | null {
  const { exitBar: bar, entryPrice, quantity: size } = trade
  if (!(takeProfit > 0) || !STOPS.includes(trade.exitReason)) return null
  const side = trade.side === 'LONG' ? 1 : -1
  const target = entryPrice * (1 + side * takeProfit)
  const reached = side > 0 ? high[bar] >= target : low[bar] <= target
  // an open beyond the stop has decided the order: the stop was filled there
  const decided = side * (open[bar] * (1 - side * slippage) - trade.exitPrice) <= 1e-12 * trade.exitPrice
  if (!reached || decided) return null
  const quantity = Math.abs(size)
  const fees = feeRate * quantity * entryPrice + makerFeeRate * quantity * target
  const profit = side * quantity * (target - entryPrice) - fees - trade.funding
  return profit / trade.equityAtEntry
}
