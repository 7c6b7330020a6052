import { describe, expect, test } from 'vitest'
import { mean, quantile, standardDeviation } from '../../src/engine/statistics.ts'
import {
  baseConfidence,
  calibrate,
  judge,
  type Calibration,
  type CalibrationInput,
} from '../../src/models/confidence.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { matrixOf, selectRows } from '../../src/models/matrix.ts'
import { meanOverNeighbours, nearestNeighbours, nearestOthers } from '../../src/models/neighbours.ts'
import { reliability } from '../../src/models/reliability.ts'
import { fitScale, scaleAt } from '../../src/models/scale.ts'
import { noise, strong, weak, type Draw } from './surfaces.ts'

/** A learner that costs nothing: the mean of the five nearest samples, out of sample without the sample itself. */
const fiveNearest = {
  predict: (x: Matrix, y: Float64Array, rows: Matrix) => meanOverNeighbours(nearestNeighbours(x, rows, 5), y),
  outOfSample: (x: Matrix, y: Float64Array) => meanOverNeighbours(nearestOthers(x, 5), y),
}

function calibrated(draw: Draw, rows: number, seed: number): { x: Matrix; y: Float64Array; calibration: Calibration } {
  const { x, y } = draw(rows, seed)
  const predicted = fiveNearest.outOfSample(x, y)
  const reference = quantile(y, 0.75)
  return { x, y, calibration: calibrate({ actual: y, predicted, parameters: x, reference, higherIsBetter: true }) }
}

/** Calibrate on `rows` samples and see what becomes of 10,000 candidates. */
function trial(
  draw: Draw,
  rows: number,
  seed: number,
): { calibrationError: number; saidTooMuch: number; coverage: number } {
  const { x, y, calibration } = calibrated(draw, rows, seed)
  const candidates = draw(10_000, 1000 + seed)
  const predicted = fiveNearest.predict(x, y, candidates.x)
  const { confidence, low, high } = judge(calibration, predicted, candidates.x)
  const reached = Uint8Array.from(candidates.y, (actual) => Number(actual >= calibration.reference))
  const top = [...predicted.keys()].sort((a, b) => predicted[b] - predicted[a]).slice(0, 10)
  return {
    calibrationError: reliability(confidence!, reached).calibrationError,
    saidTooMuch: mean(top.map((row) => confidence![row] / 100 - reached[row])),
    coverage: mean([...candidates.y].map((actual, row) => Number(actual >= low[row] && actual <= high[row]))),
  }
}

const negative = (values: Float64Array): Float64Array => values.map((value) => -value)

function judged(rows: number): ReturnType<typeof judge> {
  const { x, y, calibration } = calibrated(strong, rows, 1)
  return judge(calibration, fiveNearest.predict(x, y, x), x)
}

describe('confidence', () => {
  test.each<[string, number, Draw, number]>([
    ['noise', 200, noise, 10],
    ['a weak signal', 200, weak, 10],
    ['a strong signal', 200, strong, 10],
    ['noise', 1000, noise, 3],
    ['a weak signal', 1000, weak, 3],
    ['a strong signal', 1000, strong, 3],
  ])('keeps its word on %s in %i samples, also for the ten best of 10,000 candidates', (_, rows, draw, seeds) => {
    const trials = Array.from({ length: seeds }, (_, seed) => trial(draw, rows, seed))
    expect(mean(trials.map(({ calibrationError }) => calibrationError))).toBeLessThan(0.05)
    expect(mean(trials.map(({ saidTooMuch }) => saidTooMuch))).toBeLessThan(0.12)
  })

  test('gives every candidate about the base rate where the model has no skill', () => {
    const { x, y, calibration } = calibrated(noise, 200, 1)
    const { confidence } = judge({ ...calibration, shrinkage: 0 }, fiveNearest.predict(x, y, x), x)
    expect(Math.abs(mean(confidence!) - calibration.baseRate)).toBeLessThan(3)
    for (const percent of confidence!) expect(Math.abs(percent - calibration.baseRate)).toBeLessThan(15)
  })

  test('is never 0 and never 100', () => {
    const { x, calibration } = calibrated(strong, 60, 1)
    const hopeless = judge({ ...calibration, reference: 1e9 }, new Float64Array(60), x).confidence!
    const certain = judge({ ...calibration, reference: -1e9 }, new Float64Array(60), x).confidence!
    expect(new Set(hopeless)).toEqual(new Set([100 / 61]))
    expect(new Set(certain)).toEqual(new Set([6000 / 61]))
  })

  test('counts the residuals with which the candidate reaches the reference', () => {
    const { x, calibration } = calibrated(strong, 80, 2)
    const { predicted, confidence } = judge(
      calibration,
      Float64Array.from({ length: 80 }, (_, i) => i / 20),
      x,
    )
    const { residuals, reference } = calibration
    const scales = scaleAt(calibration.scale, x)
    predicted.forEach((centre, row) => {
      const reached = residuals.filter((r) => centre + scales[row] * r >= reference).length
      expect(confidence![row]).toBe((100 * Math.max(1, reached)) / 81)
    })
  })

  test('is the probability to stay below the reference where lower is better', () => {
    const { x, y } = strong(100, 3)
    const predicted = fiveNearest.outOfSample(x, y)
    const up = { actual: y, predicted, parameters: x, reference: quantile(y, 0.75), higherIsBetter: true }
    const down = {
      ...up,
      actual: negative(y),
      predicted: negative(predicted),
      reference: -up.reference,
      higherIsBetter: false,
    }
    const expected = judge(calibrate(up), predicted, x).confidence!
    judge(calibrate(down), negative(predicted), x).confidence!.forEach((percent, row) =>
      expect(percent).toBeCloseTo(expected[row], 9),
    )
  })

  test('is null below 50 residuals, while the interval is still given', () => {
    expect(judged(50).confidence).not.toBeNull()
    const { confidence, low, high } = judged(49)
    expect(confidence).toBeNull()
    expect(low.every((value, row) => value < high[row])).toBe(true)
  })

  test('is not taken from rows that have no out-of-sample prediction', () => {
    const { x, y } = strong(80, 1)
    const predicted = fiveNearest.outOfSample(x, y)
    const half = Int32Array.from({ length: 40 }, (_, i) => 2 * i)
    const input: CalibrationInput = { actual: y, predicted, parameters: x, reference: 1, higherIsBetter: true }
    const holes = calibrate({ ...input, predicted: predicted.map((value, row) => (row % 2 ? NaN : value)) })
    const rest = calibrate({
      ...input,
      actual: y.filter((_, row) => row % 2 === 0),
      predicted: predicted.filter((_, row) => row % 2 === 0),
      parameters: selectRows(x, half),
    })
    expect(holes).toEqual(rest)
  })
})

describe('a calibration', () => {
  test('takes the slope of the real results on the predictions, less its robust standard error', () => {
    const predicted = Float64Array.of(1, 2, 3, 4, 5, 6)
    const actual = Float64Array.of(1.1, 1.3, 2.9, 2.5, 3.9, 3.3)
    const { slope, slopeStandardError, shrinkage } = calibrate(line(actual, predicted))
    expect(slope).toBeCloseTo(9.2 / 17.5, 12)
    expect(slopeStandardError).toBeCloseTo(hc3(actual, predicted), 12)
    expect(shrinkage).toBeCloseTo(slope - slopeStandardError, 12)
  })

  test('never trusts a prediction more than it says, and never turns it round', () => {
    const predicted = Float64Array.from({ length: 60 }, (_, i) => i)
    const wavy = (factor: number): Float64Array => predicted.map((value, i) => factor * value + Math.sin(i))
    expect(calibrate(line(wavy(2), predicted)).shrinkage).toBe(1)
    expect(calibrate(line(wavy(-1), predicted)).shrinkage).toBe(0)
  })

  test('has no skill to show where all predictions are equal, or one row alone makes the slope', () => {
    const actual = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i))
    expect(calibrate(line(actual, new Float64Array(60).fill(0.1)))).toMatchObject({ slope: 0, shrinkage: 0 })
    const lonely = Float64Array.from({ length: 60 }, (_, i) => (i === 7 ? 1 : 0))
    expect(calibrate(line(actual, lonely)).shrinkage).toBe(0)
  })

  test('of a constant target that is predicted without error is certain of it', () => {
    const constant = new Float64Array(60).fill(3)
    const calibration = calibrate({ ...line(constant, constant), reference: 3 })
    const { predicted, low, high, confidence } = judge(calibration, Float64Array.of(3), matrixOf([[5]]))
    expect([predicted[0], low[0], high[0], confidence![0]]).toEqual([3, 3, 3, 6000 / 61])
  })

  test('knows the share of the real results that reach the reference', () => {
    const actual = Float64Array.from({ length: 60 }, (_, i) => i)
    expect(calibrate({ ...line(actual, actual), reference: 45 }).baseRate).toBe(25)
    expect(calibrate({ ...line(actual, actual), reference: 5, higherIsBetter: false }).baseRate).toBe(10)
  })

  test('is never certain of a candidate, not even where all results or none reached the reference', () => {
    const actual = Float64Array.from({ length: 40 }, (_, i) => i)
    const base = (reference: number) => baseConfidence(calibrate({ ...line(actual, actual), reference }))
    expect(base(100)).toBe(100 / 41)
    expect(base(-1)).toBeCloseTo(4000 / 41, 12)
    expect(base(30)).toBe(25)
  })

  test('gives the same bits after it was stored as JSON', () => {
    const { x, y, calibration } = calibrated(strong, 100, 4)
    const predicted = fiveNearest.predict(x, y, x)
    const restored = JSON.parse(JSON.stringify(calibration)) as Calibration
    expect(judge(restored, predicted, x)).toEqual(judge(calibration, predicted, x))
  })

  test('is refused where there is next to nothing to calibrate on', () => {
    const two = Float64Array.of(1, 2)
    expect(() => calibrate(line(two, two))).toThrow(/needs 3 out-of-sample predictions at 2 places, got 2 at 2/)
  })
})

describe('the interval', () => {
  test('covers 80 % of the candidates on average', () => {
    const coverage = mean(Array.from({ length: 5 }, (_, seed) => trial(strong, 200, seed).coverage))
    expect(Math.abs(coverage - 0.8)).toBeLessThan(0.05)
  })

  test('is wider where the errors were larger', () => {
    const { calibration } = calibrated(strong, 400, 1) // its noise grows along the third column
    const quiet = matrixOf(Array.from({ length: 100 }, (_, i) => [i / 100, 0.5, 0.1, 0.5, 0.5]))
    const loud = matrixOf(Array.from({ length: 100 }, (_, i) => [i / 100, 0.5, 0.9, 0.5, 0.5]))
    const width = (rows: Matrix): number => {
      const { low, high } = judge(calibration, new Float64Array(100), rows)
      return mean(high.map((value, row) => value - low[row]))
    }
    expect(width(loud)).toBeGreaterThan(1.1 * width(quiet))
  })
})

describe('the scale', () => {
  const { x, y } = strong(300, 2)
  const groups = Int32Array.from(y.keys())
  const errors = y.map((_, row) => 0.2 + x.values[row * 5 + 2])

  test('learns how large the errors are at a place, and adds its floor', () => {
    const { scale } = fitScale({ parameters: x, errors, groups, floor: 0.3 })
    const at = (third: number): number => scaleAt(scale, matrixOf([[0.5, 0.5, third, 0.5, 0.5]]))[0]
    expect(Math.abs(at(0.1) - 0.3 - 0.3)).toBeLessThan(0.1)
    expect(Math.abs(at(0.9) - 0.3 - 1.1)).toBeLessThan(0.1)
  })

  test('of a row does not know the row’s own error, nor those of other rows of its point', () => {
    const pairs = Int32Array.from(y.keys(), (row) => row >> 1)
    const before = fitScale({ parameters: x, errors, groups: pairs, floor: 0 }).atRows
    const changed = errors.map((error, row) => (row >> 1 === 7 ? 50 : error))
    const after = fitScale({ parameters: x, errors: changed, groups: pairs, floor: 0 }).atRows
    expect([after[14], after[15]]).toEqual([before[14], before[15]])
    expect(after).not.toEqual(before)
  })

  test('is the mean error where there are too few points to learn from', () => {
    const few = { parameters: matrixOf([[0], [1], [2]]), groups: Int32Array.of(0, 1, 2), floor: 0.5 }
    const { scale } = fitScale({ ...few, errors: Float64Array.of(1, 2, 6) })
    expect([...scaleAt(scale, matrixOf([[0], [9]]))]).toEqual([3.5, 3.5])
  })

  test('is never below its floor', () => {
    const steep = errors.map((_, row) => (x.values[row * 5] > 0.9 ? 9 : 0))
    const { scale } = fitScale({ parameters: x, errors: steep, groups, floor: 0.25 })
    expect(Math.min(...scaleAt(scale, x))).toBeGreaterThanOrEqual(0.25)
  })
})

describe('the domain', () => {
  const { x, calibration } = calibrated(strong, 200, 1)
  const outside = (...rows: number[][]): number[] => [
    ...judge(calibration, new Float64Array(rows.length), matrixOf(rows)).outOfDomain,
  ]

  test('holds the middle and what was sampled', () => {
    expect(outside([0.5, 0.5, 0.5, 0.5, 0.5])).toEqual([0])
    const inside = judge(calibration, new Float64Array(200), x).outOfDomain
    expect(mean([...inside])).toBeLessThan(0.02)
  })

  test('ends at the sampled box in every parameter', () => {
    expect(outside([1.01, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, -0.01])).toEqual([1, 1])
  })

  test('does not hold a corner that no sample is near to', () => {
    const middle = matrixOf([
      ...Array.from({ length: 400 }, (_, i) => [0.4 + 0.0005 * i, 0.6 - 0.0005 * ((37 * i) % 400)]),
      [0, 0],
      [1, 1],
    ])
    const y = Float64Array.from({ length: 402 }, (_, i) => Math.sin(i))
    const calibration = calibrate({ actual: y, predicted: y, parameters: middle, reference: 0, higherIsBetter: true })
    expect([
      ...judge(
        calibration,
        Float64Array.of(0, 0),
        matrixOf([
          [0.5, 0.5],
          [0, 1],
        ]),
      ).outOfDomain,
    ]).toEqual([0, 1])
  })

  test('counts the windows of a vector as one place', () => {
    const { x, y } = strong(60, 5)
    const windows = selectRows(
      x,
      Int32Array.from({ length: 180 }, (_, row) => Math.floor(row / 3)),
    )
    const actual = Float64Array.from({ length: 180 }, (_, row) => y[Math.floor(row / 3)] + (row % 3))
    const calibration = calibrate({
      actual,
      predicted: new Float64Array(180),
      parameters: windows,
      reference: 0,
      higherIsBetter: true,
    })
    expect(calibration.domain.points).toHaveLength(60 * 5)
    expect(calibration.residuals).toHaveLength(180)
  })

  test('ignores a parameter that was never varied, unless a candidate varies it', () => {
    const flat = matrixOf(Array.from({ length: 60 }, (_, i) => [i, 7]))
    const y = Float64Array.from({ length: 60 }, (_, i) => Math.cos(i))
    const calibration = calibrate({ actual: y, predicted: y, parameters: flat, reference: 0, higherIsBetter: true })
    expect([
      ...judge(
        calibration,
        Float64Array.of(0, 0),
        matrixOf([
          [30, 7],
          [30, 7.1],
        ]),
      ).outOfDomain,
    ]).toEqual([0, 1])
    expect(calibration.scale.floor).toBeCloseTo(0.1 * standardDeviation(y), 12)
  })
})

function line(actual: Float64Array, predicted: Float64Array): CalibrationInput {
  const parameters = matrixOf(Array.from(actual, (_, i) => [i]))
  return { actual, predicted, parameters, reference: 0, higherIsBetter: true }
}

/** The sandwich by matrices: (X'X)⁻¹ X' diag(e² / (1 − h)²) X (X'X)⁻¹, its slope entry. */
function hc3(y: Float64Array, x: Float64Array): number {
  const n = x.length
  const sum = (f: (i: number) => number): number => y.reduce((total, _, i) => total + f(i), 0)
  const [sx, sxx, sy, sxy] = [sum((i) => x[i]), sum((i) => x[i] ** 2), sum((i) => y[i]), sum((i) => x[i] * y[i])]
  const determinant = n * sxx - sx * sx
  const inverse = [
    [sxx / determinant, -sx / determinant],
    [-sx / determinant, n / determinant],
  ]
  const intercept = inverse[0][0] * sy + inverse[0][1] * sxy
  const slope = inverse[1][0] * sy + inverse[1][1] * sxy
  const weight = (i: number): number => {
    const leverage = inverse[0][0] + 2 * inverse[0][1] * x[i] + inverse[1][1] * x[i] ** 2
    return ((y[i] - intercept - slope * x[i]) / (1 - leverage)) ** 2
  }
  const meat = [
    [sum((i) => weight(i)), sum((i) => weight(i) * x[i])],
    [sum((i) => weight(i) * x[i]), sum((i) => weight(i) * x[i] ** 2)],
  ]
  const row = [0, 1].map((j) => inverse[1][0] * meat[0][j] + inverse[1][1] * meat[1][j])
  return Math.sqrt(row[0] * inverse[1][0] + row[1] * inverse[1][1])
}
