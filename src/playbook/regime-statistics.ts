import { Bootstrap, RUNS } from './bootstrap.ts'
import type { LeverageEvidence } from './leverage-rule.ts'
import type { RiskRewardEvidence } from './risk-reward-rule.ts'
import type { StrategyEvidence } from './strategy-weight-rule.ts'
import { THRESHOLDS, type ThresholdEvidence } from './threshold-rule.ts'
import type { TradeLog } from './trade-log.ts'

/*
 * Everything that the rules look at is made of a few sums over trades; so a rule is asked about the trades as they
 * were and about each resample of them in the same way. A row of sums:
 *
 *   0 trades  1 wins  2 losses  3 profit  4 profit of wins  5 loss of losses  6 volatility
 *   7 … 24    trades, wins, profit at or above each of 4 thresholds, the one in force now and the lowest in the period
 *   25 …      trades, profit of each strategy
 */
const THRESHOLD_AT = 7
const STRATEGY_AT = THRESHOLD_AT + 3 * (THRESHOLDS.length + 2)

/** One set of sums: the trades themselves, or a resample. */
export class Sums {
  readonly #values: Float64Array
  readonly #strategies: number

  constructor(values: Float64Array, strategies: number) {
    this.#values = values
    this.#strategies = strategies
  }

  get trades(): number {
    return this.#values[0]
  }

  get wins(): number {
    return this.#values[1]
  }

  get meanProfit(): number {
    return this.trades > 0 ? this.#values[3] / this.trades : 0
  }

  get volatility(): number {
    return this.trades > 0 ? this.#values[6] / this.trades : 0
  }

  leverage(overallWinRate: number): LeverageEvidence {
    const { trades, wins, meanProfit: meanPnl, volatility: volatilityPercentile } = this
    return { trades, wins, meanPnl, volatilityPercentile, overallWinRate }
  }

  get riskReward(): RiskRewardEvidence {
    const [, wins, losses, , won, lost] = this.#values
    return { wins, losses, averageWin: wins > 0 ? won / wins : 0, averageLoss: losses > 0 ? lost / losses : 0 }
  }

  get thresholds(): ThresholdEvidence[] {
    return THRESHOLDS.map((_, at) => this.#threshold(at))
  }

  /** Trades at or above the threshold in force. */
  get inForce(): ThresholdEvidence {
    return this.#threshold(THRESHOLDS.length)
  }

  /** Trades at or above the lowest threshold in force in the period. */
  get taken(): ThresholdEvidence {
    return this.#threshold(THRESHOLDS.length + 1)
  }

  #threshold(at: number): ThresholdEvidence {
    const [trades, wins, pnl] = this.#values.subarray(THRESHOLD_AT + 3 * at)
    return { trades, wins, pnl }
  }

  get strategies(): StrategyEvidence[] {
    return Array.from({ length: this.#strategies }, (_, at) => {
      const [trades, profit] = this.#values.subarray(STRATEGY_AT + 2 * at)
      return { trades, meanReturn: trades > 0 ? profit / trades : 0 }
    })
  }
}

export interface RegimeStatistics {
  observed: Sums
  resamples: Sums[]
  bootstrap: Bootstrap
}

/**
 * @param places     the regime's trades in the log
 * @param thresholds the confidence threshold in force, and the lowest one in the period
 * @param strategies codes of the strategies whose weights are tuned
 */
export function regimeStatistics(
  log: TradeLog,
  places: Int32Array,
  thresholds: readonly [inForce: number, lowest: number],
  strategies: readonly number[],
  seed: number,
  stream: number,
): RegimeStatistics {
  const width = STRATEGY_AT + 2 * strategies.length
  const levels = [...THRESHOLDS, ...thresholds]
  const fill = (place: number, row: Float64Array, offset: number): void =>
    addTrade(log, places[place], levels, strategies, row, offset)
  const observed = new Float64Array(width)
  for (let place = 0; place < places.length; place++) fill(place, observed, 0)
  const bootstrap = new Bootstrap(places.length, seed, stream)
  const sums = bootstrap.sums(width, fill)
  return {
    observed: new Sums(observed, strategies.length),
    resamples: Array.from(
      { length: RUNS },
      (_, run) => new Sums(sums.subarray(run * width, (run + 1) * width), strategies.length),
    ),
    bootstrap,
  }
}

function addTrade(
  log: TradeLog,
  at: number,
  levels: readonly number[],
  strategies: readonly number[],
  row: Float64Array,
  offset: number,
): void {
  const profit = log.profitRatio[at]
  const won = profit > 0 ? 1 : 0
  row[offset]++
  row[offset + 1] += won
  row[offset + 2] += profit < 0 ? 1 : 0
  row[offset + 3] += profit
  row[offset + 4] += won * profit
  row[offset + 5] += profit < 0 ? -profit : 0
  row[offset + 6] += log.volatility[at]
  for (let k = 0; k < levels.length; k++) {
    if (log.confidence[at] < levels[k]) continue
    row[offset + THRESHOLD_AT + 3 * k]++
    row[offset + THRESHOLD_AT + 3 * k + 1] += won
    row[offset + THRESHOLD_AT + 3 * k + 2] += profit
  }
  const strategy = strategies.indexOf(log.strategy[at])
  if (strategy < 0) return
  row[offset + STRATEGY_AT + 2 * strategy]++
  row[offset + STRATEGY_AT + 2 * strategy + 1] += profit
}
