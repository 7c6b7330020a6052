/**
 * The slow, obvious twin of the backtest kernel: the fill model and the metrics, written bar by bar as the rules are
 * told, with objects and names instead of columns and masks. What this file says is what the kernel must do, bit for
 * bit, so the order of every floating-point operation is part of it: do not simplify a formula.
 */
import { METRIC_NAMES, type Metrics } from '../../src/backtest/metrics.ts'
import type { Candles } from '../../src/engine/candles.ts'
import type { ExecutionSettings, ExitReason, TradeRecord, Window } from '../../src/engine/execution.ts'
import { localKernel } from '../../src/engine/wasm.ts'

/** One byte per bar of the data set: 1 = wanted at the close of that bar, so filled at the next open. */
export interface Signals {
  enterLong: Uint8Array
  exitLong: Uint8Array
  enterShort: Uint8Array
  exitShort: Uint8Array
}

/** Distances as fractions of the entry price (trailing: of the best price), > 0. NaN = none; leverage: the settings'. */
export interface Risk {
  stopLoss: number
  takeProfit: number
  trailingStop: number
  leverage: number
}

/** Settings and risk of one backtest; `leverage` is the one that counts. */
type Rules = ExecutionSettings & Risk

/** +1 long, −1 short: the sign with which a rise of the price counts. */
type Side = 1 | -1

interface Position {
  side: Side
  entryBar: number
  entryTime: number
  /** entry price, slippage included */
  price: number
  equityAtEntry: number
  margin: number
  quantity: number
  entryFee: number
  /** paid so far, negative where received */
  funding: number
  /** levels; NaN = none */
  stop: number
  target: number
  liquidation: number
  /** most favourable price of the bars before this one, never behind the entry price: what the trailing stop follows */
  best: number
  maxAdverseExcursion: number
  maxFavorableExcursion: number
}

interface Bar {
  index: number
  openTime: number
  closeTime: number
  open: number
  high: number
  low: number
  close: number
}

/** A fill that ends a position; `price` includes slippage and does not matter for a liquidation. */
interface Exit {
  reason: ExitReason
  time: number
  price: number
}

/** What the signals of the previous bar ask for at this open. */
interface Wish {
  exitLong: boolean
  exitShort: boolean
  /** the side to enter; 0 = none, or a conflict */
  entry: Side | 0
}

const NO_WISH: Wish = { exitLong: false, exitShort: false, entry: 0 }

/**
 * Backtest one strategy over a window.
 *
 * Signals of bar t with firstSignal ≤ t < end − 1 fill at the open of bar t + 1. Per bar: A funding since the last
 * close, B fills at the open, C funding inside the bar, D exits inside the bar, E equity at the close.
 *
 * @returns trades in order of exit; equity f64[end − start] at the closes, the last value after the forced close
 */
export function plainBacktest(
  candles: Candles,
  timeframeMs: number,
  signals: Signals,
  risk: Risk,
  settings: ExecutionSettings,
  window: Window,
): { trades: TradeRecord[]; equity: Float64Array; metrics: Metrics } {
  const leverage = Number.isNaN(risk.leverage) ? settings.leverage : risk.leverage
  const account = new Account({ ...settings, ...risk, leverage })
  const equity = new Float64Array(window.end - window.start)

  for (let index = window.start; index < window.end; index++) {
    const bar = barAt(candles, timeframeMs, index)
    const wish = index - 1 >= window.firstSignal ? wishOf(signals, index - 1) : NO_WISH

    if (account.position) account.payFunding(candles.openTime[index - 1] + timeframeMs, bar.openTime, bar.open)
    account.exitAtOpen(bar, wish)
    account.enterAtOpen(bar, wish)
    account.payFunding(bar.openTime + 1, bar.closeTime - 1, bar.open)
    account.exitInside(bar)
    account.hold(bar)
    if (index === window.end - 1) account.exitAtEnd(bar)
    equity[index - window.start] = account.mark(bar.close)
  }
  const { trades } = account
  const metrics = plainMetrics({
    equity,
    initialCapital: settings.initialCapital,
    openTime: candles.openTime.subarray(window.start, window.end),
    timeframeMs,
    trades: trades.map((trade) => ({ ...trade, durationMs: trade.exitTime - trade.entryTime })),
    open: candles.open[window.start],
    close: candles.close[window.end - 1],
    feeRate: settings.feeRate,
    slippage: settings.slippage,
  })
  return { trades, equity, metrics }
}

/** One account with at most one position. Each step does nothing when it does not apply. */
class Account {
  readonly rules: Rules
  readonly trades: TradeRecord[] = []
  /** equity while flat; while in a position, the equity at its entry */
  balance: number
  position: Position | null = null

  constructor(rules: Rules) {
    this.rules = rules
    this.balance = rules.initialCapital
  }

  /** A and C: one payment for each funding stamp with from ≤ stamp ≤ to (ms), at the open of the bar. */
  payFunding(from: number, to: number, open: number): void {
    const { position } = this
    if (!position) return
    const { fundingIntervalMs: interval, fundingRate } = this.rules
    for (let stamp = Math.ceil(from / interval) * interval; stamp <= to; stamp += interval) {
      position.funding += position.side * position.quantity * open * fundingRate
    }
  }

  /** B1: a carried position is liquidated, or follows its exit signal or a valid entry of the other side. */
  exitAtOpen(bar: Bar, wish: Wish): void {
    const { position } = this
    if (!position) return
    const { side } = position
    if (isAtOrBeyond(side, bar.open, position.liquidation)) {
      this.settle(bar, { reason: 'LIQUIDATION', time: bar.openTime, price: NaN })
    } else if ((side > 0 ? wish.exitLong : wish.exitShort) || wish.entry === -side) {
      this.settle(bar, { reason: 'EXIT_SIGNAL', time: bar.openTime, price: this.slipped(side, bar.open) })
    }
  }

  /** B2: a flat account with money left opens a position: margin and entry fee together are the asked share of it. */
  enterAtOpen(bar: Bar, wish: Wish): void {
    if (this.position || this.balance <= 0 || wish.entry === 0) return
    const { rules, balance: equity } = this
    const { leverage, stopLoss, feeRate, riskPerTrade, maintenanceMarginRate } = rules
    const side = wish.entry
    const price = bar.open * (1 + side * rules.slippage)

    let margin = (rules.positionFraction * equity) / (1 + leverage * feeRate)
    if (riskPerTrade > 0 && !Number.isNaN(stopLoss)) {
      margin = Math.min(margin, (riskPerTrade * equity) / (stopLoss * leverage))
    }
    const notional = leverage * margin
    this.position = {
      side,
      entryBar: bar.index,
      entryTime: bar.openTime,
      price,
      equityAtEntry: equity,
      margin,
      quantity: notional / price,
      entryFee: feeRate * notional,
      funding: 0,
      stop: price * (1 - side * stopLoss),
      target: price * (1 + side * rules.takeProfit),
      liquidation: (price * (1 - side / leverage)) / (1 - side * maintenanceMarginRate),
      best: price,
      maxAdverseExcursion: 0,
      maxFavorableExcursion: 0,
    }
  }

  /** D: stop or liquidation first, whatever else the bar touches; only then the target. A touch counts. */
  exitInside(bar: Bar): void {
    const { position } = this
    if (!position) return
    const { side, liquidation, target } = position
    const [worst, best] = side > 0 ? [bar.low, bar.high] : [bar.high, bar.low]
    const stop = this.stopInForce(position)

    let exit: Exit | null = null
    if (side * stop.price > side * liquidation) {
      if (isAtOrBeyond(side, worst, stop.price)) {
        const isLiquidated = isAtOrBeyond(side, bar.open, liquidation)
        const fill = side > 0 ? Math.min(bar.open, stop.price) : Math.max(bar.open, stop.price)
        exit = {
          reason: isLiquidated ? 'LIQUIDATION' : stop.reason,
          time: bar.closeTime,
          price: this.slipped(side, fill),
        }
      }
    } else if (isAtOrBeyond(side, worst, liquidation)) {
      exit = { reason: 'LIQUIDATION', time: bar.closeTime, price: NaN }
    }
    if (!exit && side * best >= side * target) {
      const price = side > 0 ? Math.max(bar.open, target) : Math.min(bar.open, target)
      exit = { reason: 'TAKE_PROFIT', time: bar.closeTime, price }
    }
    if (!exit) return
    see(position, bar.open)
    this.settle(bar, exit)
  }

  /** The tighter of fixed and trailing stop; on a tie the fixed one. Price NaN = none. */
  stopInForce({ side, stop, best }: Position): { reason: ExitReason; price: number } {
    const trailing = best * (1 - side * this.rules.trailingStop)
    const isTrailing = Number.isNaN(stop) || side * trailing > side * stop
    return isTrailing ? { reason: 'TRAILING_STOP', price: trailing } : { reason: 'STOP_LOSS', price: stop }
  }

  /** A bar held to its close: its prices are seen, and the trailing stop follows from the next bar on. */
  hold(bar: Bar): void {
    const { position } = this
    if (!position) return
    see(position, bar.open)
    see(position, bar.high)
    see(position, bar.low)
    position.best = position.side > 0 ? Math.max(position.best, bar.high) : Math.min(position.best, bar.low)
  }

  exitAtEnd(bar: Bar): void {
    if (!this.position) return
    const price = this.slipped(this.position.side, bar.close)
    this.settle(bar, { reason: 'END_OF_DATA', time: bar.closeTime, price })
  }

  /** E: the equity at a close; a position counts at that price, without the costs of leaving it. */
  mark(close: number): number {
    const { position } = this
    if (!position) return this.balance
    const { side, equityAtEntry, margin, entryFee, funding, quantity, price } = position
    const cash = equityAtEntry - margin - entryFee - funding
    return Math.max(0, cash + Math.max(0, margin + side * quantity * (close - price)))
  }

  /** Price of a market order that closes a position of this side. */
  slipped(side: Side, price: number): number {
    return price * (1 - side * this.rules.slippage)
  }

  /**
   * Close the position. An exit whose loss, its own fee included, exceeds the margin is a liquidation: the lender takes
   * the margin, all of it and no more.
   */
  settle(bar: Bar, exit: Exit): void {
    const position = this.position!
    const { side, quantity, margin, entryFee, funding, equityAtEntry } = position
    const { leverage, feeRate, makerFeeRate } = this.rules
    const exitFee = (exit.reason === 'TAKE_PROFIT' ? makerFeeRate : feeRate) * (quantity * exit.price)
    const gross = side * quantity * (exit.price - position.price)
    const isLiquidation = exit.reason === 'LIQUIDATION' || gross - exitFee < -margin
    const exitPrice = isLiquidation ? position.price * (1 - side / leverage) : exit.price
    const loss = isLiquidation ? -margin - entryFee - funding : gross - entryFee - exitFee - funding
    const profitAbs = Math.max(loss, -equityAtEntry) // funding takes no more than there is
    if (exit.reason !== 'END_OF_DATA') see(position, exitPrice) // at the end of data the bar was held to its close

    this.trades.push({
      side: side > 0 ? 'LONG' : 'SHORT',
      entryBar: position.entryBar,
      exitBar: bar.index,
      exitReason: isLiquidation ? 'LIQUIDATION' : exit.reason,
      entryTime: position.entryTime,
      exitTime: exit.time,
      entryPrice: position.price,
      exitPrice,
      leverage,
      quantity,
      margin,
      equityAtEntry,
      fees: isLiquidation ? entryFee : entryFee + exitFee,
      funding,
      profitAbs,
      profitRatio: profitAbs / equityAtEntry,
      maxAdverseExcursion: position.maxAdverseExcursion,
      maxFavorableExcursion: position.maxFavorableExcursion,
    })
    const balance = equityAtEntry + profitAbs
    // Margin and fee add up to the equity but for rounding: what a total loss leaves behind is dust, not money.
    this.balance = balance > DUST * this.rules.initialCapital ? balance : 0
    this.position = null
  }
}

/** Share of the initial capital below which an account is empty. */
const DUST = 1e-9

/** Whether a price has reached a level from its good side. Never, where the level is NaN. */
function isAtOrBeyond(side: Side, price: number, level: number): boolean {
  return side * price <= side * level
}

/** Let a held position notice a price. */
function see(position: Position, price: number): void {
  const gain = (position.side * (price - position.price)) / position.price
  position.maxFavorableExcursion = Math.max(position.maxFavorableExcursion, gain)
  position.maxAdverseExcursion = Math.max(position.maxAdverseExcursion, -gain)
}

function barAt(candles: Candles, timeframeMs: number, index: number): Bar {
  const openTime = candles.openTime[index]
  return {
    index,
    openTime,
    closeTime: openTime + timeframeMs,
    open: candles.open[index],
    high: candles.high[index],
    low: candles.low[index],
    close: candles.close[index],
  }
}

/** An entry counts only without the exit of its side and without the entry of the other side. */
function wishOf(signals: Signals, bar: number): Wish {
  const exitLong = signals.exitLong[bar] !== 0
  const exitShort = signals.exitShort[bar] !== 0
  const enterLong = signals.enterLong[bar] !== 0
  const enterShort = signals.enterShort[bar] !== 0
  let entry: Side | 0 = 0
  if (enterLong && !exitLong && !enterShort) entry = 1
  if (enterShort && !exitShort && !enterLong) entry = -1
  return { exitLong, exitShort, entry }
}

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** A standard or downside deviation up to this is zero. */
const ZERO = 1e-12

export interface MetricsInput {
  /** at the closes of the window's bars, n ≥ 1 */
  equity: Float64Array
  initialCapital: number
  /** of the window's bars */
  openTime: Float64Array
  timeframeMs: number
  trades: (Pick<TradeRecord, 'profitAbs' | 'profitRatio' | 'fees'> & { durationMs: number })[]
  /** first open of the window */
  open: number
  /** last close of the window */
  close: number
  feeRate: number
  slippage: number
}

/** The figures of a backtest; null where one is not defined. */
export function plainMetrics(input: MetricsInput): Metrics {
  const { equity, initialCapital, openTime, timeframeMs, trades, feeRate: fee, slippage } = input
  const span = openTime[openTime.length - 1] + timeframeMs - openTime[0]
  const finalEquity = equity[equity.length - 1]
  const ratio = finalEquity / initialCapital
  const buyAndHold = (((1 - fee) / (1 + fee)) * (input.close * (1 - slippage))) / (input.open * (1 + slippage)) - 1
  const drawdown = drawdownMetrics(input)
  const cagr = span < 30 * DAY_MS ? null : ratio <= 0 ? -1 : localKernel().kernel.pow(ratio, YEAR_MS / span) - 1

  const metrics: Metrics = {
    roi: ratio - 1,
    cagr,
    ...returnMetrics(periodReturns(input), timeframeMs < DAY_MS ? 365 : YEAR_MS / timeframeMs),
    calmarRatio: cagr === null || drawdown.maxDrawdown === 0 ? null : cagr / drawdown.maxDrawdown,
    ...drawdown,
    ...tradeMetrics(trades),
    exposure: sum(trades.map((trade) => trade.durationMs)) / span,
    feesPaid: sum(trades.map((trade) => trade.fees)),
    buyAndHoldRoi: buyAndHold,
    finalEquity,
  }
  return Object.fromEntries(METRIC_NAMES.map((name) => [name, metrics[name]])) as Metrics
}

/** Returns of UTC days that have bars, or of bars from 1d up; from the first loss of everything on there are none. */
function periodReturns({ equity, initialCapital, openTime, timeframeMs }: MetricsInput): number[] {
  const day = (bar: number): number => Math.floor(openTime[bar] / DAY_MS)
  const returns: number[] = []
  let previous = initialCapital
  for (let bar = 0; bar < equity.length && previous > 0; bar++) {
    const isPeriodEnd = timeframeMs >= DAY_MS || bar === equity.length - 1 || day(bar) !== day(bar + 1)
    if (!isPeriodEnd) continue
    returns.push(equity[bar] / previous - 1)
    previous = equity[bar]
  }
  return returns
}

function returnMetrics(
  returns: number[],
  periodsPerYear: number,
): Pick<Metrics, 'sharpeRatio' | 'sortinoRatio' | 'volatility'> {
  if (returns.length < 10) return { sharpeRatio: null, sortinoRatio: null, volatility: null }
  const average = mean(returns)
  const deviation = standardDeviation(returns)
  const downside = Math.sqrt(mean(returns.map((r) => Math.min(r, 0) * Math.min(r, 0))))
  const annual = Math.sqrt(periodsPerYear)
  return {
    sharpeRatio: deviation <= ZERO ? null : (average / deviation) * annual,
    sortinoRatio: downside <= ZERO ? null : (average / downside) * annual,
    volatility: deviation * annual,
  }
}

/** Deepest fall from a peak, and the longest time from a peak (first: the window's start) to a close below it. */
function drawdownMetrics({ equity, initialCapital, openTime, timeframeMs }: MetricsInput): {
  maxDrawdown: number
  maxDrawdownDurationMs: number
} {
  let peak = initialCapital
  let peakTime = openTime[0]
  let maxDrawdown = 0
  let maxDrawdownDurationMs = 0
  for (let bar = 0; bar < equity.length; bar++) {
    const closeTime = openTime[bar] + timeframeMs
    if (equity[bar] >= peak) {
      peak = equity[bar]
      peakTime = closeTime
    } else {
      maxDrawdown = Math.max(maxDrawdown, 1 - equity[bar] / peak)
      maxDrawdownDurationMs = Math.max(maxDrawdownDurationMs, closeTime - peakTime)
    }
  }
  return { maxDrawdown, maxDrawdownDurationMs }
}

type TradeMetricName =
  | 'tradeCount'
  | 'winRate'
  | 'grossProfit'
  | 'grossLoss'
  | 'profitFactor'
  | 'expectancy'
  | 'expectancyAbs'
  | 'averageWin'
  | 'averageLoss'
  | 'payoffRatio'
  | 'sqn'
  | 'bestTrade'
  | 'worstTrade'
  | 'averageTradeDurationMs'

function tradeMetrics(trades: MetricsInput['trades']): Pick<Metrics, TradeMetricName> {
  const n = trades.length
  const profits = trades.map((trade) => trade.profitAbs)
  const ratios = trades.map((trade) => trade.profitRatio)
  const wins = profits.filter((profit) => profit > 0)
  const losses = profits.filter((profit) => profit < 0).map((profit) => -profit)
  const averageWin = wins.length === 0 ? null : mean(wins)
  const averageLoss = losses.length === 0 ? null : mean(losses)
  const deviation = n < 2 ? 0 : standardDeviation(ratios)
  return {
    tradeCount: n,
    winRate: n === 0 ? null : wins.length / n,
    grossProfit: sum(wins),
    grossLoss: sum(losses),
    profitFactor: losses.length === 0 ? null : sum(wins) / sum(losses),
    expectancy: n === 0 ? null : mean(ratios),
    expectancyAbs: n === 0 ? null : mean(profits),
    averageWin,
    averageLoss,
    payoffRatio: averageWin === null || averageLoss === null ? null : averageWin / averageLoss,
    sqn: deviation <= ZERO ? null : (Math.sqrt(n) * mean(ratios)) / deviation,
    bestTrade: n === 0 ? null : Math.max(...ratios),
    worstTrade: n === 0 ? null : Math.min(...ratios),
    averageTradeDurationMs: n === 0 ? null : mean(trades.map((trade) => trade.durationMs)),
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: number[]): number {
  return sum(values) / values.length
}

/** Sample standard deviation, two passes, n − 1. */
function standardDeviation(values: number[]): number {
  const average = mean(values)
  return Math.sqrt(sum(values.map((x) => (x - average) * (x - average))) / (values.length - 1))
}

/** Thresholds of the rule that the recorded backtests use: mean reversion, long only. */
export interface MeanReversion {
  /** enter below this RSI(14) … */
  rsiOversold: number
  /** … exit above this one */
  rsiOverbought: number
  /** enter above this ADX(14) */
  adxMin: number
  /** enter where the volume exceeds this multiple of its SMA(20) */
  volumeMultiplier: number
}

/** The columns that `MeanReversion` looks at, f64[n] each; NaN until warm. */
export interface MeanReversionColumns {
  rsi: Float64Array
  adx: Float64Array
  volume: Float64Array
  volumeMean: Float64Array
}

export function plainColumns(candles: Candles): MeanReversionColumns {
  const { volume } = candles
  return { rsi: plainRsi(candles.close, 14), adx: plainAdx(candles, 14), volume, volumeMean: plainSma(volume, 20) }
}

/** Signals of the mean-reversion rule; both are 0 while a column they look at is not warm. */
export function plainSignals(columns: MeanReversionColumns, rule: MeanReversion): Signals {
  const { rsi, adx, volume, volumeMean } = columns
  const signals = noSignals(rsi.length)
  for (let bar = 0; bar < rsi.length; bar++) {
    const isLoud = volume[bar] > rule.volumeMultiplier * volumeMean[bar]
    signals.enterLong[bar] = rsi[bar] < rule.rsiOversold && adx[bar] > rule.adxMin && isLoud ? 1 : 0
    signals.exitLong[bar] = rsi[bar] > rule.rsiOverbought ? 1 : 0
  }
  return signals
}

export function noSignals(bars: number): Signals {
  return {
    enterLong: new Uint8Array(bars),
    exitLong: new Uint8Array(bars),
    enterShort: new Uint8Array(bars),
    exitShort: new Uint8Array(bars),
  }
}

/** Wilder's RSI, first value at bar `period`; a market without a change is 50. */
export function plainRsi(close: Float64Array, period: number): Float64Array {
  const out = new Float64Array(close.length).fill(NaN)
  let gain = 0
  let loss = 0
  for (let bar = 1; bar < close.length; bar++) {
    const up = Math.max(close[bar] - close[bar - 1], 0)
    const down = Math.max(close[bar - 1] - close[bar], 0)
    if (bar <= period) {
      gain += up
      loss += down
      if (bar < period) continue
      gain /= period
      loss /= period
    } else {
      gain = (gain * (period - 1) + up) / period
      loss = (loss * (period - 1) + down) / period
    }
    out[bar] = gain + loss === 0 ? 50 : 100 * (gain / (gain + loss))
  }
  return out
}

/** Wilder's ADX with TA-Lib's running sums, first value at bar 2 · period − 1. */
export function plainAdx({ high, low, close }: Candles, period: number): Float64Array {
  const out = new Float64Array(close.length).fill(NaN)
  let plus = 0
  let minus = 0
  let range = 0
  let adx = 0
  for (let bar = 1; bar < close.length; bar++) {
    const up = high[bar] - high[bar - 1]
    const down = low[bar - 1] - low[bar]
    const trueRange = Math.max(
      high[bar] - low[bar],
      Math.abs(high[bar] - close[bar - 1]),
      Math.abs(low[bar] - close[bar - 1]),
    )
    const decay = (total: number): number => (bar < period ? total : total - total / period)
    plus = decay(plus) + (up > down && up > 0 ? up : 0)
    minus = decay(minus) + (down > up && down > 0 ? down : 0)
    range = decay(range) + trueRange
    if (bar < period) continue

    const plusDi = range === 0 ? 0 : 100 * (plus / range)
    const minusDi = range === 0 ? 0 : 100 * (minus / range)
    const total = plusDi + minusDi
    const dx = total === 0 ? null : 100 * (Math.abs(minusDi - plusDi) / total)
    if (bar < 2 * period) adx += dx ?? 0
    else if (dx !== null) adx = (adx * (period - 1) + dx) / period
    if (bar === 2 * period - 1) adx /= period
    if (bar >= 2 * period - 1) out[bar] = adx
  }
  return out
}

/** Simple moving average as a running sum: add the newest, divide, subtract the oldest. */
export function plainSma(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(NaN)
  let total = 0
  for (let bar = 0; bar < values.length; bar++) {
    total += values[bar]
    if (bar < period - 1) continue
    out[bar] = total / period
    total -= values[bar - period + 1]
  }
  return out
}
