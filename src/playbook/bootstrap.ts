import { Random } from '../engine/random.ts'

/** Resamples behind every probability and interval of a review. */
export const RUNS = 2000
/** Trades of a block, on average: what follows each other belongs together. */
const MEAN_BLOCK = 5
/** Of longer logs neighbours are added up first, so that a hundred thousand trades cost what a thousand do. */
const MOST_CELLS = 1000
/** Sums that are made in one pass. */
const LANES = 4

/**
 * Resamples of trades in order of exit, by the stationary block bootstrap. All statistics of one resample come from
 * the same draws. Source: D. Politis, J. Romano, The Stationary Bootstrap, J. Amer. Statist. Assoc. 89 (1994).
 */
export class Bootstrap {
  readonly trades: number
  readonly cells: number
  /** trades of a cell */
  readonly #width: number
  readonly #blocks: Blocks

  constructor(trades: number, seed: number, stream: number) {
    this.trades = trades
    this.#width = Math.ceil(trades / MOST_CELLS)
    this.cells = Math.ceil(trades / this.#width)
    this.#blocks = draw(this.cells, Math.max(1, MEAN_BLOCK / this.#width), new Random(seed, stream))
  }

  /**
   * Sums over each resample of some numbers that every trade has.
   *
   * A block is the difference of two running totals, so its length costs nothing.
   *
   * @param width  numbers of a trade
   * @param fill   writes them, for the trade at a place of the regime, into `row` from `offset` on, by adding
   * @returns f64[RUNS × width]
   */
  sums(width: number, fill: (place: number, row: Float64Array, offset: number) => void): Float64Array {
    const lanes = Math.ceil(width / LANES) * LANES
    const totals = this.#runningTotals(lanes, fill)
    const { first, start, end } = this.#blocks
    const sums = new Float64Array(RUNS * width)
    for (let run = 0; run < RUNS; run++) {
      for (let lane = 0; lane < width; lane += LANES) {
        let a = 0
        let b = 0
        let c = 0
        let d = 0
        for (let block = first[run]; block < first[run + 1]; block++) {
          const from = start[block] * lanes + lane
          const to = end[block] * lanes + lane
          a += totals[to] - totals[from]
          b += totals[to + 1] - totals[from + 1]
          c += totals[to + 2] - totals[from + 2]
          d += totals[to + 3] - totals[from + 3]
        }
        const at = run * width + lane
        sums[at] = a
        if (lane + 1 < width) sums[at + 1] = b
        if (lane + 2 < width) sums[at + 2] = c
        if (lane + 3 < width) sums[at + 3] = d
      }
    }
    return sums
  }

  /** f64[(2 · cells + 1) × lanes]: what the cells before each add up to. Twice around, so that blocks may go over the end. */
  #runningTotals(lanes: number, fill: (place: number, row: Float64Array, offset: number) => void): Float64Array {
    const { cells } = this
    const totals = new Float64Array((2 * cells + 1) * lanes)
    for (let place = 0; place < this.trades; place++) fill(place, totals, (1 + Math.floor(place / this.#width)) * lanes)
    totals.copyWithin((cells + 1) * lanes, lanes, (cells + 1) * lanes)
    for (let at = lanes; at < totals.length; at++) totals[at] += totals[at - lanes]
    return totals
  }
}

/** The blocks that the resamples are made of: those of a run are `first[run]` up to `first[run + 1]`. */
interface Blocks {
  first: Int32Array
  /** a cell; `end` is the one after the last, and may lie beyond the end by going around */
  start: Int32Array
  end: Int32Array
}

/** @param meanBlock cells of a block, on average; lengths are distributed geometrically */
function draw(cells: number, meanBlock: number, random: Random): Blocks {
  const first = new Int32Array(RUNS + 1)
  const start = new Int32Array(RUNS * cells)
  const end = new Int32Array(RUNS * cells)
  const longer = chancesOfMore(cells, meanBlock)
  const least = leastLengths(longer)
  let block = 0
  for (let run = 0; run < RUNS; run++) {
    for (let left = cells; left > 0; block++) {
      const chance = random.uint32()
      let length = least[chance >>> LEAST_SHIFT]
      while (chance < longer[length]) length++
      if (length > left) length = left
      start[block] = random.int(cells)
      end[block] = start[block] + length
      left -= length
    }
    first[run + 1] = block
  }
  return { first, start: start.subarray(0, block), end: end.subarray(0, block) }
}

/** f64[cells + 1]: in units of 2⁻³², the chance that a block has more cells than so many; never more than all. */
function chancesOfMore(cells: number, meanBlock: number): Float64Array {
  const chances = new Float64Array(cells + 1)
  chances[0] = 4_294_967_296
  for (let length = 1; length < cells; length++) chances[length] = chances[length - 1] * (1 - 1 / meanBlock)
  return chances
}

const LEAST_SHIFT = 24

/** i32[256]: by the first eight bits of a draw, the least length that it can stand for. */
function leastLengths(longer: Float64Array): Int32Array {
  return Int32Array.from({ length: 1 << (32 - LEAST_SHIFT) }, (_, bits) => {
    const largest = (bits + 1) * 2 ** LEAST_SHIFT - 1
    let length = 1
    while (largest < longer[length]) length++
    return length
  })
}
