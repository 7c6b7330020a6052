import { Random } from '../engine/random.ts'
import { localKernel } from '../engine/wasm.ts'
import type { Matrix } from './estimator.ts'
import { selectRows, selectValues } from './matrix.ts'
import { minimise, type Box } from './minimise.ts'
import { byColumns, padded, padVector, withKernel } from './scratch.ts'
import { someRows } from './split.ts'

/**
 * A Gaussian process: outputs are jointly normal, and the closer two places are, the more alike.
 *
 *     k(r) = signal (1 + √5 r + 5/3 r²) e^(−√5 r),  r² = Σ ((x − x′) / length)²,  plus noise at each sample
 *
 * That is the Matérn 5/2 kernel with a length per column. Inputs lie in 0…1, the target has mean 0 and deviation 1.
 */
export interface KernelParameters {
  /** f64[columns]; a long one = the column hardly matters */
  lengths: Float64Array
  /** variance of the surface */
  signal: number
  /** variance of what no surface explains */
  noise: number
}

/** Keeps the matrix positive definite where two samples are nearly the same. */
const JITTER = 1e-10

/** What the search for hyperparameters may choose from. */
const LENGTHS = [0.03, 100] as const
const SIGNAL = [0.01, 1000] as const
const NOISE = [1e-6, 2] as const

/** The first restarts begin in the middle, with little noise and with much: a smooth surface and a rough one. */
const MIDDLE_NOISE = [0.1, 0.6]

/** Rows that the restarts look at: what they find is only a start. */
export const RESTART_ROWS = 200
/** Of a restart, and of what carries the best of them on: a climb to the very top fits the noise of few samples. */
export const EVALUATIONS = 15
/** Restarts that are looked at with more rows, those of the least surprise. */
export const CONTENDERS = 3
/** Rows that are looked at together, about: time grows with the cube, and five blocks say nearly what the whole says. */
export const BLOCK_ROWS = 250
/** Of the logarithm of the likelihood. */
const TOLERANCE = 0.05

/** Streams of their own, so that none repeats a draw of a sampler with the same seed. */
const START_STREAM = 0x73746172
const SUBSET_STREAM = 0x73756273
const BLOCK_STREAM = 0x626c6f63

export interface Climbed {
  parameters: KernelParameters
  /** of the rows that were looked at, block by block */
  logLikelihood: number
  /** how surprising each of these rows is to the others: mean of error² / variance + ln variance, left out */
  surprise: number
}

/**
 * Logarithm of the marginal likelihood of the target and its gradient by the logarithms of lengths, signal and noise.
 * NaN where the matrix is singular.
 */
export function marginalLikelihood(
  features: Matrix,
  target: Float64Array,
  { lengths, signal, noise }: KernelParameters,
): { value: number; gradient: Float64Array; surprise: number } {
  return withLikelihood([{ x: features, y: target }], (likelihood) => {
    const gradient = new Float64Array(lengths.length + 2)
    const { value, surprise } = likelihood({ lengths, signal, noise }, gradient)
    return { value, gradient, surprise }
  })
}

/**
 * One restart of the maximum-likelihood search, on at most 200 rows. The first two begin in the middle, the
 * others anywhere.
 */
export function climbFromStart(
  features: Matrix,
  target: Float64Array,
  seed: number,
  restart: number,
  maxNoise: number = NOISE[1],
): Climbed {
  const { x, y } = subset(features, target, RESTART_ROWS, seed)
  return climb([{ x, y }], startOf(features.columns, seed, restart), maxNoise)
}

/**
 * Carry the best of the restarts on with more rows, in blocks that are taken as independent of each other (a composite
 * likelihood, Varin, Reid & Firth 2011): what they add up to has its top where that of all rows has it, about.
 *
 * Few samples of a rough surface often are most likely under a process that explains all their noise by short lengths.
 * So the best of the local maxima is the one to which each sample, left out, comes as the least
 * surprise (Rasmussen & Williams, section 5.4.2).
 *
 * Costs n · 250² operations an evaluation.
 */
export function polish(
  features: Matrix,
  target: Float64Array,
  seed: number,
  climbed: readonly Climbed[],
  rows: number,
  maxNoise: number = NOISE[1],
): Climbed {
  const chosen = subset(features, target, rows, seed)
  if (chosen.x.rows <= RESTART_ROWS) return leastSurprised(climbed)
  const blocks = blocksOf(chosen, seed)
  const contenders = [...climbed].sort((a, b) => a.surprise - b.surprise).slice(0, CONTENDERS)
  const start = leastSurprised(lookAt(blocks, contenders))
  return leastSurprised([start, climb(blocks, start.parameters, maxNoise)])
}

/** The same parameters in the light of other rows. */
function lookAt(blocks: readonly Samples[], climbed: readonly Climbed[]): Climbed[] {
  return withLikelihood(blocks, (likelihood) =>
    climbed.map(({ parameters }) => {
      const { value, surprise } = likelihood(parameters, new Float64Array(parameters.lengths.length + 2))
      return { parameters, logLikelihood: value, surprise }
    }),
  )
}

function leastSurprised(climbed: readonly Climbed[]): Climbed {
  return climbed.reduce((best, each) => (each.surprise < best.surprise ? each : best))
}

/**
 * Hyperparameters by maximum likelihood, all in this thread.
 *
 * @param settings.rows     samples that decide, at most
 * @param settings.maxNoise variance that may be put down to chance
 */
export function fitKernel(
  features: Matrix,
  target: Float64Array,
  seed: number,
  { restarts, rows, maxNoise }: { restarts: number; rows: number; maxNoise: number },
): KernelParameters {
  const climbed = Array.from({ length: restarts }, (_, restart) =>
    climbFromStart(features, target, seed, restart, maxNoise),
  )
  return polish(features, target, seed, climbed, rows, maxNoise).parameters
}

/** A seeded choice of rows, ascending; all where there are no more. */
export function subset(features: Matrix, target: Float64Array, rows: number, seed: number): Samples {
  if (features.rows <= rows) return { x: features, y: target }
  const chosen = someRows(features.rows, rows, seed, SUBSET_STREAM)
  return { x: selectRows(features, chosen), y: selectValues(target, chosen) }
}

interface Samples {
  x: Matrix
  /** f64[x.rows] */
  y: Float64Array
}

/** A seeded division into blocks of about 250 rows; those that are left over are in none. */
function blocksOf({ x, y }: Samples, seed: number): Samples[] {
  const count = Math.max(1, Math.round(x.rows / BLOCK_ROWS))
  const size = Math.floor(x.rows / count)
  const order = new Random(seed, BLOCK_STREAM).permutation(x.rows)
  return Array.from({ length: count }, (_, block) => {
    const rows = order.slice(block * size, (block + 1) * size).sort()
    return { x: selectRows(x, rows), y: selectValues(y, rows) }
  })
}

/** The process given its samples: mean and deviation anywhere. */
export class Posterior {
  readonly parameters: KernelParameters
  /** samples divided by the lengths */
  readonly #points: Matrix
  /** f64[n × n], and its inverted panels, see `assembly/linear.ts` */
  readonly #factor: Float64Array
  readonly #inverses: Float64Array
  /** f64[samples], what each sample contributes to the mean */
  readonly weights: Float64Array

  /** @throws RangeError the samples are too alike for their noise: a bug of the caller */
  constructor(features: Matrix, target: Float64Array, parameters: KernelParameters) {
    const points = divideByLengths(features, parameters.lengths)
    const n = padded(points.rows)
    this.parameters = parameters
    this.#points = points
    const { factor, inverses, weights } = withKernel(8 * n * (n + 34 + points.columns), (kernel, arena) => {
      const matrix = arena.alloc(8 * n * n)
      const panels = arena.alloc(8 * n * 32)
      const scratch = arena.alloc(8 * 128)
      const rows = arena.putFloat64(points.values)
      const columns = arena.putFloat64(byColumns(points))
      const { signal, noise } = parameters
      // prettier-ignore
      kernel.maternMatrix(rows, points.rows, columns, n, points.columns, signal, noise + JITTER, matrix, 0)
      if (!kernel.cholesky(matrix, n, panels, scratch)) {
        throw new RangeError(`${points.rows} samples are too alike for a noise of ${noise}.`)
      }
      const y = arena.alloc(8 * 4 * n) // the solver takes four rows at a time
      arena.float64(y, 4 * n).fill(0)
      arena.float64(y, points.rows).set(target)
      kernel.solveRows(matrix, n, panels, y, 4, scratch)
      const l = arena.float64(matrix, n * n)
      return {
        factor: l.slice(),
        inverses: arena.float64(panels, n * 32).slice(),
        weights: solveTransposed(l, n, arena.float64(y, n)).slice(0, points.rows),
      }
    })
    this.#factor = factor
    this.#inverses = inverses
    this.weights = weights
  }

  /**
   * @param places f64 in 0…1
   * @returns f64[places], the mean, and the deviation of the surface without the noise of a sample; and f64[places × n]
   *          from which the covariance of two places follows, see `covariance`
   */
  at(places: Matrix): { mean: Float64Array; deviation: Float64Array; solved: Matrix } {
    const { signal } = this.parameters
    const points = this.#points
    const n = padded(points.rows)
    const count = Math.ceil(places.rows / 4) * 4
    return withKernel(8 * n * (n + 33 + count), (kernel, arena) => {
      const matrix = arena.putFloat64(this.#factor)
      const panels = arena.putFloat64(this.#inverses)
      const scratch = arena.alloc(8 * 128)
      const columns = arena.putFloat64(byColumns(points))
      const weights = arena.putFloat64(padVector(this.weights))
      const x = arena.putFloat64(divideByLengths(places, this.parameters.lengths).values)
      const rows = arena.alloc(8 * n * count)
      const means = arena.alloc(8 * count)
      arena.float64(rows + 8 * n * places.rows, n * (count - places.rows)).fill(0)
      kernel.maternRows(x, places.rows, columns, points.rows, n, points.columns, signal, rows)
      kernel.dotRows(rows, places.rows, n, weights, means)
      kernel.solveRows(matrix, n, panels, rows, count, scratch)
      const solved = { rows: places.rows, columns: n, values: arena.float64(rows, n * places.rows).slice() }
      const deviation = Float64Array.from({ length: places.rows }, (_, row) => {
        let explained = 0
        for (let at = row * n; at < (row + 1) * n; at++) explained += solved.values[at] * solved.values[at]
        return Math.sqrt(Math.max(0, signal - explained))
      })
      return { mean: arena.float64(means, places.rows).slice(), deviation, solved }
    })
  }

  /** f64[places], the prior covariance of each place with one of them. */
  kernelTo(places: Matrix, row: number): Float64Array {
    const scaled = divideByLengths(places, this.parameters.lengths)
    const n = padded(places.rows)
    return withKernel(8 * n * (places.columns + 1), (kernel, arena) => {
      const columns = arena.putFloat64(byColumns(scaled))
      const x = arena.putFloat64(scaled.values.subarray(row * places.columns, (row + 1) * places.columns))
      const out = arena.alloc(8 * n)
      kernel.maternRows(x, 1, columns, places.rows, n, places.columns, this.parameters.signal, out)
      return arena.float64(out, places.rows).slice()
    })
  }
}

export function divideByLengths({ rows, columns, values }: Matrix, lengths: Float64Array): Matrix {
  return { rows, columns, values: values.map((value, cell) => value / lengths[cell % columns]) }
}

type Likelihood = (parameters: KernelParameters, gradient: Float64Array) => { value: number; surprise: number }

function climb(blocks: readonly Samples[], start: KernelParameters, maxNoise: number): Climbed {
  const { kernel } = localKernel()
  const { columns } = blocks[0].x
  const log = (value: number): number => kernel.log(value)
  const read = (x: Float64Array): KernelParameters => {
    const values = x.map((value) => kernel.exp(value))
    return { lengths: values.slice(0, columns), signal: values[columns], noise: values[columns + 1] }
  }
  return withLikelihood(blocks, (likelihood) => {
    const { x, value } = minimise(
      (x, gradient) => {
        const { value } = likelihood(read(x), gradient)
        gradient.forEach((part, i) => (gradient[i] = -part))
        return -value
      },
      Float64Array.from([...start.lengths, start.signal, start.noise], log),
      searchBox(columns, maxNoise, log),
      { evaluations: EVALUATIONS, tolerance: TOLERANCE },
    )
    const { surprise } = likelihood(read(x), new Float64Array(columns + 2))
    return { parameters: read(x), logLikelihood: -value, surprise }
  })
}

/** Prepare the memory for many evaluations on the same samples: what blocks say of them adds up. */
function withLikelihood<T>(blocks: readonly Samples[], work: (likelihood: Likelihood) => T): T {
  const { columns } = blocks[0].x
  const widest = padded(Math.max(...blocks.map(({ y }) => y.length)))
  const each = 2 * widest * columns + widest
  return withKernel(8 * (3 * widest * widest + 40 * widest + blocks.length * each), (kernel, arena) => {
    const scratch = arena.alloc(8 * (3 * widest * widest + 34 * widest + 128))
    const slope = arena.alloc(8 * (columns + 3))
    const laid = blocks.map((block) => ({
      ...block,
      rows: arena.alloc(8 * block.x.rows * columns),
      points: arena.alloc(8 * padded(block.x.rows) * columns),
      target: arena.putFloat64(padVector(block.y)),
    }))
    return work(({ lengths, signal, noise }, gradient) => {
      const sum = { value: 0, surprise: 0 }
      gradient.fill(0)
      for (const { x, rows, points, target } of laid) {
        const n = padded(x.rows)
        const scaled = divideByLengths(x, lengths)
        arena.float64(rows, scaled.values.length).set(scaled.values)
        arena.float64(points, n * columns).set(byColumns(scaled))
        // prettier-ignore
        sum.value += kernel.marginalLikelihood(rows, x.rows, points, n, columns, signal, noise, JITTER, target, scratch, slope)
        const said = arena.float64(slope, columns + 3)
        gradient.forEach((part, i) => (gradient[i] = part + said[i]))
        sum.surprise += said[columns + 2] / laid.length
      }
      return sum
    })
  })
}

function startOf(columns: number, seed: number, restart: number): KernelParameters {
  if (restart < MIDDLE_NOISE.length) {
    return { lengths: new Float64Array(columns).fill(1), signal: 1, noise: MIDDLE_NOISE[restart] }
  }
  const { kernel } = localKernel()
  const random = new Random(seed, START_STREAM + restart)
  const between = (low: number, high: number): number => kernel.logUniform(random.float(), low, high)
  return {
    lengths: Float64Array.from({ length: columns }, () => between(0.2, 10)),
    signal: between(0.5, 5),
    noise: between(0.001, 0.5),
  }
}

function searchBox(columns: number, maxNoise: number, log: (value: number) => number): Box {
  const bound = (side: 0 | 1, noise: number): Float64Array =>
    Float64Array.from([...new Float64Array(columns).fill(LENGTHS[side]), SIGNAL[side], noise], log)
  return { low: bound(0, NOISE[0]), high: bound(1, maxNoise) }
}

/** Solve Lᵀ x = z. */
function solveTransposed(l: Float64Array, n: number, z: Float64Array): Float64Array {
  const x = z.slice()
  for (let i = n - 1; i >= 0; i--) {
    x[i] /= l[i * n + i]
    for (let k = 0; k < i; k++) x[k] -= l[i * n + k] * x[i]
  }
  return x
}
