import { Random } from '../engine/random.ts'

/** Resamples behind every probability and interval of a review. */
export const RUNS = 2000
/** Trades of a block, on average: what follows each other belongs together. */
const MEAN_BLOCK = 5
/** Of longer logs neighbours are added up first, so that a hundred thousand trades cost what a thousand do. */
const MOST_CELLS = 1000

/**
 * Resamples of trades in order of exit, by the stationary block bootstrap. All statistics of one resample come from
 * the same draws. Source: D. Politis, J. Romano, The Stationary Bootstrap, J. Amer. Statist. Assoc. 89 (1994).
 */
export class Bootstrap {
  readonly trades: number
  readonly cells: number
  /** trades of a cell */
  readonly #width: number
  /** i32[RUNS × cells] */
  readonly #drawn: Int32Array

  constructor(trades: number, seed: number, stream: number) {
    this.trades = trades
    this.#width = Math.ceil(trades / MOST_CELLS)
    this.cells = Math.ceil(trades / this.#width)
    this.#drawn = draw(this.cells, Math.max(1, MEAN_BLOCK / this.#width), new Random(seed, stream))
  }

  /**
   * Sums over each resample of some numbers that every trade has.
   *
   * @param width  numbers of a trade
   * @param fill   writes them, for the trade at a place of the regime, into `row` from `offset` on, by adding
   * @returns f64[RUNS × width]
   */
  sums(width: number, fill: (place: number, row: Float64Array, offset: number) => void): Float64Array {
    const rows = new Float64Array(this.cells * width)
    for (let place = 0; place < this.trades; place++) fill(place, rows, Math.floor(place / this.#width) * width)
    const sums = new Float64Array(RUNS * width)
    for (let run = 0; run < RUNS; run++) {
      for (let cell = 0; cell < this.cells; cell++) {
        const from = this.#drawn[run * this.cells + cell] * width
        for (let k = 0; k < width; k++) sums[run * width + k] += rows[from + k]
      }
    }
    return sums
  }
}

function draw(cells: number, meanBlock: number, random: Random): Int32Array {
  const restart = 4_294_967_296 / meanBlock
  const drawn = new Int32Array(RUNS * cells)
  for (let run = 0; run < RUNS; run++) {
    let cell = 0
    for (let i = 0; i < cells; i++) {
      cell = i === 0 || random.uint32() < restart ? random.int(cells) : (cell + 1) % cells
      drawn[run * cells + i] = cell
    }
  }
  return drawn
}
