import type { Matrix } from '../../src/models/estimator.ts'
import { matrixOf, rowOf, selectRows } from '../../src/models/matrix.ts'
import { proposalCandidates, proposeBatch } from '../../src/models/proposals.ts'
import { latinHypercube } from '../../src/strategy/designs.ts'
import type { TestFunction } from './test-functions.ts'

/** Points of a Latin hypercube, as a sampler without a model measures them. */
export function hypercube({ levels }: TestFunction, count: number, seed: number): Matrix {
  const values = latinHypercube(count, levels.length, seed, { maximin: true })
  values.forEach((value, cell) => {
    const level = levels[cell % levels.length]
    if (level > 0) values[cell] = (Math.floor(value * level) + 0.5) / level
  })
  return { rows: count, columns: levels.length, values }
}

/** The best value after a start of max(10, 2 d) points and batches of proposals. */
export function searchByProposals(f: TestFunction, budget: number, batch: number, seed: number): number {
  const start = hypercube(f, Math.max(10, 2 * f.levels.length), seed)
  const rows = Array.from({ length: start.rows }, (_, row) => rowOf(start, row))
  const values = rows.map((row) => f.at(row))
  for (let round = 0; rows.length < budget; round++) {
    const measured = { points: matrixOf(rows), values: Float64Array.from(values) }
    const roundSeed = 1000 * seed + round
    const candidates = proposalCandidates({ ...measured, levels: f.levels, count: 1000, seed: roundSeed })
    const count = Math.min(batch, budget - rows.length)
    const picks = proposeBatch({ ...measured, candidates, count, seed: roundSeed })
    const next = selectRows(candidates, picks)
    for (let at = 0; at < next.rows; at++) {
      rows.push(rowOf(next, at))
      values.push(f.at(rowOf(next, at)))
    }
  }
  return bestOf(values)
}

/** The best value of a plain Latin hypercube with the same budget. */
export function searchByHypercube(f: TestFunction, budget: number, seed: number): number {
  const points = hypercube(f, budget, seed)
  return bestOf(Array.from({ length: budget }, (_, row) => f.at(rowOf(points, row))))
}

function bestOf(values: readonly number[]): number {
  return values.reduce((best, value) => (value > best ? value : best), -Infinity)
}
