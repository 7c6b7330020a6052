import { Random } from '../engine/random.ts'
import { directionNumbers, SOBOL_DIMENSIONS } from './sobol.ts'

/**
 * Designs: n points of the unit cube [0, 1)^d as f64[n × d], one row a point. What item i draws depends on nothing but
 * the seed and i, as far as the method allows.
 */

/** Latin hypercubes that a maximin search compares. */
const MAXIMIN_DESIGNS = 50
/** Points above which comparing all pairs of 50 designs takes longer than it is worth. */
export const MAXIMIN_POINTS = 300

const TWO_32 = 4_294_967_296

/** n independent points. */
export function random(n: number, d: number, seed: number): Float64Array {
  const points = new Float64Array(n * d)
  for (let i = 0; i < n; i++) {
    const stream = new Random(seed, i)
    for (let j = 0; j < d; j++) points[i * d + j] = stream.float()
  }
  return points
}

/**
 * A Latin hypercube: in every column each of the n equal slices of [0, 1) holds exactly one point.
 * Source: M. McKay, R. Beckman, W. Conover, Technometrics 21 (1979).
 *
 * @param options.centred points stand in the middle of their slice
 * @param options.maximin of 50 designs keep the one whose closest points are furthest apart; above MAXIMIN_POINTS
 *                        points the first design is taken as it is
 */
export function latinHypercube(
  n: number,
  d: number,
  seed: number,
  options: { centred?: boolean; maximin?: boolean } = {},
): Float64Array {
  const centred = options.centred ?? false
  let best = oneHypercube(n, d, seed, 0, centred)
  if (!options.maximin || n > MAXIMIN_POINTS || n < 2 || d === 0) return best
  let widest = closestSquared(best, n, d, 0)
  for (let design = 1; design < MAXIMIN_DESIGNS; design++) {
    const points = oneHypercube(n, d, seed, design, centred)
    const closest = closestSquared(points, n, d, widest)
    if (closest <= widest) continue
    widest = closest
    best = points
  }
  return best
}

function oneHypercube(n: number, d: number, seed: number, design: number, centred: boolean): Float64Array {
  const designSeed = new Random(seed, design).uint32()
  const points = new Float64Array(n * d)
  for (let j = 0; j < d; j++) {
    const order = new Random(designSeed, -1 - j).permutation(n)
    for (let i = 0; i < n; i++) points[i * d + j] = order[i]
  }
  for (let i = 0; i < n; i++) {
    const stream = new Random(designSeed, i)
    for (let at = i * d; at < (i + 1) * d; at++) {
      // half a step off the edges of the slice, so that rounding cannot move the point into the next one
      const within = centred ? 0.5 : (stream.uint32() + 0.5) / TWO_32
      points[at] = (points[at] + within) / n
    }
  }
  return points
}

/**
 * The first n points of the Sobol' sequence, the origin included. They are balanced where n is a power of 2.
 *
 * @param n    at most 2³²
 * @param d    at most SOBOL_DIMENSIONS
 * @param seed of a random digital shift, which keeps the balance and moves the origin away; null = the plain sequence
 */
export function sobol(n: number, d: number, seed: number | null): Float64Array {
  if (d > SOBOL_DIMENSIONS) throw new RangeError(`Sobol' points have at most ${SOBOL_DIMENSIONS} dimensions, not ${d}.`)
  const directions = Array.from({ length: d }, (_, j) => directionNumbers(j))
  const shift = seed === null ? null : new Random(seed)
  const x = Uint32Array.from({ length: d }, () => shift?.uint32() ?? 0)
  const points = new Float64Array(n * d)
  for (let i = 0; i < n; i++) {
    const lowestZero = 31 - Math.clz32(~i & (i + 1))
    for (let j = 0; j < d; j++) {
      points[i * d + j] = x[j] / TWO_32
      x[j] ^= directions[j][lowestZero]
    }
  }
  return points
}

/**
 * Centred L2 discrepancy: how unevenly the points fill the cube, also seen from each of its faces; 0 would be even.
 * O(n² d). Source: F. J. Hickernell, Math. Comp. 67 (1998), as in scipy.stats.qmc.discrepancy.
 */
export function centredDiscrepancy(points: Float64Array, n: number, d: number): number {
  let single = 0
  let paired = 0
  for (let i = 0; i < n; i++) {
    let product = 1
    for (let j = 0; j < d; j++) {
      const fromCentre = Math.abs(points[i * d + j] - 0.5)
      product *= 1 + 0.5 * fromCentre - 0.5 * fromCentre * fromCentre
    }
    single += product
    for (let k = 0; k <= i; k++) {
      product = 1
      for (let j = 0; j < d; j++) {
        const a = points[i * d + j]
        const b = points[k * d + j]
        product *= 1 + 0.5 * (Math.abs(a - 0.5) + Math.abs(b - 0.5) - Math.abs(a - b))
      }
      paired += k === i ? product : 2 * product
    }
  }
  let uniform = 1
  for (let j = 0; j < d; j++) uniform *= 13 / 12
  return uniform - (2 * single) / n + paired / (n * n)
}

/** The Euclidean distance of the two closest points; Infinity for fewer than two. */
export function minDistance(points: Float64Array, n: number, d: number): number {
  return Math.sqrt(closestSquared(points, n, d, 0))
}

/** @returns the smallest squared distance, or the first one found that is not above `enough` */
function closestSquared(points: Float64Array, n: number, d: number, enough: number): number {
  let closest = Infinity
  for (let i = 1; i < n; i++) {
    for (let k = 0; k < i; k++) {
      let sum = 0
      for (let j = 0; j < d; j++) {
        const difference = points[i * d + j] - points[k * d + j]
        sum += difference * difference
      }
      if (sum >= closest) continue
      closest = sum
      if (closest <= enough) return closest
    }
  }
  return closest
}
