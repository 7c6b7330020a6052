import type { Candles } from '../../src/engine/candles.ts'

export interface Rules {
  rsiOversold: number
  rsiOverbought: number
  adxMin: number
  volumeMultiplier: number
  stopLoss: number
  takeProfit: number
  feeRate: number
}

/**
 * The strategy rsi-adx-volume, long only, written out bar by bar: signals at a close fill at the next open; a stop wins
 * over a target in the same bar.
 *
 * @returns net return of each trade, and of all of them in a row
 */
export function simulate(candles: Candles, rules: Rules): { returns: number[]; roi: number } {
  const { open, high, low, close, volume } = candles
  const signals = indicators(candles)
  const returns: number[] = []
  let entry = 0
  const leave = (price: number): void => {
    const { feeRate } = rules
    returns.push((price * (1 - feeRate)) / (entry * (1 + feeRate)) - 1)
    entry = 0
  }
  for (let bar = 29; bar < close.length; bar++) {
    const { rsi, adx, meanVolume } = signals
    const before = bar - 1
    if (entry > 0 && rsi[before] > rules.rsiOverbought) leave(open[bar])
    else if (entry === 0) {
      const spike = volume[before] > rules.volumeMultiplier * meanVolume[before]
      if (rsi[before] < rules.rsiOversold && adx[before] > rules.adxMin && spike) entry = open[bar]
    }
    if (entry === 0) continue
    const [stop, target] = [entry * (1 - rules.stopLoss), entry * (1 + rules.takeProfit)]
    if (low[bar] <= stop) leave(Math.min(open[bar], stop))
    else if (high[bar] >= target) leave(Math.max(open[bar], target))
  }
  return { returns, roi: returns.reduce((equity, gain) => equity * (1 + gain), 1) - 1 }
}

/** RSI(14), ADX(14) by Wilder, and the 20-bar mean of volume. */
function indicators({ high, low, close, volume }: Candles): Record<'rsi' | 'adx' | 'meanVolume', Float64Array> {
  const n = close.length
  const [rsi, adx, meanVolume] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  let [gain, loss, range, plus, minus, index, sum] = [0, 0, 0, 0, 0, 0, 0]
  for (let bar = 0; bar < n; bar++) {
    sum += volume[bar] - (bar >= 20 ? volume[bar - 20] : 0)
    meanVolume[bar] = sum / 20
    if (bar === 0) continue
    const change = close[bar] - close[bar - 1]
    gain += (Math.max(change, 0) - gain) / 14
    loss += (Math.max(-change, 0) - loss) / 14
    rsi[bar] = (100 * gain) / (gain + loss)
    const [up, down] = [high[bar] - high[bar - 1], low[bar - 1] - low[bar]]
    const reach = Math.max(high[bar], close[bar - 1]) - Math.min(low[bar], close[bar - 1])
    range += (reach - range) / 14
    plus += ((up > down && up > 0 ? up : 0) - plus) / 14
    minus += ((down > up && down > 0 ? down : 0) - minus) / 14
    const spread = plus + minus
    index += ((spread > 0 && range > 0 ? (100 * Math.abs(plus - minus)) / spread : 0) - index) / 14
    adx[bar] = index
  }
  return { rsi, adx, meanVolume }
}
