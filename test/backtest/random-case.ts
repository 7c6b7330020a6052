/**
 * Random little backtests that look for trouble: prices that meet stops and targets to the bit, gaps in time and price,
 * flat and violent bars, conflicting signals, every kind of exit and cost, and windows that begin anywhere.
 */
import type { Candles } from '../../src/engine/candles.ts'
import { DEFAULT_EXECUTION, type ExecutionSettings, type Window } from '../../src/engine/execution.ts'
import { Random } from '../../src/engine/random.ts'
import { noSignals, type Risk, type Signals } from './plain-backtest.ts'

export interface RandomCase {
  candles: Candles
  timeframeMs: number
  signals: Signals
  risk: Risk
  settings: ExecutionSettings
  window: Window
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const TIMEFRAMES = [1, 3, 5, 15, 30, 60, 120, 240, 360, 480, 720, 1440].map((minutes) => minutes * MINUTE)
const START = Date.UTC(2021, 0, 1)

/** @param seed any integer; the same seed gives the same case */
export function randomCase(seed: number): RandomCase {
  const dice = new Dice(new Random(seed))
  const bars = 10 + dice.int(391)
  const timeframeMs = dice.pick(TIMEFRAMES)
  const risk = randomRisk(dice)
  const settings = randomSettings(dice)
  return {
    candles: randomCandles(dice, bars, timeframeMs, risk, settings),
    timeframeMs,
    signals: randomSignals(dice, bars),
    risk,
    settings,
    window: randomWindow(dice, bars),
  }
}

/** Draws in the words of this file. */
export class Dice {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** @returns 0 … n − 1 */
  int(n: number): number {
    return this.#random.int(n)
  }

  chance(probability: number): boolean {
    return this.#random.float() < probability
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#random.float()
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(choices.length)]
  }

  /** A round number of the list or, one time in three, any number of its span: round ones make ties. */
  roundOrAny(low: number, high: number, round: readonly number[]): number {
    return this.chance(1 / 3) ? this.between(low, high) : this.pick(round)
  }
}

export function randomCandles(
  dice: Dice,
  bars: number,
  timeframeMs: number,
  risk: Risk,
  settings: ExecutionSettings,
): Candles {
  const start = dice.pick([1, 100, 10_000])
  const tick = start * dice.pick([0.01, 0.01, 0.005, 0.0001, 1e-9])
  const step = dice.pick([0.002, 0.01, 0.05, 0.2])
  const jumpChance = dice.pick([0, 0.02, 0.1])
  const flatChance = dice.pick([0, 0.1, 0.5])
  const gapChance = dice.pick([0, 0, 0.05, 0.3])
  const touchChance = dice.pick([0, 0.1, 0.5])
  const onTick = (price: number): number => Math.max(1, Math.round(price / tick)) * tick

  const candles = emptyCandles(bars)
  let time = START + dice.int(5000) * timeframeMs
  let price = onTick(start)
  for (let bar = 0; bar < bars; bar++) {
    const jump = dice.chance(jumpChance) ? dice.between(0.5, 1.6) : 1
    const level = dice.chance(touchChance) ? recentLevel(dice, candles, bar, risk, settings) : NaN
    const isNear = level > 0.5 * price && level < 2 * price
    let open = dice.chance(0.3) ? price : onTick(price * (1 + dice.between(-step, step) / 4) * jump)
    if (isNear && dice.chance(0.2)) open = level
    const isFlat = dice.chance(flatChance)
    const close = isFlat ? open : onTick(open * (1 + dice.between(-step, step)))
    let high = isFlat ? open : Math.max(open, close, onTick(open * (1 + dice.between(0, step))))
    let low = isFlat ? open : Math.min(open, close, onTick(open * (1 - dice.between(0, step))))
    if (isNear && level > Math.max(open, close)) high = level
    if (isNear && level < Math.min(open, close)) low = level

    candles.openTime[bar] = time
    candles.open[bar] = open
    candles.high[bar] = high
    candles.low[bar] = low
    candles.close[bar] = close
    candles.volume[bar] = isFlat ? 0 : dice.between(0, 1000)
    time += timeframeMs * (dice.chance(gapChance) ? 1 + dice.int(60) : 1)
    price = close
  }
  return candles
}

/** A price at which a position entered in one of the last bars would end, to the bit; NaN where there is none. */
function recentLevel(dice: Dice, candles: Candles, bar: number, risk: Risk, settings: ExecutionSettings): number {
  if (bar === 0) return NaN
  const recent = bar - 1 - dice.int(Math.min(bar, 5))
  const side = dice.pick([1, -1])
  const entry = candles.open[recent] * (1 + side * settings.slippage)
  const leverage = Number.isNaN(risk.leverage) ? settings.leverage : risk.leverage
  const best = side > 0 ? candles.high[recent] : candles.low[recent]
  return dice.pick([
    entry * (1 - side * risk.stopLoss),
    entry * (1 + side * risk.takeProfit),
    best * (1 - side * risk.trailingStop),
    (entry * (1 - side / leverage)) / (1 - side * settings.maintenanceMarginRate),
  ])
}

function emptyCandles(bars: number): Candles {
  const column = (): Float64Array => new Float64Array(bars)
  return { openTime: column(), open: column(), high: column(), low: column(), close: column(), volume: column() }
}

/** Every column with a density of its own, from never to always, so that conflicts are rare here and the rule there. */
function randomSignals(dice: Dice, bars: number): Signals {
  const signals = noSignals(bars)
  const fill = (column: Uint8Array, densities: readonly number[]): void => {
    const density = dice.pick(densities)
    for (let bar = 0; bar < bars; bar++) column[bar] = dice.chance(density) ? 1 : 0
  }
  fill(signals.enterLong, [0, 0.02, 0.1, 0.1, 0.5, 1])
  fill(signals.enterShort, [0, 0, 0.02, 0.1, 0.5, 1])
  fill(signals.exitLong, [0, 0, 0.05, 0.2, 0.5])
  fill(signals.exitShort, [0, 0, 0.05, 0.2, 0.5])
  return signals
}

export function randomRisk(dice: Dice): Risk {
  const distance = (presence: number, round: readonly number[]): number =>
    dice.chance(presence) ? dice.roundOrAny(0.001, 0.3, round) : NaN
  return {
    stopLoss: distance(0.6, [0.01, 0.02, 0.05, 0.1, 0.2]),
    takeProfit: distance(0.6, [0.01, 0.02, 0.05, 0.1, 0.2]),
    trailingStop: distance(0.4, [0.01, 0.02, 0.05, 0.1, 0.2]),
    leverage: dice.chance(0.7) ? dice.roundOrAny(1, dice.pick([3, 10, 50]), [1, 1, 1, 2, 3, 5, 10, 20, 50]) : NaN,
  }
}

export function randomSettings(dice: Dice): ExecutionSettings {
  const feeRate = dice.roundOrAny(0, 0.01, [0, 0, 0.0004, 0.001, 0.01])
  return {
    ...DEFAULT_EXECUTION,
    initialCapital: dice.pick([1, 100, 10_000, 98_765.43]),
    feeRate,
    makerFeeRate: dice.chance(0.5) ? feeRate : dice.roundOrAny(0, 0.01, [0, 0.0002]),
    slippage: dice.roundOrAny(0, 0.01, [0, 0, 0.0005, 0.01]),
    leverage: dice.pick([1, 1, 2, 5, 25]),
    positionFraction: dice.roundOrAny(0.01, 1, [1, 1, 0.5, 0.25, 0.1]),
    fundingRate: dice.pick([0, 0, 0.0001, -0.0001, 0.0003, -0.003, 0.01]),
    fundingIntervalMs: dice.pick([8 * HOUR, 8 * HOUR, 4 * HOUR, HOUR, 24 * HOUR]),
    maintenanceMarginRate: dice.pick([0, 0.005, 0.005, 0.01, 0.02, 0.05]),
    riskPerTrade: dice.roundOrAny(0, 0.1, [0, 0, 0, 0.01, 0.02]),
  }
}

/** Mostly the whole data set or a long part of it; sometimes a handful of bars, or none whose signal can fill. */
export function randomWindow(dice: Dice, bars: number): Window {
  const start = dice.chance(0.3) ? 0 : dice.int(Math.ceil(bars * dice.pick([0.1, 0.5, 1])))
  const end = dice.chance(0.5) ? bars : start + 1 + dice.int(bars - start)
  const late = dice.chance(0.5) ? 0 : dice.int(Math.ceil((end - start) * dice.pick([0.1, 0.5, 1.2])))
  return { start, end, firstSignal: start + late }
}
