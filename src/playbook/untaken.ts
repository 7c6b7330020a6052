import { Bootstrap } from './bootstrap.ts'
import type { ForecastLog } from './forecasts.ts'
import type { Sums } from './regime-statistics.ts'
import type { Replay, Replayed } from './replay.ts'
import { THRESHOLDS, type ThresholdEvidence } from './threshold-rule.ts'

/** Forecasts that a threshold needs below the ones in force, and that are needed above them to compare with trades. */
const LEAST_FORECASTS = 20
/** Trades that the forecasts above are compared with. */
const LEAST_TRADES = 10
/** So that forecasts are not drawn as trades are. */
const STREAM = 100

/*
 * A row of sums: forecasts, hits and result of those at or above each threshold but below all that were in force, and
 * behind them the number and the result of those that a trade may have been made of.
 */
const ABOVE_AT = 3 * THRESHOLDS.length
const WIDTH = ABOVE_AT + 2

/**
 * Signals below every threshold that was in force: no trade was ever made of them, so resolved forecasts stand in.
 *
 * A forecast brings leverage times the change that came, with the sign of its hit. Costs and exits are not in that, so
 * whatever forecasts above the threshold brought on average beyond the trades there is taken off each.
 */
export class UntakenSignals {
  /** the lowest threshold that can be judged; the lowest one in force where forecasts do not reach */
  readonly lowest: number
  readonly #forecasts: ForecastLog
  readonly #places: Int32Array
  readonly #inForce: number
  readonly #leverage: number
  readonly #observed: Float64Array
  /** null where forecasts do not reach below the thresholds in force */
  readonly #drawn: { bootstrap: Bootstrap; sums: Float64Array } | null
  readonly #observedCost: number

  /**
   * @param regime   code
   * @param inForce  the lowest threshold in force in the period
   * @param leverage that a trade would have been made with
   * @param trades   what the regime's trades say
   */
  constructor(
    forecasts: ForecastLog,
    { regime, inForce, leverage, trades, seed }: Signals & { trades: Sums; seed: number },
  ) {
    this.#forecasts = forecasts
    this.#inForce = inForce
    this.#leverage = leverage
    this.#places = Int32Array.from(forecasts.regime.keys()).filter(
      (at) => forecasts.regime[at] === regime && !Number.isNaN(forecasts.change[at]),
    )
    const fill = (place: number, row: Float64Array, offset: number): void => this.#add(place, row, offset)
    this.#observed = new Float64Array(WIDTH)
    for (let place = 0; place < this.#places.length; place++) fill(place, this.#observed, 0)
    this.lowest = this.#reach(trades)
    const bootstrap = this.lowest < inForce ? new Bootstrap(this.#places.length, seed, STREAM + regime) : null
    this.#drawn = bootstrap && { bootstrap, sums: bootstrap.sums(WIDTH, fill) }
    this.#observedCost = bootstrap ? costOf(this.#observed, trades, 0) : 0
  }

  /** Downwards from the lowest threshold in force, as far as each step has enough forecasts. */
  #reach(trades: Sums): number {
    let reached = this.#inForce
    if (this.#observed[ABOVE_AT] < LEAST_FORECASTS || trades.taken.trades < LEAST_TRADES) return reached
    let above = 0
    for (let at = THRESHOLDS.length - 1; at >= 0; at--) {
      if (THRESHOLDS[at] >= this.#inForce) continue
      const count = this.#observed[3 * at]
      if (count - above < LEAST_FORECASTS) break
      above = count
      reached = THRESHOLDS[at]
    }
    return reached
  }

  /** What stands for each threshold: trades where one was in force, and below that forecasts beside all of them. */
  evidence(trades: Sums, run: number | null): ThresholdEvidence[] {
    if (!this.#drawn) return trades.thresholds
    const sums = run === null ? this.#observed : this.#drawn.sums.subarray(run * WIDTH, (run + 1) * WIDTH)
    const cost = costOf(sums, trades, this.#observedCost)
    const { taken } = trades
    return trades.thresholds.map((own, at) => {
      if (THRESHOLDS[at] >= this.#inForce) return own
      const [count, hits, result] = sums.subarray(3 * at)
      return { trades: taken.trades + count, wins: taken.wins + hits, pnl: taken.pnl + result - cost * count }
    })
  }

  /** Forecasts that stand in for trades at a threshold. */
  countFrom(threshold: number): number {
    return this.#drawn ? this.#places.filter((_, place) => this.#isUntaken(place, threshold)).length : 0
  }

  /** The forecasts that a lower threshold would make trades of; none where it lets none through. */
  replayed(after: number): Replayed[] {
    if (!this.#drawn || this.countFrom(after) === 0) return []
    const of: Replay['of'] = (place) => {
      const weightAfter = this.#isUntaken(place, after) ? 1 : 0
      const profitAfter = weightAfter * (this.#result(place) - this.#observedCost)
      return { profitBefore: 0, weightBefore: 0, profitAfter, weightAfter }
    }
    return [{ bootstrap: this.#drawn.bootstrap, replay: { of } }]
  }

  #isUntaken(place: number, threshold: number): boolean {
    const confidence = this.#forecasts.confidence[this.#places[place]]
    return confidence >= threshold && confidence < this.#inForce
  }

  #result(place: number): number {
    const at = this.#places[place]
    return this.#leverage * Math.abs(this.#forecasts.change[at]) * (this.#forecasts.hit[at] ? 1 : -1)
  }

  #add(place: number, row: Float64Array, offset: number): void {
    const result = this.#result(place)
    if (this.#forecasts.confidence[this.#places[place]] >= this.#inForce) {
      row[offset + ABOVE_AT]++
      row[offset + ABOVE_AT + 1] += result
    }
    for (const [at, threshold] of THRESHOLDS.entries()) {
      if (!this.#isUntaken(place, threshold)) continue
      row[offset + 3 * at]++
      row[offset + 3 * at + 1] += result > 0 ? 1 : 0
      row[offset + 3 * at + 2] += result
    }
  }
}

/** Where signals are looked for, and what a trade of one would be. */
interface Signals {
  regime: number
  inForce: number
  leverage: number
}

/** What forecasts promised on average beyond what trades brought, at least 0. */
function costOf(forecasts: Float64Array, { taken }: Sums, otherwise: number): number {
  const [count, result] = forecasts.subarray(ABOVE_AT)
  return count > 0 && taken.trades > 0 ? Math.max(0, result / count - taken.pnl / taken.trades) : otherwise
}
