import { describe, expect, test } from 'vitest'
import {
  climbFromStart,
  fitKernel,
  marginalLikelihood,
  polish,
  Posterior,
  type KernelParameters,
} from '../../src/models/gaussian-process.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { matrixOf, rowOf, selectRows, selectValues } from '../../src/models/matrix.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { friedman } from './surfaces.ts'

withShared('the golden Gaussian process', () => {
  test('is met in mean and deviation', () => {
    const { gaussianProcess: g } = golden('validation.json')
    const parameters = { lengths: Float64Array.from(g.lengthScales), signal: g.signalVariance, noise: g.noiseVariance }
    const posterior = new Posterior(matrixOf(g.X), Float64Array.from(g.yStandardised), parameters)
    const { mean, deviation } = posterior.at(matrixOf(g.query))
    g.mean.forEach((value: number, at: number) => expect(isClose(mean[at], value)).toBe(true))
    g.latentSd.forEach((value: number, at: number) => expect(isClose(deviation[at], value)).toBe(true))
  })
})

/** The textbook formulas, by elimination. */
function plainPosterior(x: Matrix, y: Float64Array, { lengths, signal, noise }: KernelParameters, place: Float64Array) {
  const k = (a: Float64Array, b: Float64Array): number => {
    const square = a.reduce((sum, value, j) => sum + ((value - b[j]) / lengths[j]) ** 2, 0)
    const s = Math.sqrt(5 * square)
    return signal * (1 + s + (s * s) / 3) * Math.exp(-s)
  }
  const rows = Array.from({ length: x.rows }, (_, row) => rowOf(x, row))
  const matrix = rows.map((a, i) => rows.map((b, j) => k(a, b) + (i === j ? noise + 1e-10 : 0)))
  const to = rows.map((row) => k(row, place))
  const dot = (a: number[], b: ArrayLike<number>): number => a.reduce((sum, value, i) => sum + value * b[i], 0)
  return { mean: dot(solve(matrix, to), y), deviation: Math.sqrt(signal - dot(solve(matrix, to), to)) }
}

/** Gauss-Jordan; the matrix is positive definite, so no pivot is small. */
function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]])
  rows.forEach((pivot, i) => {
    rows.forEach((row, k) => {
      if (k === i) return
      const factor = row[i] / pivot[i]
      for (let j = i; j < row.length; j++) row[j] -= factor * pivot[j]
    })
  })
  return rows.map((row, i) => row.at(-1)! / row[i])
}

describe('the posterior', () => {
  const parameters = { lengths: new Float64Array(8).fill(1.5), signal: 1.3, noise: 0.05 }

  test.each([1, 7, 8, 9, 31, 33, 70, 101])('of %i samples is what the textbook says', (rows) => {
    const { x, y } = friedman(rows, 3)
    const places = friedman(3, 4).x
    const target = y.map((value) => (value - 14) / 5)
    const { mean, deviation } = new Posterior(x, target, parameters).at(places)
    for (let row = 0; row < 3; row++) {
      const plain = plainPosterior(x, target, parameters, rowOf(places, row))
      expect(mean[row]).toBeCloseTo(plain.mean, 9)
      expect(deviation[row]).toBeCloseTo(plain.deviation, 9)
    }
  })

  test('refuses samples that are the same without noise to tell them apart', () => {
    const { x, y } = friedman(2, 1)
    const twice = selectRows(x, Int32Array.of(0, 0))
    expect(() => new Posterior(twice, y, { ...parameters, signal: 1000, noise: -1e-9 })).toThrow(/too alike/)
  })
})

describe('the marginal likelihood', () => {
  test.each([5, 33, 70])('has the gradient that differences of its value show, with %i samples', (rows) => {
    const { x, y } = friedman(rows, 3)
    const target = y.map((value) => (value - 14) / 5)
    const parameters = { lengths: Float64Array.of(0.5, 0.7, 0.9, 1.1, 2, 3, 4, 5), signal: 1.3, noise: 0.05 }
    const { gradient } = marginalLikelihood(x, target, parameters)
    const nudged = (at: number, factor: number): number => {
      const all = [...parameters.lengths, parameters.signal, parameters.noise]
      all[at] *= factor
      return marginalLikelihood(x, target, {
        lengths: Float64Array.from(all.slice(0, 8)),
        signal: all[8],
        noise: all[9],
      }).value
    }
    gradient.forEach((slope, at) => {
      const step = 1e-5
      const difference = (nudged(at, Math.exp(step)) - nudged(at, Math.exp(-step))) / (2 * step)
      expect(Math.abs(slope - difference)).toBeLessThan(1e-4 * Math.max(1, Math.abs(difference)))
    })
  })
})

describe('the search for hyperparameters', () => {
  test('finds which features matter', () => {
    const { x, y } = friedman(150, 1)
    const target = y.map((value) => (value - 14.4) / 5)
    const { lengths, noise } = fitKernel(x, target, 1, { restarts: 3, rows: 400, maxNoise: 2 })
    expect(Math.max(...lengths.subarray(0, 5))).toBeLessThan(Math.min(...lengths.subarray(5)))
    expect(noise).toBeGreaterThan(0.01)
    expect(noise).toBeLessThan(0.1)
  })

  test('finds them in blocks as well, which cost less than the whole would', () => {
    const { x, y } = friedman(600, 1)
    const target = y.map((value) => (value - 14.4) / 5)
    const climbed = [0, 1].map((restart) => climbFromStart(x, target, 1, restart))
    const { parameters, logLikelihood } = polish(x, target, 1, climbed, 600)
    expect(Math.max(...parameters.lengths.subarray(0, 5))).toBeLessThan(Math.min(...parameters.lengths.subarray(5)))
    expect(parameters.noise).toBeGreaterThan(0.02)
    expect(parameters.noise).toBeLessThan(0.06) // variance 1 of 25
    // Two blocks that know nothing of each other: what they add up to is below what all rows together say.
    const whole = marginalLikelihood(x, target, parameters).value
    expect(logLikelihood).toBeLessThan(whole)
    expect(logLikelihood).toBeGreaterThan(whole - 0.2 * 600)
  })

  test('keeps the noise below its limit', () => {
    const { x, y } = friedman(40, 1)
    const target = y.map((_, row) => (row % 2 === 0 ? 1 : -1))
    expect(fitKernel(x, target, 1, { restarts: 2, rows: 400, maxNoise: 0.1 }).noise).toBeLessThanOrEqual(0.1 + 1e-12)
  })
})

test('the surprise of left-out samples is that of processes that were never given them', () => {
  const { x, y } = friedman(13, 3)
  const target = y.map((value) => (value - 14) / 5)
  const parameters = { lengths: new Float64Array(8).fill(1.5), signal: 1.3, noise: 0.05 }
  let sum = 0
  for (let out = 0; out < 13; out++) {
    const rest = Int32Array.from(target.keys()).filter((row) => row !== out)
    const place = matrixOf([rowOf(x, out)])
    const { mean, deviation } = new Posterior(selectRows(x, rest), selectValues(target, rest), parameters).at(place)
    const variance = deviation[0] ** 2 + parameters.noise + 1e-10
    sum += (target[out] - mean[0]) ** 2 / variance + Math.log(variance)
  }
  expect(marginalLikelihood(x, target, parameters).surprise).toBeCloseTo(sum / 13, 9)
})
