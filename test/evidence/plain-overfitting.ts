import { averageRanks } from '../../src/engine/statistics.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { rowOf } from '../../src/models/matrix.ts'
import { sharpePerPeriod } from '../../src/evidence/returns.ts'

export interface Choice {
  inSample: number
  outOfSample: number
  /** of the winner among all configurations out of sample, 1 = worst */
  rank: number
}

/** Combinatorially symmetric cross-validation as the paper tells it: every half put together from its rows. */
export function plainChoices(returns: Matrix, blocks: number): Choice[] {
  const perBlock = Math.floor(returns.rows / blocks)
  const oldest = returns.rows - perBlock * blocks
  const rowsOf = (chosen: (block: number) => boolean): number[] =>
    Array.from({ length: perBlock * blocks }, (_, row) => row)
      .filter((row) => chosen(Math.floor(row / perBlock)))
      .map((row) => oldest + row)
  return halves(blocks).map((half) => {
    const inSample = sharpes(
      returns,
      rowsOf((block) => half.includes(block)),
    )
    const outOfSample = sharpes(
      returns,
      rowsOf((block) => !half.includes(block)),
    )
    const winner = inSample.indexOf(Math.max(...inSample))
    return {
      inSample: inSample[winner],
      outOfSample: outOfSample[winner],
      rank: averageRanks(outOfSample)[winner],
    }
  })
}

function sharpes(returns: Matrix, rows: readonly number[]): number[] {
  return Array.from({ length: returns.columns }, (_, k) => sharpePerPeriod(rows.map((row) => rowOf(returns, row)[k])))
}

/** Every choice of half of the blocks. */
function halves(blocks: number): number[][] {
  const all = Array.from({ length: 2 ** blocks }, (_, bits) =>
    Array.from({ length: blocks }, (_, block) => block).filter((block) => (bits >> block) & 1),
  )
  return all.filter((half) => half.length === blocks / 2)
}
