import { quantileOfSorted } from '../engine/statistics.ts'
import { RUNS, type Bootstrap } from './bootstrap.ts'
import type { ExpectedEffect } from './review.ts'
import type { TradeLog } from './trade-log.ts'

/** A mean before and after a change, as sums over trades: each trade adds to both numerators and both denominators. */
export interface Replay {
  /** of the trade at a place of the regime */
  of(place: number): { profitBefore: number; weightBefore: number; profitAfter: number; weightAfter: number }
}

/** What is replayed, and how it is resampled. */
export interface Replayed {
  bootstrap: Bootstrap
  replay: Replay
}

/**
 * The effect of a change on the mean profit of the logged trades, with a 95 % interval of the difference.
 *
 * @param parts trades, and what stands in for some; they add up
 * @returns null where no trade would be left
 */
export function expectedEffect(parts: readonly Replayed[]): ExpectedEffect | null {
  const whole = new Float64Array(4)
  const sums = new Float64Array(4 * RUNS)
  for (const { bootstrap, replay } of parts) {
    const fill = (place: number, row: Float64Array, offset: number): void => {
      const { profitBefore, weightBefore, profitAfter, weightAfter } = replay.of(place)
      row[offset] += profitBefore
      row[offset + 1] += weightBefore
      row[offset + 2] += profitAfter
      row[offset + 3] += weightAfter
    }
    for (let place = 0; place < bootstrap.trades; place++) fill(place, whole, 0)
    bootstrap.sums(4, fill).forEach((sum, at) => (sums[at] += sum))
  }
  if (!(whole[1] > 0 && whole[3] > 0)) return null
  const differences = Float64Array.from({ length: RUNS }, (_, run) => differenceOf(sums.subarray(4 * run)))
    .filter(Number.isFinite)
    .sort()
  const [before, after] = [whole[0] / whole[1], whole[2] / whole[3]]
  const interval = {
    low: quantileOfSorted(differences, 0.025),
    high: quantileOfSorted(differences, 0.975),
    level: 0.95,
  }
  const numbers = [before, after, interval.low, interval.high]
  return numbers.every(Number.isFinite) ? { metric: 'MEAN_PROFIT_RATIO', before, after, interval } : null
}

function differenceOf([profitBefore, weightBefore, profitAfter, weightAfter]: Float64Array): number {
  return profitAfter / weightAfter - profitBefore / weightBefore
}

/** Leverage scales profit and loss alike; liquidation is not replayed. */
export function replayLeverage(log: TradeLog, places: Int32Array, factor: number): Replay {
  return {
    of: (place) => {
      const profit = log.profitRatio[places[place]]
      return { profitBefore: profit, weightBefore: 1, profitAfter: profit * factor, weightAfter: 1 }
    },
  }
}

/** A threshold leaves out trades below it. */
export function replayThreshold(log: TradeLog, places: Int32Array, before: number, after: number): Replay {
  return {
    of: (place) => {
      const at = places[place]
      const weightBefore = log.confidence[at] >= before ? 1 : 0
      const weightAfter = log.confidence[at] >= after ? 1 : 0
      const profit = log.profitRatio[at]
      return { profitBefore: weightBefore * profit, weightBefore, profitAfter: weightAfter * profit, weightAfter }
    },
  }
}

/**
 * Trades of a strategy count as much as its weight says, whatever their number.
 *
 * @param trades per strategy code, how many the regime has
 */
export function replayWeights(
  log: TradeLog,
  places: Int32Array,
  weights: ReadonlyMap<number, { before: number; after: number }>,
): Replay {
  const trades = new Map<number, number>()
  for (const at of places) trades.set(log.strategy[at], (trades.get(log.strategy[at]) ?? 0) + 1)
  return {
    of: (place) => {
      const at = places[place]
      const { before, after } = weights.get(log.strategy[at]) ?? { before: 0, after: 0 }
      const share = 1 / trades.get(log.strategy[at])!
      const profit = log.profitRatio[at] * share
      return {
        profitBefore: profit * before,
        weightBefore: share * before,
        profitAfter: profit * after,
        weightAfter: share * after,
      }
    },
  }
}

/**
 * A nearer target is reached by trades whose best price went beyond it; a farther one cannot be replayed, because
 * nobody knows what would have come after the exit.
 *
 * @returns null where it cannot be replayed, or where stop and best price are not known of every trade
 */
export function replayTarget(log: TradeLog, places: Int32Array, before: number, after: number): Replay | null {
  if (after >= before) return null
  const known = places.every((at) => log.stopLoss[at] > 0 && bestMove(log, at) >= 0)
  if (!known) return null
  return {
    of: (place) => {
      const at = places[place]
      const profit = log.profitRatio[at]
      const target = log.stopLoss[at] * after
      const profitAfter = bestMove(log, at) >= target ? log.leverage[at] * target : profit
      return { profitBefore: profit, weightBefore: 1, profitAfter, weightAfter: 1 }
    },
  }
}

/** The best that the price did for the trade, as a fraction of the entry price; NaN where it is not known. */
function bestMove(log: TradeLog, at: number): number {
  const { side, entryPrice, maxPrice, minPrice } = log
  return side[at] > 0 ? maxPrice[at] / entryPrice[at] - 1 : 1 - minPrice[at] / entryPrice[at]
}
