import { Random } from '../../src/engine/random.ts'
import type { Matrix } from '../../src/models/estimator.ts'

/** Roughly normal daily returns with mean 0 and a deviation of 1 %: a sum of twelve uniforms less six. */
export function noise(random: Random): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += random.float()
  return 0.01 * sum
}

/** Days × configurations of nothing but noise. */
export function noiseMatrix(rows: number, columns: number, seed: number): Matrix {
  const random = new Random(seed)
  return { rows, columns, values: Float64Array.from({ length: rows * columns }, () => noise(random)) }
}

/** The same with `drift` added to one column. */
export function withEdge({ rows, columns, values }: Matrix, column: number, drift: number): Matrix {
  return { rows, columns, values: values.map((value, at) => (at % columns === column ? value + drift : value)) }
}
