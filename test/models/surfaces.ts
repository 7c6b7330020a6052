import { Random } from '../../src/engine/random.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { matrixOf } from '../../src/models/matrix.ts'

export interface Surface {
  x: Matrix
  y: Float64Array
}

/** A surface with noise, to learn from. */
export type Draw = (rows: number, seed: number) => Surface

/** Friedman #1 on 8 columns: five say something, three are noise. */
export const friedman: Draw = draw(8, (x, noise) => {
  return 10 * Math.sin(Math.PI * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + noise
})

/** Neither of the first two columns says anything alone; the other three never do. */
export const xor: Draw = draw(5, (x, noise) => (x[0] > 0.5 === x[1] > 0.5 ? 1 : -1) + 0.1 * noise)

/** Nothing to learn. */
export const noise: Draw = draw(5, (_, noise) => noise)

/** A slope in two columns under twice as much noise. */
export const weak: Draw = draw(5, (x, noise) => 2 * x[0] - x[1] + 1.3 * noise)

/** A slope and a bend, and noise that grows along the third column. */
export const strong: Draw = draw(5, (x, noise) => 4 * x[0] + 2 * Math.sin(6 * x[1]) + (0.1 + x[2]) * 0.5 * noise)

function draw(columns: number, target: (x: Float64Array, noise: number) => number): Draw {
  return (rows, seed) => {
    const random = new Random(seed, columns)
    const x = Array.from({ length: rows }, () => Float64Array.from({ length: columns }, () => random.float()))
    return { x: matrixOf(x), y: Float64Array.from(x, (row) => target(row, gaussian(random))) }
  }
}

/** Sum of twelve uniform numbers less six: mean 0, sd 1, near enough to normal. */
function gaussian(random: Random): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += random.float()
  return sum
}
