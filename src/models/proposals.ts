import { Random } from '../engine/random.ts'
import { localKernel } from '../engine/wasm.ts'
import { sobol } from '../strategy/designs.ts'
import type { Matrix } from './estimator.ts'
import { expectedImprovement } from './expected-improvement.ts'
import { fitKernel, Posterior, type KernelParameters } from './gaussian-process.ts'
import { matrixOf, rowOf, selectRows, selectValues } from './matrix.ts'
import { standardisation, standardise } from './scaling.ts'

/** What has been measured so far, in the unit cube that parameters are drawn from (see `inverseCdf`). */
export interface Measured {
  /** f64 in 0…1, one row per sample */
  points: Matrix
  /** f64[points], higher is better; NaN marks a sample that broke a limit or said nothing */
  values: Float64Array
}

export interface ProposalRequest extends Measured {
  /** places to choose from, such as `proposalCandidates` makes, constraints respected */
  candidates: Matrix
  count: number
  seed: number
  /** ξ of the expected improvement; smaller refines the best, larger looks further */
  exploration?: number
}

/** Samples that decide the length scales; with more, time grows and the answer hardly changes. */
export const TUNING_ROWS = 400
export const RESTARTS = 5
/** A backtest has no noise; what no smooth surface explains may be put down to chance only so far, in variances. */
const MAX_NOISE = 0.1
/** A limit is broken or not. */
const MAX_NOISE_OF_LIMITS = 0.01

/** Before there is anything to learn from: places count as related across half of the cube. */
const UNINFORMED = { length: 0.5, signal: 1, noise: 1e-6 }
const TELLING_SAMPLES = 3

/** Streams of their own, so that no draw repeats one of a sampler with the same seed. */
const CANDIDATE_STREAM = 0x63616e64
const FEASIBILITY_STREAM = 0x66656173

/**
 * The places to measure next: those with the largest expected improvement, weighted with the probability that a
 * sample there breaks no limit.
 *
 * A batch is chosen one after the other, each as if what is expected of those before it had come true (kriging
 * believer; Ginsbourger, Le Riche, Carraro 2010). That leaves the expected surface as it is and only takes away
 * uncertainty around them, so nothing is solved anew.
 *
 * @returns i32[count], rows of the candidates in the order of choice, all different; fewer where there are fewer
 *
 * 200 samples and 2,000 candidates in 7 dimensions take about 0.3 s, most of it for the length scales.
 */
export function proposeBatch(request: ProposalRequest): Int32Array {
  const { points, values, candidates, count, seed, exploration } = request
  const { posterior, best } = learn(points, values, seed)
  const { mean, deviation, solved } = posterior.at(candidates)
  const chances = feasibility(points, values, candidates, seed)
  const variance = deviation.map((value) => value * value)
  const { noise } = posterior.parameters
  const shadows: Float64Array[] = [] // what each choice takes away from the deviation of every candidate
  const chosen: number[] = []
  let top = best

  while (chosen.length < Math.min(count, candidates.rows)) {
    let pick = -1
    let worth = -1
    for (let row = 0; row < candidates.rows; row++) {
      const here = chances[row] * expectedImprovement(mean[row], Math.sqrt(variance[row]), top, exploration)
      if (here <= worth || chosen.includes(row)) continue
      pick = row
      worth = here
    }
    chosen.push(pick)
    top = Math.max(top, mean[pick])
    const shadow = posterior.kernelTo(candidates, pick)
    const own = rowOf(solved, pick)
    const scale = 1 / Math.sqrt(variance[pick] + noise + 1e-10)
    shadow.forEach((prior, row) => {
      let covariance = prior - dot(rowOf(solved, row), own)
      for (const earlier of shadows) covariance -= earlier[row] * earlier[pick]
      shadow[row] = covariance * scale
    })
    shadow.forEach((part, row) => (variance[row] = Math.max(0, variance[row] - part * part)))
    shadows.push(shadow)
  }
  return Int32Array.from(chosen)
}

export interface CandidateRequest extends Measured {
  /** per parameter how many equally likely values it has; 0 = continuous */
  levels: readonly number[]
  count: number
  seed: number
}

/** Of the best samples that candidates gather around, and the scales at which they do. */
const CENTRES = 5
const SCALES = [0.3, 0.1, 0.03, 0.01, 0.003]

/**
 * Places worth considering: half of them spread over the whole cube, half around the best samples so far, from far to
 * near. A parameter with levels stands in the middle of one. None has been measured, none is there twice.
 */
export function proposalCandidates({ points, values, levels, count, seed }: CandidateRequest): Matrix {
  const d = levels.length
  const random = new Random(seed, CANDIDATE_STREAM)
  const spread = sobol(Math.ceil(count / 2), d, random.uint32())
  const telling = [...values.keys()].filter((row) => !Number.isNaN(values[row]))
  const centres = telling.sort((a, b) => values[b] - values[a] || a - b).slice(0, CENTRES)
  const seen = new Set(Array.from({ length: points.rows }, (_, row) => rowOf(points, row).map(snap).join()))
  const rows: Float64Array[] = []

  for (let at = 0; at < spread.length; at += d) offer(spread.slice(at, at + d))
  const near = centres.length > 0 ? Math.floor(count / 2) : 0
  for (let at = 0; at < near; at++) {
    const centre = rowOf(points, centres[at % centres.length])
    const scale = SCALES[Math.floor(at / centres.length) % SCALES.length]
    const always = random.int(d) // at least one parameter moves
    offer(centre.map((value, j) => (j === always || random.float() < 0.5 ? value + scale * bell(random) : value)))
  }
  return { ...matrixOf(rows), columns: d }

  function offer(place: Float64Array): void {
    const row = place.map(snap)
    const key = row.join()
    if (seen.has(key)) return
    seen.add(key)
    rows.push(row)
  }

  function snap(value: number, j: number): number {
    const bounded = Math.max(0, Math.min(value, 1 - 2 ** -32))
    return levels[j] > 0 ? (Math.floor(bounded * levels[j]) + 0.5) / levels[j] : bounded
  }
}

/** The process of the samples that say something, and the best of their standardised values. */
function learn(points: Matrix, values: Float64Array, seed: number): { posterior: Posterior; best: number } {
  const telling = Int32Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]))
  const x = selectRows(points, telling)
  const y = selectValues(values, telling)
  const scale = standardisation(y)
  if (telling.length < TELLING_SAMPLES || scale.deviation === 0) {
    const { length, signal, noise } = UNINFORMED
    const parameters = { lengths: new Float64Array(points.columns).fill(length), signal, noise }
    return { posterior: new Posterior(points, new Float64Array(points.rows), parameters), best: 0 }
  }
  const target = standardise(scale, y)
  return { posterior: new Posterior(x, target, tuned(x, target, seed, MAX_NOISE)), best: Math.max(...target) }
}

/**
 * The probability that a sample at each candidate breaks no limit: a process of 1 and 0, cut at a half.
 *
 * @returns f64[candidates], 1 everywhere as long as none has broken one
 */
function feasibility(points: Matrix, values: Float64Array, candidates: Matrix, seed: number): Float64Array {
  const labels = values.map((value) => (Number.isNaN(value) ? 0 : 1))
  const { centre, deviation: spread } = standardisation(labels)
  if (spread === 0) return new Float64Array(candidates.rows).fill(1)
  const target = standardise({ centre, deviation: spread }, labels)
  const posterior = new Posterior(points, target, tuned(points, target, seed ^ FEASIBILITY_STREAM, MAX_NOISE_OF_LIMITS))
  const { mean, deviation } = posterior.at(candidates)
  const { kernel } = localKernel()
  return mean.map((value, row) => {
    const doubt = spread * Math.sqrt(deviation[row] ** 2 + posterior.parameters.noise)
    return kernel.normalCdf((centre + spread * value - 0.5) / doubt)
  })
}

function tuned(x: Matrix, target: Float64Array, seed: number, maxNoise: number): KernelParameters {
  return fitKernel(x, target, seed, { restarts: RESTARTS, rows: TUNING_ROWS, maxNoise })
}

/** Sum of four uniform numbers less two: mean 0, deviation 0.58, no tails. */
function bell(random: Random): number {
  return random.float() + random.float() + random.float() + random.float() - 2
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
