import { MARKET_REGIMES } from '../market/regimes.ts'
import type { Matrix } from '../models/estimator.ts'
import type { TradeLog } from './trade-log.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Trades whose results a row remembers. */
const RECENT = 10
/** Where there are no candles; what a trade's own prices would say is not known when it is opened. */
const UNKNOWN_VOLATILITY = 0.5
/** Strategies that get a column of their own. */
const MOST_STRATEGIES = 8

const NUMBERS = [
  'hour',
  'weekday',
  'hoursSinceExit',
  'regimeChanged',
  'volatility',
  'recentWinRate',
  'recentMeanProfit',
  'streak',
  'leverage',
  'stopLoss',
  'openTrades',
  'confidence',
  'side',
] as const

/** The strategies of a log that a model can tell apart. */
export function knownStrategies(log: TradeLog): string[] {
  return log.strategies.slice(0, MOST_STRATEGIES)
}

/** The columns of `tradeFeatures`, in order. */
export function featureNames(strategies: readonly string[]): string[] {
  return [
    ...NUMBERS,
    ...MARKET_REGIMES.map((regime) => `regime ${regime}`),
    ...strategies.map((name) => `strategy ${name}`),
  ]
}

/**
 * What was known when each trade was opened, one row per trade: hour, weekday and time since the last exit (temporal);
 * regime, its change since the last exit, volatility (market); win rate, mean and streak of the last ten trades
 * (performance); leverage, stop, trades open (risk); confidence, side, strategy (context).
 *
 * @param strategies that have a column of their own, whether the log knows them or not
 */
export function tradeFeatures(log: TradeLog, strategies: readonly string[]): Matrix {
  const codes = strategies.map((name) => log.strategies.indexOf(name))
  const columns = NUMBERS.length + MARKET_REGIMES.length + strategies.length
  const values = new Float64Array(log.count * columns)
  const past = new Past(log)
  for (const at of entryOrder(log)) {
    const { winRate, meanProfit, streak, hoursSinceExit, changed, open } = past.before(at)
    const time = log.entryTime[at]
    const row = [
      Math.floor(time / HOUR_MS) % 24,
      Math.floor(time / DAY_MS) % 7,
      hoursSinceExit,
      changed,
      Number.isNaN(log.volatilityAtEntry[at]) ? UNKNOWN_VOLATILITY : log.volatilityAtEntry[at],
      winRate,
      meanProfit,
      streak,
      log.leverage[at],
      log.stopLoss[at] || 0,
      open,
      log.confidence[at],
      log.side[at],
      ...MARKET_REGIMES.map((_, code) => (log.regime[at] === code ? 1 : 0)),
      ...codes.map((code) => (log.strategy[at] === code ? 1 : 0)),
    ]
    values.set(row, at * columns)
  }
  return { rows: log.count, columns, values }
}

function entryOrder({ count, entryTime }: TradeLog): Int32Array {
  return Int32Array.from({ length: count }, (_, at) => at).sort((a, b) => entryTime[a] - entryTime[b] || a - b)
}

/** The trades that were over when another one began. Asked in order of entry, it goes through the log once. */
class Past {
  readonly #log: TradeLog
  /** trades that are over, in order of exit */
  #over = 0
  #begun = 0

  constructor(log: TradeLog) {
    this.#log = log
  }

  before(at: number) {
    const { exitTime, profitRatio, regimeAtExit, regime, entryTime } = this.#log
    while (this.#over < this.#log.count && exitTime[this.#over] <= entryTime[at]) this.#over++
    const open = Math.max(0, this.#begun++ - this.#over)
    if (this.#over === 0) return { winRate: 0.5, meanProfit: 0, streak: 0, hoursSinceExit: 0, changed: 0, open }
    const recent = profitRatio.subarray(Math.max(0, this.#over - RECENT), this.#over)
    const last = this.#over - 1
    return {
      winRate: recent.filter((profit) => profit > 0).length / recent.length,
      meanProfit: recent.reduce((sum, profit) => sum + profit, 0) / recent.length,
      streak: streakOf(recent),
      hoursSinceExit: Math.min(168, (entryTime[at] - exitTime[last]) / HOUR_MS),
      changed: regimeAtExit[last] >= 0 && regimeAtExit[last] !== regime[at] ? 1 : 0,
      open,
    }
  }
}

/** Wins in a row up to the last trade; losses count down. */
function streakOf(recent: Float64Array): number {
  const won = recent[recent.length - 1] > 0
  let length = 0
  while (length < recent.length && recent[recent.length - 1 - length] > 0 === won) length++
  return won ? length : -length
}
