import type { Candles } from '../engine/candles.ts'
import { Random } from '../engine/random.ts'
import { type Kernel, localKernel } from '../engine/wasm.ts'
import { PlantedEdge } from './planted-edge.ts'
import { type Timeframe, TIMEFRAMES, YEAR_MS } from './timeframe.ts'

export interface SyntheticOptions {
  /** any integer; the same seed gives the same candles, bit for bit, on every machine */
  seed: number
  bars: number
  timeframe: Timeframe
  /** ms, the first open time; aligned */
  from: number
  /** ≥ 0; strength of the planted edge: see PlantedEdge. 0 = nothing to find */
  edge: number
}

const START_PRICE = 40_000
/** Prices are in cents, the least of them one. */
const TICKS_PER_UNIT = 100
/** Steps of the price inside a bar; high and low are the extremes of its path. */
const STEPS = 8
/** Standard deviation of a year's log return, regimes apart: that of a big coin. */
const YEARLY_VOLATILITY = 0.6
/** Base units in an average minute. */
const VOLUME_PER_MINUTE = 8

/**
 * What the market does for days on end. In a bull market the price climbs a little each bar, and falls by the size of
 * `leap` when the regime ends; in a bear market the reverse. The climb is exactly what the fall takes away on
 * average, so knowing the regime is worth nothing.
 */
const REGIMES = [
  { name: 'bull', days: 6, volatility: 0.9, leap: -0.03 },
  { name: 'bear', days: 5, volatility: 1.1, leap: 0.03 },
  { name: 'range', days: 4, volatility: 0.6, leap: 0 },
  { name: 'volatile', days: 2, volatility: 1.7, leap: 0 },
] as const

/** GARCH(1,1) per bar: variance ← (1 − α − β) + α · squared last return + β · variance, in units of the usual one. */
const ALPHA = 0.08
const BETA = 0.9
/** Fat tails: each bar's volatility is multiplied by a log-normal of this spread, mean square 1. */
const TAIL = 0.35
/** How strongly volume follows volatility, and how much of it (as spread of its logarithm) follows nothing. */
const VOLUME_PULL = 0.8
const VOLUME_NOISE = 0.45

/**
 * A market made by a seeded rule: regimes that switch at random, clusters of volatility, fat tails, a path inside each
 * bar, and volume that comes with movement.
 *
 * With `edge` 0 the price is a martingale: no rule earns anything before costs, other than by luck. With `edge` > 0 an
 * opportunity is planted that the built-in strategy rsi-adx-volume can find.
 *
 * O(bars), about 0.6 µs a bar. Transcendental functions come from the engine, so the bits do not depend on the machine.
 */
export function syntheticCandles(options: SyntheticOptions): Candles {
  const { bars, timeframe, from } = options
  const timeframeMs = TIMEFRAMES[timeframe]
  const { kernel } = localKernel()
  const market = new Market(new Random(options.seed), kernel, timeframeMs)
  const edge = new PlantedEdge(options.edge, market.usualVolatility)
  const candles = emptyCandles(bars)
  for (let bar = 0; bar < bars; bar++) {
    const { open, high, low, close, volume } = market.next(edge.drift())
    edge.observe(close, volume)
    candles.openTime[bar] = from + bar * timeframeMs
    candles.open[bar] = open
    candles.high[bar] = high
    candles.low[bar] = low
    candles.close[bar] = close
    candles.volume[bar] = volume
  }
  return candles
}

interface Bar {
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** The state of the market between bars. Prices move in logarithms and are shown in ticks. */
class Market {
  /** standard deviation of a usual bar's log return */
  readonly usualVolatility: number
  /** the bar that was made last; one object, reused */
  readonly #bar: Bar = { open: 0, high: 0, low: 0, close: START_PRICE, volume: 0 }
  readonly #random: Random
  readonly #kernel: Kernel
  readonly #usualVolume: number
  readonly #timeframeMs: number
  #logPrice: number
  #regime = 2
  #variance = 1
  #lastReturn = 0
  #spare = Number.NaN

  constructor(random: Random, kernel: Kernel, timeframeMs: number) {
    this.#random = random
    this.#kernel = kernel
    this.#timeframeMs = timeframeMs
    this.usualVolatility = YEARLY_VOLATILITY * Math.sqrt(timeframeMs / YEAR_MS)
    this.#usualVolume = (VOLUME_PER_MINUTE * timeframeMs) / 60_000
    this.#logPrice = kernel.log(START_PRICE)
  }

  /** @param lift added to the bar's log return, spread over its steps */
  next(lift: number): Readonly<Bar> {
    const kernel = this.#kernel
    const regimeReturn = this.#nextRegime()
    this.#variance = 1 - ALPHA - BETA + ALPHA * this.#lastReturn * this.#lastReturn + BETA * this.#variance
    const tail = kernel.exp(TAIL * this.#normal() - TAIL * TAIL)
    const relative = Math.sqrt(this.#variance) * tail
    const volatility = this.usualVolatility * REGIMES[this.#regime].volatility * relative

    const start = this.#logPrice + regimeReturn.leap
    const drift = regimeReturn.climb + lift - (volatility * volatility) / 2 // E[exp(return)] = 1 without lift
    const path = this.#walk(start, drift / STEPS, volatility / Math.sqrt(STEPS))
    const moved = (path.end - start - drift) / volatility
    this.#lastReturn = moved * relative
    this.#logPrice = path.end
    return this.#show(path, relative, moved)
  }

  /** Move on to the next regime, or stay. @returns what the regime adds to the log return of this bar */
  #nextRegime(): { leap: number; climb: number } {
    const { days, leap } = REGIMES[this.#regime]
    const ends = Math.min(0.5, this.#timeframeMs / (days * 86_400_000)) // chance that this is its last bar
    if (this.#random.float() < ends) {
      this.#regime = (this.#regime + 1 + this.#random.int(REGIMES.length - 1)) % REGIMES.length
      return { leap, climb: 0 }
    }
    // (1 − ends) · exp(climb) + ends · exp(leap) = 1
    return { leap: 0, climb: this.#kernel.log((1 - ends * this.#kernel.exp(leap)) / (1 - ends)) }
  }

  #walk(start: number, drift: number, volatility: number): { end: number; highest: number; lowest: number } {
    let at = start
    let highest = start
    let lowest = start
    for (let step = 0; step < STEPS; step++) {
      at += drift + volatility * this.#normal()
      if (at > highest) highest = at
      if (at < lowest) lowest = at
    }
    return { end: at, highest, lowest }
  }

  #show(path: { end: number; highest: number; lowest: number }, relative: number, moved: number): Bar {
    const kernel = this.#kernel
    const bar = this.#bar
    bar.open = bar.close
    bar.close = toTicks(kernel.exp(path.end))
    bar.high = Math.max(bar.open, bar.close, toTicks(kernel.exp(path.highest)))
    bar.low = Math.min(bar.open, bar.close, toTicks(kernel.exp(path.lowest)))
    const activity = VOLUME_PULL * kernel.log(relative * (0.5 + Math.abs(moved))) + VOLUME_NOISE * this.#normal()
    bar.volume = Math.round(this.#usualVolume * kernel.exp(activity) * 1e5) / 1e5
    return bar
  }

  /** Standard normal, in pairs. Source: G. E. P. Box, M. E. Muller, A Note on the Generation of Random Normal Deviates (1958). */
  #normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare
      this.#spare = Number.NaN
      return spare
    }
    const kernel = this.#kernel
    const radius = Math.sqrt(-2 * kernel.log(1 - this.#random.float()))
    const angle = 2 * Math.PI * this.#random.float()
    this.#spare = radius * kernel.sin(angle)
    return radius * kernel.cos(angle)
  }
}

function toTicks(price: number): number {
  return Math.max(1, Math.round(price * TICKS_PER_UNIT)) / TICKS_PER_UNIT
}

function emptyCandles(bars: number): Candles {
  const column = (): Float64Array => new Float64Array(bars)
  return { openTime: column(), open: column(), high: column(), low: column(), close: column(), volume: column() }
}
