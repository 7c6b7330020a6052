/** A whole random job: market, strategy, samples, settings and window, from one seed. */
import { Random } from '../../src/engine/random.ts'
import { Dice, randomCandles, randomRisk, randomSettings, randomWindow } from '../backtest/random-case.ts'
import { randomStrategy, type RandomStrategy } from './random-strategy.ts'
import type { TwinInput } from './twins.ts'

const MINUTE = 60_000

export interface RandomJob extends TwinInput {
  strategy: RandomStrategy
  /** a tile for the fast kernel, from one word of bars up to the product's */
  tile: number
}

export function randomJob(seed: number): RandomJob {
  const dice = new Dice(new Random(seed, 77))
  const bars = 10 + dice.int(dice.pick([100, 600, 3000]))
  const timeframeMs = dice.pick([1, 5, 15, 60, 240, 480, 720, 1440]) * MINUTE
  const settings = randomSettings(dice)
  const candles = randomCandles(dice, bars, timeframeMs, randomRisk(dice), settings)
  const strategy = randomStrategy(dice, 1 + dice.int(12))
  const window = randomWindow(dice, bars)
  window.firstSignal = Math.max(window.firstSignal, Math.min(window.end, strategy.compiled.warmupBars))
  return {
    candles,
    timeframeMs,
    program: strategy.compiled.program,
    batch: strategy.compiled.bind(strategy.rows),
    settings,
    window,
    strategy,
    tile: dice.pick([64, 128, 256, 1024, 8192]),
  }
}

const FIGURES = 26

/** Where two sets of rows differ in a bit, said in words; null where they do not. */
export function difference(job: RandomJob, expected: Float64Array, actual: Float64Array): string | null {
  const [a, b] = [new BigUint64Array(expected.buffer), new BigUint64Array(actual.buffer)]
  const at = a.findIndex((bits, i) => bits !== b[i])
  if (at < 0) return null
  const { enterLong, exitLong, enterShort, exitShort } = job.strategy.definition
  const signals = JSON.stringify({ enterLong, exitLong, enterShort, exitShort })
  return `sample ${Math.floor(at / FIGURES)}, figure ${at % FIGURES}: ${expected[at]} and ${actual[at]} (tile ${job.tile}, ${signals})`
}
