import type { Candles } from '../../src/engine/candles.ts'

/** What a plain indicator reads: the bars, and the series it was asked about. */
export interface Bars {
  open: number[]
  high: number[]
  low: number[]
  close: number[]
  volume: number[]
  openTime: number[]
  source: number[]
  barsPerYear: number
}

type Plain = (bars: Bars, ...args: number[]) => number[]

/**
 * The slow twins of the kernels: every indicator as its definition reads, a window taken out and looked at anew for
 * each bar. NaN before the first defined value.
 */
export const PLAIN: Record<string, Plain> = {
  sma: ({ source }, n) => windows(source, n, mean),
  ema: ({ source }, n) => exponential(source, n, n - 1),
  highest: ({ source }, n) => windows(source, n, (values) => Math.max(...values)),
  lowest: ({ source }, n) => windows(source, n, (values) => Math.min(...values)),
  stddev: ({ source }, n) => windows(source, n, (values) => deviation(values, n)),
  roc: ({ source }, n) => source.map((x, t) => (t < n ? NaN : 100 * (x / source[t - n] - 1))),
  zscore: ({ source }, n) =>
    windows(source, n, (values) => {
      const sd = deviation(values, n)
      return sd <= 1e-12 ? 0 : (values[n - 1] - mean(values)) / sd
    }),

  rsi: ({ source }, n) => {
    const gains = wilder(
      source.map((x, t) => (t < 1 ? NaN : Math.max(x - source[t - 1], 0))),
      n,
      n,
    )
    const losses = wilder(
      source.map((x, t) => (t < 1 ? NaN : Math.max(source[t - 1] - x, 0))),
      n,
      n,
    )
    return gains.map((gain, t) => (gain + losses[t] === 0 ? 50 : (100 * gain) / (gain + losses[t])))
  },

  macd: (bars, fast, slow, signal) => macdLines(bars.source, fast, slow, signal).line,
  macd_signal: (bars, fast, slow, signal) => macdLines(bars.source, fast, slow, signal).signalLine,
  macd_histogram: (bars, fast, slow, signal) => {
    const { line, signalLine } = macdLines(bars.source, fast, slow, signal)
    return line.map((value, t) => value - signalLine[t])
  },

  bollinger_upper: (bars, n, k) => combine(PLAIN.sma(bars, n), PLAIN.stddev(bars, n), (m, sd) => m + k * sd),
  bollinger_middle: (bars, n) => PLAIN.sma(bars, n),
  bollinger_lower: (bars, n, k) => combine(PLAIN.sma(bars, n), PLAIN.stddev(bars, n), (m, sd) => m - k * sd),
  bollinger_width: (bars, n, k) => combine(PLAIN.sma(bars, n), PLAIN.stddev(bars, n), (m, sd) => (2 * k * sd) / m),

  realised_volatility: ({ source, barsPerYear }, n) => {
    const returns = source.map((x, t) => (t < 1 ? NaN : Math.log(x / source[t - 1])))
    return windows(returns, n, (values) => deviation(values, n - 1) * Math.sqrt(barsPerYear))
  },

  true_range: (bars) => trueRanges(bars),
  atr: (bars, n) => wilder(trueRanges(bars), n, n),
  plus_di: (bars, n) => directional(bars, n).plus,
  minus_di: (bars, n) => directional(bars, n).minus,
  adx: (bars, n) => {
    const { plus, minus } = directional(bars, n)
    const dx = combine(plus, minus, (p, m) => (100 * Math.abs(p - m)) / (p + m))
    let index = mean(dx.slice(n, 2 * n).map((value) => value || 0))
    return dx.map((value, t) => {
      if (t >= 2 * n && !Number.isNaN(value)) index = (index * (n - 1) + value) / n
      return t < 2 * n - 1 ? NaN : index
    })
  },

  stochastic_k: ({ high, low, close }, n, smoothing) => {
    const fast = close.map((c, t) => {
      if (t < n - 1) return NaN
      const top = Math.max(...high.slice(t - n + 1, t + 1))
      const bottom = Math.min(...low.slice(t - n + 1, t + 1))
      return top === bottom ? 50 : (100 * (c - bottom)) / (top - bottom)
    })
    return windows(fast, smoothing, mean)
  },
  stochastic_d: (bars, n, smoothing, signal) => windows(PLAIN.stochastic_k(bars, n, smoothing), signal, mean),

  donchian_upper: ({ high }, n) => windows(high, n, (values) => Math.max(...values)),
  donchian_lower: ({ low }, n) => windows(low, n, (values) => Math.min(...values)),
  donchian_middle: (bars, n) =>
    combine(PLAIN.donchian_upper(bars, n), PLAIN.donchian_lower(bars, n), (top, bottom) => (top + bottom) / 2),

  supertrend: (bars, n, multiplier) => supertrendLines(bars, n, multiplier).line,
  supertrend_direction: (bars, n, multiplier) => supertrendLines(bars, n, multiplier).direction,

  obv: ({ close, volume }) => {
    let total = volume[0]
    return close.map((c, t) => (t === 0 ? total : (total += Math.sign(c - close[t - 1]) * volume[t])))
  },
  mfi: (bars, n) => {
    const price = typical(bars)
    const flow = price.map((p, t) => (t < 1 ? NaN : Math.sign(p - price[t - 1]) * p * bars.volume[t]))
    return windows(flow, n, (values) => {
      const rising = sum(values.filter((value) => value > 0))
      const falling = -sum(values.filter((value) => value < 0))
      return rising + falling === 0 ? 50 : (100 * rising) / (rising + falling)
    })
  },
  vwap: (bars) => {
    const day = bars.openTime.map((time) => new Date(time).toISOString().slice(0, 10))
    return day.map((today, t) => volumeWeighted(bars, day.indexOf(today), t))
  },
  rolling_vwap: (bars, n) => bars.close.map((_, t) => (t < n - 1 ? NaN : volumeWeighted(bars, t - n + 1, t))),
  volume_ratio: ({ volume }, n) =>
    windows(volume, n, (values) => (sum(values) === 0 ? 1 : values[n - 1] / mean(values))),
}

export function plainBars(candles: Candles, source: ArrayLike<number>, barsPerYear: number): Bars {
  return {
    open: [...candles.open],
    high: [...candles.high],
    low: [...candles.low],
    close: [...candles.close],
    volume: [...candles.volume],
    openTime: [...candles.openTime],
    source: Array.from(source),
    barsPerYear,
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: number[]): number {
  return sum(values) / values.length
}

function deviation(values: number[], divisor: number): number {
  const middle = mean(values)
  // a constant window: its mean need not be representable
  if (values.every((value) => value === values[0])) return 0
  return Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / divisor)
}

/** `measure` of the last n values at every bar that has them. */
function windows(values: number[], n: number, measure: (window: number[]) => number): number[] {
  return values.map((_, t) => (t < n - 1 ? NaN : measure(values.slice(t - n + 1, t + 1))))
}

function combine(a: number[], b: number[], measure: (a: number, b: number) => number): number[] {
  return a.map((value, t) => measure(value, b[t]))
}

/** EMA(n) whose first value, at bar `first`, is the mean of the n values that end there. */
function exponential(values: number[], n: number, first: number): number[] {
  let average = mean(values.slice(first - n + 1, first + 1))
  return values.map((value, t) => {
    if (t > first) average += (2 / (n + 1)) * (value - average)
    return t < first ? NaN : average
  })
}

/** Wilder's average, which begins at bar `first` with the mean of the n values that end there. */
function wilder(values: number[], n: number, first: number): number[] {
  let average = mean(values.slice(first - n + 1, first + 1))
  return values.map((value, t) => {
    if (t > first) average = (average * (n - 1) + value) / n
    return t < first ? NaN : average
  })
}

function macdLines(source: number[], fast: number, slow: number, signal: number) {
  const start = Math.max(fast, slow) - 1
  const first = start + signal - 1
  const line = combine(exponential(source, fast, start), exponential(source, slow, start), (a, b) => a - b)
  const signalLine = exponential(line, signal, first)
  return { line: line.map((value, t) => (t < first ? NaN : value)), signalLine }
}

function trueRanges({ high, low, close }: Bars): number[] {
  return high.map((h, t) =>
    t < 1 ? NaN : Math.max(h - low[t], Math.abs(h - close[t - 1]), Math.abs(low[t] - close[t - 1])),
  )
}

function directional(bars: Bars, n: number): { plus: number[]; minus: number[] } {
  const up = bars.high.map((h, t) => h - bars.high[t - 1])
  const down = bars.low.map((l, t) => bars.low[t - 1] - l)
  const range = smoothed(trueRanges(bars), n)
  const plus = smoothed(
    combine(up, down, (u, d) => (u > d && u > 0 ? u : 0)),
    n,
  )
  const minus = smoothed(
    combine(up, down, (u, d) => (d > u && d > 0 ? d : 0)),
    n,
  )
  return { plus: combine(plus, range, percentOf), minus: combine(minus, range, percentOf) }
}

function percentOf(move: number, range: number): number {
  return range === 0 ? 0 : (100 * move) / range
}

/** The sum of bars 1 … n − 1, then S − S/n + new. */
function smoothed(values: number[], n: number): number[] {
  let total = sum(values.slice(1, n))
  return values.map((value, t) => (t < n ? NaN : (total = total - total / n + value)))
}

function supertrendLines(bars: Bars, n: number, multiplier: number): { line: number[]; direction: number[] } {
  const { high, low, close } = bars
  const atr = PLAIN.atr(bars, n)
  const line = close.map(() => NaN)
  const direction = close.map(() => NaN)
  let lower = NaN
  let upper = NaN
  for (let t = n; t < close.length; t++) {
    const middle = (high[t] + low[t]) / 2
    const basicLower = middle - multiplier * atr[t]
    const basicUpper = middle + multiplier * atr[t]
    if (t === n) {
      lower = basicLower
      upper = basicUpper
      direction[t] = -1
    } else {
      lower = basicLower > lower || close[t - 1] < lower ? basicLower : lower
      upper = basicUpper < upper || close[t - 1] > upper ? basicUpper : upper
      if (direction[t - 1] === -1) direction[t] = close[t] > upper ? 1 : -1
      else direction[t] = close[t] < lower ? -1 : 1
    }
    line[t] = direction[t] === 1 ? lower : upper
  }
  return { line, direction }
}

function typical({ high, low, close }: Bars): number[] {
  return close.map((c, t) => (high[t] + low[t] + c) / 3)
}

function volumeWeighted(bars: Bars, from: number, to: number): number {
  const price = typical(bars).slice(from, to + 1)
  const volume = bars.volume.slice(from, to + 1)
  return sum(volume) === 0 ? price.at(-1)! : sum(combine(price, volume, (p, v) => p * v)) / sum(volume)
}
