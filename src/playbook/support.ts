import type { Optimizer, RegimePlay } from './play.ts'
import type { TradeLog } from './trade-log.ts'

/**
 * What a model with skill has to say: f64[trades] in the order of the log, each by a part that has not seen the trade's
 * time; NaN for trades that it is not asked about.
 */
export type ModelVoice = Float64Array

/** On fewer trades a share says nothing. */
const LEAST_TRADES = 5

/**
 * Share of the regime's trades for which the model points the way of the rule, 0…1; null where too few can be asked.
 *
 * LEVERAGE asks whether a trade is expected to earn; RISK_RATIO whether a win is expected to bring more than the
 * target; CONFIDENCE_THRESHOLD whether trades that would be left out are expected to do worse than the others, or
 * trades that would come in to earn; STRATEGY_WEIGHT whether the strategy is expected to beat the others.
 *
 * @param wish.up       the rule wants a larger number
 * @param wish.goal     the threshold it wants
 * @param wish.strategy code of the strategy whose weight moves most
 */
export function modelSupport(
  optimizer: Optimizer,
  predictions: Float64Array,
  log: TradeLog,
  places: Int32Array,
  play: RegimePlay,
  { up, goal = play.confidenceThreshold, strategy = -1 }: { up: boolean; goal?: number; strategy?: number },
): number | null {
  const known = places.filter((at) => !Number.isNaN(predictions[at]))
  const share = (asked: Int32Array, level: number, above: boolean): number | null => {
    if (asked.length < LEAST_TRADES) return null
    return asked.filter((at) => (above ? predictions[at] > level : predictions[at] < level)).length / asked.length
  }
  const meanOf = (some: Int32Array): number => some.reduce((sum, at) => sum + predictions[at], 0) / some.length
  if (optimizer === 'LEVERAGE') return share(known, 0, up)
  if (optimizer === 'RISK_RATIO') return share(known, play.riskRewardRatio, up)
  if (optimizer === 'STRATEGY_WEIGHT') {
    const others = known.filter((at) => log.strategy[at] !== strategy)
    const own = known.filter((at) => log.strategy[at] === strategy)
    return others.length < LEAST_TRADES ? null : share(own, meanOf(others), up)
  }
  const taken = (from: number, to: number): Int32Array =>
    known.filter((at) => log.confidence[at] >= from && log.confidence[at] < to)
  if (!up) return share(taken(goal, play.confidenceThreshold), 0, true)
  const kept = taken(goal, Infinity)
  return kept.length < LEAST_TRADES ? null : share(taken(play.confidenceThreshold, goal), meanOf(kept), false)
}
