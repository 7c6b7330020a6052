import { mean, quantileOfSorted, standardDeviation } from '../engine/statistics.ts'
import {
  boxAround,
  distinctPoints,
  DOMAIN_NEIGHBOURS,
  domainLimit,
  outsideDomain,
  scaleToBox,
  type Domain,
} from './domain.ts'
import type { Matrix } from './estimator.ts'
import { selectRows, selectValues } from './matrix.ts'
import { nearestNeighbours, nearestOthers } from './neighbours.ts'
import { fitScale, scaleAt, type ScaleModel } from './scale.ts'
import { someRows } from './split.ts'

/**
 * What a model's predictions are worth, learned from its predictions of rows that it had not seen. Plain data: it is
 * stored as JSON beside the model and gives the same bits afterwards.
 *
 * Confidence is the probability of an event that can be checked later: that the real backtest reaches the reference.
 * It is not the width of an interval, because the candidates that people look at were selected by the prediction
 * itself, and there interval methods keep a third of what they promise.
 */
export interface Calibration {
  /** what counts as success, in units of the target */
  reference: number
  higherIsBetter: boolean
  /** percentage of the real results that reach the reference: what is known of a candidate without any model */
  baseRate: number
  meanActual: number
  /** of the out-of-sample predictions */
  meanPredicted: number
  /** of actual on predicted, by least squares; 1 = the predictions spread as much as they should */
  slope: number
  /** heteroscedasticity-robust (HC3) */
  slopeStandardError: number
  /** the slope less its standard error, within 0…1: 0 = no skill, every candidate gets the base rate */
  shrinkage: number
  /** (actual − recentred prediction) / scale, ascending */
  residuals: number[]
  scale: ScaleModel
  domain: Domain
}

export interface CalibrationInput {
  /** f64[n], the real results */
  actual: Float64Array
  /** f64[n], out-of-fold or out-of-bag predictions of the same rows; rows with NaN are left out */
  predicted: Float64Array
  /** the raw parameters, n rows; several rows of the same parameters count as one point of the space */
  parameters: Matrix
  reference: number
  higherIsBetter: boolean
}

/** What is said of a batch of candidates, one entry per row. */
export interface Judgement {
  /** f64, the recentred prediction: it is moved toward the mean as far as the model lacks skill. Rank by the raw one */
  predicted: Float64Array
  /** f64, bounds of the 80 % interval "for a typical candidate" */
  low: Float64Array
  high: Float64Array
  /** f64, 0 < confidence < 100; null below 50 residuals */
  confidence: Float64Array | null
  /** u8, 1 = the model would have to extrapolate */
  outOfDomain: Uint8Array
}

/** Nominal coverage of the interval. */
export const INTERVAL_LEVEL = 0.8

/** With fewer residuals a probability would be a guess. */
export const MIN_RESIDUALS = 50

/**
 * Rows that a calibration is learned from: more would move no probability by a hundredth, while all that is asked of it
 * later takes time and memory for each of them, and their distances to each other take the square of it.
 */
const MOST_ROWS = 10_000
const SEED = 1
const ROWS_STREAM = 0x63616c69

/** Share of the target's standard deviation that the scale never falls below. */
const SCALE_FLOOR = 0.1

/**
 * Learn what predictions are worth: from all rows, or of more than 10,000 from a seeded part; the box of the domain is
 * that of all. Pure, and its input can be cloned: the task `calibrate` of this file runs in a compute thread as well.
 *
 * @throws RangeError fewer than 3 usable rows or 2 different parameter vectors
 */
export function calibrate(input: CalibrationInput): Calibration {
  const { reference, higherIsBetter } = input
  const all = usable(input)
  const { actual, predicted, parameters } = selected(all, someRows(all.actual.length, MOST_ROWS, SEED, ROWS_STREAM))
  const { points, groups } = distinctPoints(parameters)
  if (actual.length < 3 || points.rows < 2) {
    throw new RangeError(
      `A calibration needs 3 out-of-sample predictions at 2 places, got ${actual.length} at ${points.rows}.`,
    )
  }
  const box = boxAround(all.parameters)
  const scaled = scaleToBox(box, points)
  const others = nearestOthers(scaled, Math.min(DOMAIN_NEIGHBOURS, points.rows - 1))

  const line = recentring(actual, predicted)
  const errors = actual.map((y, i) => Math.abs(y - predicted[i]))
  const floor = SCALE_FLOOR * standardDeviation(actual)
  const { scale, atRows } = fitScale({ parameters, errors, groups, floor })
  const residuals = actual.map((y, i) => residual(y - recentre(line, predicted[i]), atRows[i]))
  return {
    reference,
    higherIsBetter,
    baseRate: (100 * actual.filter((y) => reaches(input, y)).length) / actual.length,
    ...line,
    residuals: [...residuals.sort()],
    scale,
    domain: { ...box, points: [...scaled.values], limit: domainLimit(others) },
  }
}

/**
 * Judge candidates.
 *
 * @param predicted  f64[rows], what the model predicts for them
 * @param parameters their raw parameters
 *
 * 10,000 candidates, 200 training points and 10 parameters take about 60 ms.
 */
export function judge(calibration: Calibration, predicted: Float64Array, parameters: Matrix): Judgement {
  const { domain, scale, residuals } = calibration
  const columns = domain.low.length
  const points = { rows: domain.points.length / columns, columns, values: Float64Array.from(domain.points) }
  const neighbours = nearestNeighbours(points, scaleToBox(domain, parameters), Math.min(DOMAIN_NEIGHBOURS, points.rows))

  const centre = predicted.map((f) => recentre(calibration, f))
  const scales = scaleAt(scale, parameters)
  const lowResidual = quantileOfSorted(residuals, (1 - INTERVAL_LEVEL) / 2)
  const highResidual = quantileOfSorted(residuals, (1 + INTERVAL_LEVEL) / 2)
  const enough = residuals.length >= MIN_RESIDUALS
  return {
    predicted: centre,
    low: centre.map((m, i) => m + scales[i] * lowResidual),
    high: centre.map((m, i) => m + scales[i] * highResidual),
    confidence: enough ? centre.map((m, i) => confidence(calibration, m, scales[i])) : null,
    outOfDomain: outsideDomain(domain, parameters, neighbours),
  }
}

/** What is known of any candidate where residuals are too few to tell them apart, in percent; never 0 or 100 either. */
export function baseConfidence({ baseRate, residuals }: Calibration): number {
  const least = 100 / (residuals.length + 1)
  return Math.max(least, Math.min(baseRate, 100 - least))
}

type Line = Pick<Calibration, 'meanActual' | 'meanPredicted' | 'slope' | 'slopeStandardError' | 'shrinkage'>

function recentre({ meanActual, meanPredicted, shrinkage }: Line, prediction: number): number {
  return meanActual + shrinkage * (prediction - meanPredicted)
}

/**
 * The line of actual on predicted. Its standard error is HC3 (MacKinnon & White 1985), which holds for errors of any
 * size and is, of the usual ones, the most careful with few rows: each residual is divided by 1 − its leverage.
 */
function recentring(actual: Float64Array, predicted: Float64Array): Line {
  const n = actual.length
  const meanActual = mean(actual)
  const meanPredicted = mean(predicted)
  const flat = { meanActual, meanPredicted, slope: 0, slopeStandardError: 0, shrinkage: 0 }
  if (standardDeviation(predicted) === 0) return flat

  const centred = predicted.map((o) => o - meanPredicted)
  const squares = centred.reduce((sum, d) => sum + d * d, 0)
  const slope = centred.reduce((sum, d, i) => sum + d * (actual[i] - meanActual), 0) / squares
  let variance = 0
  centred.forEach((d, i) => {
    const rest = 1 - 1 / n - (d * d) / squares
    const error = actual[i] - meanActual - slope * d
    // A row that decides the slope alone has no residual to judge it by.
    variance += rest > 1e-9 ? ((d * error) / (rest * squares)) ** 2 : Infinity
  })
  const slopeStandardError = Math.sqrt(variance)
  if (!Number.isFinite(slopeStandardError)) return flat
  return { ...flat, slope, slopeStandardError, shrinkage: Math.max(0, Math.min(slope - slopeStandardError, 1)) }
}

/** Percentage of the residuals with which the candidate would reach the reference; at least one, at most n of n + 1. */
function confidence(calibration: Calibration, centre: number, scale: number): number {
  const { residuals, higherIsBetter } = calibration
  const n = residuals.length
  // Residuals ascend, so those that reach are the last ones, or the first ones where lower is better: bisect.
  let from = 0
  let to = n
  while (from < to) {
    const middle = (from + to) >> 1
    if (reaches(calibration, centre + scale * residuals[middle]) === higherIsBetter) to = middle
    else from = middle + 1
  }
  const reached = higherIsBetter ? n - from : from
  return (100 * Math.max(1, reached)) / (n + 1)
}

/** A constant target that is predicted without error has the scale 0. */
function residual(error: number, scale: number): number {
  return scale > 0 ? error / scale : 0
}

type Goal = Pick<Calibration, 'reference' | 'higherIsBetter'>

function reaches({ reference, higherIsBetter }: Goal, outcome: number): boolean {
  return higherIsBetter ? outcome >= reference : outcome <= reference
}

type Rows = Pick<CalibrationInput, 'actual' | 'predicted' | 'parameters'>

function usable(input: Rows): Rows {
  const { predicted } = input
  return selected(
    input,
    Int32Array.from(predicted.keys()).filter((row) => !Number.isNaN(predicted[row])),
  )
}

function selected({ actual, predicted, parameters }: Rows, rows: Int32Array): Rows {
  return {
    actual: selectValues(actual, rows),
    predicted: selectValues(predicted, rows),
    parameters: selectRows(parameters, rows),
  }
}
