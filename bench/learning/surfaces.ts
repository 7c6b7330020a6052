import { Random } from '../../src/engine/random.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { matrixOf } from '../../src/models/matrix.ts'

export interface Surface {
  x: Matrix
  y: Float64Array
}

export const SURFACES = { friedman, rough }
export type SurfaceName = keyof typeof SURFACES

/** Friedman #1 on 13 columns: five say something, eight are noise; sd of the noise 1, best possible R² 0.96. */
function friedman(rows: number, seed: number): Surface {
  const random = new Random(seed, 1)
  const x = Array.from({ length: rows }, () => Float64Array.from({ length: 13 }, () => random.float()))
  const y = Float64Array.from(x, (v) => {
    const signal = 10 * Math.sin(Math.PI * v[0] * v[1]) + 20 * (v[2] - 0.5) ** 2 + 10 * v[3] + 5 * v[4]
    return signal + gaussian(random)
  })
  return { x: matrixOf(x), y }
}

/**
 * What the samples of a strategy look like: seven rounded parameters and six features made of them, a plateau of
 * samples without trades, cliffs, regions, and noise that shrinks with the number of trades.
 */
function rough(rows: number, seed: number): Surface {
  const random = new Random(seed, 2)
  const between = (low: number, high: number, step: number): number =>
    Math.round((low + random.float() * (high - low)) / step) * step
  const x: Float64Array[] = []
  const y = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const low = between(15, 40, 1)
    const high = between(55, 85, 1)
    const adx = between(10, 40, 1)
    const volume = between(0.5, 3, 0.05)
    const stop = between(0.5, 8, 0.1)
    const take = between(1, 20, 0.2)
    const lookBack = between(10, 200, 5)
    const derived = [high - low, take / stop, (high + low) / 2, stop * volume, adx * volume, Math.log(lookBack)]
    x.push(Float64Array.of(low, high, adx, volume, stop, take, lookBack, ...derived))

    const trades = Math.floor((400 * Math.exp(-((volume - 0.5) / 0.9)) * (low - 12)) / 28 / (1 + (adx - 10) / 12))
    if (trades < 4) continue // an exact plateau of zero
    const edge = (adx > 24 ? 0.5 : -0.25) + (take / stop > 3 ? 0.4 : -0.1) - (stop < 1.5 ? 0.6 : 0)
    const region = low < 28 && high > 68 ? 0.7 : high < 62 ? -0.4 : 0
    const drift = 0.3 * Math.sin(lookBack / 25) + 0.02 * (take - 8) * (adx > 24 ? 1 : -1)
    y[row] = edge + region + drift + (2.5 * gaussian(random)) / Math.sqrt(trades)
  }
  return { x: matrixOf(x), y }
}

/** Sum of twelve uniform numbers less six: mean 0, sd 1, near enough to normal. */
function gaussian(random: Random): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += random.float()
  return sum
}
