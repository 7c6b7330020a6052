import { mean, quantile } from '../engine/statistics.ts'
import { ValidationError } from '../errors.ts'
import { localKernel } from '../engine/wasm.ts'
import type { Matrix } from '../models/estimator.ts'
import { regression, type Line } from './statistics.ts'

/** What happens to the best configuration in the half of the time in which it was not chosen. */
export interface Overfitting {
  /** PBO: share of choices whose winner is no better than the median out of sample; above 0.5 the selection is noise */
  probability: number
  /** share of choices whose winner has a Sharpe ratio below 0 out of sample */
  probabilityOfLoss: number
  /** out-of-sample on in-sample Sharpe ratio of the winners; null where all winners are equally good in sample */
  degradation: Line | null
  /** f64[choices]: ln(w / (1 − w)), w = rank out of sample / (configurations + 1); 0 and below is at or under the median */
  logits: Float64Array
  meanLogit: number
  medianLogit: number
  /** parts that the time was cut into */
  blocks: number
}

const MOST_BLOCKS = 16
const FEWEST_ROWS_PER_BLOCK = 4

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation: for every half of the blocks of
 * time, the configuration that is best in it is looked up in the other half.
 * Source: D. Bailey, J. Borwein, M. López de Prado, Q. Zhu, The Probability of Backtest Overfitting (2015).
 *
 * @param returns daily returns, a column a configuration, finite; the oldest rows that fill no block are left out
 * @param blocks  even, 2 … 16; null for 16, or as many as leave four rows in each
 * @returns null for fewer than two configurations or eight rows
 * @throws ValidationError `blocks` cannot be halved, or there are too many
 */
export function overfittingOf(returns: Matrix, blocks: number | null = null): Overfitting | null {
  const parts = blocks ?? blocksFor(returns.rows)
  if (parts % 2 !== 0 || parts > MOST_BLOCKS) {
    throw ValidationError.at('blocks', `must be an even number from 2 to ${MOST_BLOCKS}, not ${parts}.`)
  }
  const rows = Math.floor(returns.rows / parts)
  if (returns.columns < 2 || parts < 2 || rows < 1) return null
  return summarise(crossValidate(returns, parts, rows), returns.columns, parts)
}

/** The largest even number of blocks, up to 16, that leaves each at least four rows; 0 where there is none. */
export function blocksFor(rows: number): number {
  return Math.min(MOST_BLOCKS, 2 * Math.floor(rows / (2 * FEWEST_ROWS_PER_BLOCK)))
}

/** @returns f64[choices × 3] as the kernel writes it: Sharpe ratio of the winner in and out of sample, its rank */
function crossValidate(returns: Matrix, blocks: number, rows: number): Float64Array {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  try {
    const pairs = Math.ceil(returns.columns / 2)
    const sums = arena.alloc(pairs * blocks * 32)
    const scratch = arena.alloc(pairs * 32 + blocks * 4)
    const out = arena.alloc(choicesOf(blocks) * 24)
    sumBlocks(returns, blocks, rows, arena.float64(sums, pairs * blocks * 4))
    const choices = kernel.cscv(sums, returns.columns, blocks, rows, scratch, out)
    return arena.float64(out, choices * 3).slice()
  } finally {
    arena.release(mark)
  }
}

/** Σx and Σx² of each block: all that a Sharpe ratio over any of the blocks needs. */
function sumBlocks({ rows: all, columns, values }: Matrix, blocks: number, rows: number, sums: Float64Array): void {
  sums.fill(0)
  const oldest = all - blocks * rows
  for (let row = oldest; row < all; row++) {
    const block = Math.floor((row - oldest) / rows)
    for (let k = 0; k < columns; k++) {
      const x = values[row * columns + k]
      const at = ((k >> 1) * blocks + block) * 4 + (k & 1)
      sums[at] += x
      sums[at + 2] += x * x
    }
  }
}

function summarise(choices: Float64Array, configurations: number, blocks: number): Overfitting {
  const { kernel } = localKernel()
  const count = choices.length / 3
  const inSample = Float64Array.from({ length: count }, (_, at) => choices[3 * at])
  const outOfSample = Float64Array.from({ length: count }, (_, at) => choices[3 * at + 1])
  const logits = Float64Array.from({ length: count }, (_, at) => {
    const share = choices[3 * at + 2] / (configurations + 1)
    return kernel.log(share / (1 - share))
  })
  return {
    probability: shareOf(logits, (logit) => logit <= 0),
    probabilityOfLoss: shareOf(outOfSample, (sharpe) => sharpe < 0),
    degradation: regression(inSample, outOfSample),
    logits,
    meanLogit: mean(logits),
    medianLogit: quantile(logits, 0.5),
    blocks,
  }
}

function shareOf(values: Float64Array, holds: (value: number) => boolean): number {
  return values.reduce((count, value) => count + (holds(value) ? 1 : 0), 0) / values.length
}

/** Ways to choose half of the blocks. */
function choicesOf(blocks: number): number {
  let choices = 1
  for (let k = 1; k <= blocks / 2; k++) choices = (choices * (blocks / 2 + k)) / k
  return choices
}
