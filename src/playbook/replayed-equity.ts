import { replayTarget } from './replay.ts'
import type { RecommendedChange } from './review.ts'
import { tradesIn, type TradeLog } from './trade-log.ts'

/** What became of a stake of 1 over the logged trades, as they were and with the changes. */
export interface ReplayedEquity {
  /** ms, exit of each trade, ascending */
  time: Float64Array
  before: Float64Array
  after: Float64Array
}

/** The part of a change that is replayed. */
export type ReplayedChange = Pick<RecommendedChange, 'regime' | 'parameter' | 'strategy' | 'current' | 'recommended'>

/**
 * Trade after trade, profits compounded: leverage and a strategy's weight scale a trade, a higher threshold leaves it
 * out, a nearer target ends it earlier. What nobody knows is left as it was: trades that a lower threshold would have
 * let in, and what came after the exit. A stake that is lost stays lost.
 */
export function replayedEquity(log: TradeLog, changes: readonly ReplayedChange[]): ReplayedEquity {
  const profit = log.profitRatio.slice()
  for (const change of targetsFirst(changes)) replay(log, change, profit)
  return { time: log.exitTime, before: compounded(log.profitRatio), after: compounded(profit) }
}

/** A new target gives a new profit, which the others then scale. */
const targetsFirst = (changes: readonly ReplayedChange[]): ReplayedChange[] =>
  changes.toSorted((a, b) => Number(b.parameter === 'RISK_REWARD_RATIO') - Number(a.parameter === 'RISK_REWARD_RATIO'))

function replay(
  log: TradeLog,
  { parameter, regime, strategy, current, recommended }: ReplayedChange,
  profit: Float64Array,
) {
  const places = tradesIn(log, regime)
  const target = parameter === 'RISK_REWARD_RATIO' ? replayTarget(log, places, current, recommended) : null
  for (const [place, at] of places.entries()) {
    if (parameter === 'LEVERAGE') profit[at] *= recommended / current
    if (parameter === 'CONFIDENCE_THRESHOLD' && log.confidence[at] < recommended) profit[at] = 0
    if (parameter === 'STRATEGY_WEIGHT' && log.strategies[log.strategy[at]] === strategy && current > 0) {
      profit[at] *= recommended / current
    }
    if (target) profit[at] = target.of(place).profitAfter
  }
}

function compounded(profit: Float64Array): Float64Array {
  let equity = 1
  return profit.map((one) => (equity *= Math.max(0, 1 + one)))
}
