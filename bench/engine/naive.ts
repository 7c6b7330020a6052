/** The loop of c/naive.c in JavaScript: rsi-adx-volume, long only, every bar of every sample, all figures on the way. */
import type { Candles } from '../../src/engine/candles.ts'
import type { ExecutionSettings } from '../../src/engine/execution.ts'

export interface NaiveInput {
  candles: Candles
  rsi: Float64Array
  adx: Float64Array
  mean: Float64Array
  firstSignal: number
  /** i32[days + 1]: the last bar of each day, and a bar that never comes */
  dayEnds: Int32Array
  settings: ExecutionSettings
}

/** What the naive loops write for each sample, in this order. */
export const NAIVE_FIGURES = [
  'tradeCount',
  'roi',
  'maxDrawdown',
  'sharpeRatio',
  'sortinoRatio',
  'winRate',
  'profitFactor',
] as const

/**
 * @param p       rsi_oversold, rsi_overbought, adx_min, volume_multiplier, sl, tp
 * @param returns f64[days], scratch
 * @param out     f64[7], written
 */
export function naiveBacktest(input: NaiveInput, p: Float64Array, returns: Float64Array, out: Float64Array): void {
  const { rsi, adx, mean, firstSignal: first, dayEnds } = input
  const { open, high, low, close, volume } = input.candles
  const { feeRate, slippage, leverage, maintenanceMarginRate, initialCapital } = input.settings
  const [oversold, overbought, adxMin, multiplier, sl, tp] = p
  const n = open.length
  let capital = initialCapital,
    margin = 0,
    quantity = 0,
    price = 0,
    entryFee = 0,
    stop = 0,
    target = 0,
    liquidation = 0
  let peak = capital,
    floor = capital,
    deepest = 0,
    previous = capital,
    grossProfit = 0,
    grossLoss = 0,
    sum = 0
  let trades = 0,
    wins = 0,
    days = 0,
    day = 0,
    dayEnd = dayEnds[0],
    held = false
  for (let i = 0; i < n; i++) {
    const b = i - 1
    const counts = b >= first
    for (let inside = 0; inside < 2; inside++) {
      let exit = NaN
      let ends = false
      if (held) {
        if (!inside) {
          if (open[i] <= liquidation) ends = true
          else if (counts && rsi[b] > overbought) {
            exit = open[i] * (1 - slippage)
            ends = true
          }
        } else if (low[i] <= stop || low[i] <= liquidation) {
          ends = true
          if (stop > liquidation && open[i] > liquidation) exit = (open[i] < stop ? open[i] : stop) * (1 - slippage)
        } else if (high[i] >= target) {
          exit = open[i] > target ? open[i] : target
          ends = true
        } else if (i === n - 1) {
          exit = close[i] * (1 - slippage)
          ends = true
        }
      }
      if (ends) {
        let fee = feeRate * (quantity * exit),
          gross = quantity * (exit - price)
        if (!(gross - fee >= -margin)) {
          gross = -margin
          fee = 0
        }
        let profit = gross - entryFee - fee
        if (profit < -capital) profit = -capital
        trades++
        if (profit > 0) {
          wins++
          grossProfit += profit
        } else grossLoss -= profit
        capital += profit
        if (capital <= 1e-9 * initialCapital) capital = 0
        held = false
      }
      if (inside) break
      if (!held) {
        if (!(counts && rsi[b] < oversold && adx[b] > adxMin && volume[b] > multiplier * mean[b] && capital > 0)) break
        if (rsi[b] > overbought) break
        held = true
        price = open[i] * (1 + slippage)
        margin = capital / (1 + leverage * feeRate)
        const notional = leverage * margin
        quantity = notional / price
        entryFee = feeRate * notional
        stop = price * (1 - sl)
        target = price * (1 + tp)
        liquidation = (price * (1 - 1 / leverage)) / (1 - maintenanceMarginRate)
      }
    }
    let equity = capital
    if (held) {
      const left = margin + quantity * (close[i] - price)
      equity = capital - margin - entryFee + (left > 0 ? left : 0)
      if (equity < 0) equity = 0
    }
    if (equity >= peak) {
      peak = equity
      floor = peak * (1 - deepest)
    } else if (equity < floor) {
      deepest = 1 - equity / peak
      floor = equity
    }
    if (i === dayEnd) {
      if (previous > 0) {
        returns[days] = equity / previous - 1
        sum += returns[days++]
      }
      previous = equity
      dayEnd = dayEnds[++day]
    }
  }
  const average = sum / days
  let squares = 0,
    down = 0
  for (let d = 0; d < days; d++) {
    squares += (returns[d] - average) * (returns[d] - average)
    if (returns[d] < 0) down += returns[d] * returns[d]
  }
  out[0] = trades
  out[1] = capital / initialCapital - 1
  out[2] = deepest
  out[3] = (average / Math.sqrt(squares / (days - 1))) * Math.sqrt(365)
  out[4] = (average / Math.sqrt(down / days)) * Math.sqrt(365)
  out[5] = wins / trades
  out[6] = grossProfit / grossLoss
}
