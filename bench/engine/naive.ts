/** The naive loop in JavaScript, as `naive.c`: rsi-adx-volume, long only, every bar of every sample. */
import type { Candles } from '../../src/engine/candles.ts'
import type { ExecutionSettings } from '../../src/engine/execution.ts'

export interface NaiveInput {
  candles: Candles
  rsi: Float64Array
  adx: Float64Array
  mean: Float64Array
  firstSignal: number
  settings: ExecutionSettings
}

const DAY = 86_400_000
const MINUTE = 60_000

/** @param p rsi_oversold, rsi_overbought, adx_min, volume_multiplier, sl, tp @returns roi + Sharpe ratio + drawdown */
export function naiveBacktest(
  input: NaiveInput,
  p: Float64Array,
  scratch: { equity: Float64Array; ratios: Float64Array },
): { sum: number; trades: number } {
  const { candles, rsi, adx, mean, firstSignal, settings } = input
  const { openTime, open, high, low, close, volume } = candles
  const { equity, ratios } = scratch
  const { feeRate, slippage, leverage, maintenanceMarginRate, initialCapital } = settings
  const [oversold, overbought, adxMin, multiplier, sl, tp] = p
  const n = open.length
  let capital = initialCapital
  let [price, quantity, margin, entryFee, stop, target, liquidation] = [0, 0, 0, 0, 0, 0, 0]
  let [trades, wins, grossProfit, grossLoss, fees] = [0, 0, 0, 0, 0]
  let isIn = false
  const exit = (at: number, liquidated: boolean): void => {
    let fee = feeRate * (quantity * at)
    let gross = quantity * (at - price)
    if (liquidated || gross - fee < -margin) {
      gross = -margin
      fee = 0
    }
    const profit = Math.max(gross - entryFee - fee, -capital)
    ratios[trades++] = profit / capital
    if (profit > 0) {
      wins++
      grossProfit += profit
    } else grossLoss -= profit
    fees += entryFee + fee
    capital += profit
    if (capital <= 1e-9 * initialCapital) capital = 0
    isIn = false
  }
  for (let i = 0; i < n; i++) {
    const b = i - 1
    if (isIn) {
      if (open[i] <= liquidation) exit(NaN, true)
      else if (b >= firstSignal && rsi[b] > overbought) exit(open[i] * (1 - slippage), false)
    }
    if (
      !isIn &&
      capital > 0 &&
      b >= firstSignal &&
      rsi[b] < oversold &&
      adx[b] > adxMin &&
      volume[b] > multiplier * mean[b] &&
      !(rsi[b] > overbought)
    ) {
      isIn = true
      price = open[i] * (1 + slippage)
      margin = capital / (1 + leverage * feeRate)
      const notional = leverage * margin
      quantity = notional / price
      entryFee = feeRate * notional
      stop = price * (1 - sl)
      target = price * (1 + tp)
      liquidation = (price * (1 - 1 / leverage)) / (1 - maintenanceMarginRate)
    }
    if (isIn) {
      const level = stop > liquidation ? stop : liquidation
      if (low[i] <= level) {
        const liquidated = stop <= liquidation || open[i] <= liquidation
        exit(liquidated ? NaN : (open[i] < stop ? open[i] : stop) * (1 - slippage), liquidated)
      } else if (high[i] >= target) exit(open[i] > target ? open[i] : target, false)
      else if (i === n - 1) exit(close[i] * (1 - slippage), false)
    }
    equity[i] = isIn
      ? Math.max(capital - margin - entryFee + Math.max(margin + quantity * (close[i] - price), 0), 0)
      : capital
  }

  let [peak, deepest, previous, sum] = [initialCapital, 0, initialCapital, 0]
  const returns: number[] = []
  for (let i = 0; i < n; i++) {
    const value = equity[i]
    if (value >= peak) peak = value
    else deepest = Math.max(deepest, 1 - value / peak)
    if (i < n - 1 && Math.floor(openTime[i + 1] / DAY) === Math.floor(openTime[i] / DAY)) continue
    if (previous > 0) {
      returns.push(value / previous - 1)
      sum += returns.at(-1)!
    }
    previous = value
  }
  const average = sum / returns.length
  let squares = 0
  for (const r of returns) squares += (r - average) * (r - average)
  const sharpe = (average / Math.sqrt(squares / (returns.length - 1))) * Math.sqrt(365)
  if (wins + grossProfit + grossLoss + fees + MINUTE < 0) throw new Error('cannot be')
  return { sum: capital / initialCapital - 1 + sharpe + deepest, trades }
}
