import type { Period } from '../backtest/period.ts'
import { mean, standardDeviation } from '../engine/statistics.ts'
import { type FieldError, ValidationError } from '../errors.ts'
import { scaleToUnit, type ParameterSpec } from '../strategy/parameter-space.ts'
import { annualSharpe, DAYS_PER_YEAR } from './returns.ts'

/** Tune on a stretch of the past, trade what follows, move on: what re-tuning at regular times would have earned. */

export interface WalkForwardWindow {
  training: Period
  test: Period
}

/** Lengths in one unit: bars, days or ms. */
export interface WalkForwardPlan {
  training: number
  /** also the step from window to window, so that the tests follow each other without a gap */
  test: number
  /** left out between training and test, so that no position reaches from one into the other */
  embargo?: number
  /** every training starts at 0 and grows, instead of moving along */
  anchored?: boolean
}

/**
 * The windows that fit, oldest first; only whole ones.
 *
 * @param length of all there is, in the unit of the plan
 * @throws ValidationError lengths that are not above 0, or an embargo below
 */
export function walkForwardWindows(length: number, plan: WalkForwardPlan): WalkForwardWindow[] {
  const { training, test, embargo = 0, anchored = false } = checked(plan)
  const windows: WalkForwardWindow[] = []
  for (let step = 0; ; step += test) {
    const end = step + training
    const from = end + embargo
    if (from + test > length) return windows
    windows.push({ training: { from: anchored ? 0 : step, to: end }, test: { from, to: from + test } })
  }
}

/**
 * The plan that cuts the whole length into this many windows.
 *
 * @param options.ratio training length over test length; what the division leaves goes to the training
 */
export function planFor(
  length: number,
  windows: number,
  options: { ratio?: number; embargo?: number } = {},
): Required<Omit<WalkForwardPlan, 'anchored'>> {
  const { ratio = 3, embargo = 0 } = options
  const test = Math.floor((length - embargo) / (windows + ratio))
  return { training: length - embargo - windows * test, test, embargo }
}

/**
 * Mean objective in the test windows over that in the training windows; by custom 0.5 is enough. It never decides
 * alone: the stitched result says more about the future.
 * Source: R. Pardo, The Evaluation and Optimization of Trading Strategies (2008).
 *
 * @param training, test objectives by window, turned so that more is better; a roi as a yearly one, see `yearlyRoi`;
 *                       a window in which one of the two is null is left out
 * @returns null where no window is left, or the mean in training is not above 0: the sign would flip
 */
export function walkForwardEfficiency(
  training: readonly (number | null)[],
  test: readonly (number | null)[],
): number | null {
  const both = training.flatMap((inSample, at) => {
    const outOfSample = test[at]
    return inSample === null || outOfSample === null ? [] : [{ inSample, outOfSample }]
  })
  const before = mean(both.map(({ inSample }) => inSample))
  return before > 0 ? mean(both.map(({ outOfSample }) => outOfSample)) / before : null
}

/** A roi in proportion to a year, without compounding. @param days > 0 */
export function yearlyRoi(roi: number, days: number): number {
  return (roi * DAYS_PER_YEAR) / days
}

/** Share of test windows that end with a gain; null without one. @param rois of the test windows */
export function profitableShare(rois: readonly number[]): number | null {
  return rois.length === 0 ? null : rois.filter((roi) => roi > 0).length / rois.length
}

/**
 * How far the chosen value of each parameter wanders from window to window: the standard deviation as a share of its
 * range (of its logarithm for LOG_UNIFORM). Near 0.3 the choice is as good as random.
 *
 * @param chosen parameter sets by window
 * @returns null for each parameter where there are fewer than two windows
 */
export function parameterDrift(
  specs: readonly ParameterSpec[],
  chosen: readonly ArrayLike<number>[],
): (number | null)[] {
  return specs.map((spec, at) =>
    chosen.length < 2 ? null : standardDeviation(chosen.map((row) => scaleToUnit(spec, row[at]))),
  )
}

export interface TestRun {
  /** quote currency at each close of the test window */
  equity: Float64Array
  /** daily returns of the window */
  returns: Float64Array
}

/** The test windows one after the other, each starting with what the last one left: the headline of a walk-forward. */
export interface Stitched {
  /** relative to a start of 1, at each close of all windows */
  equity: Float64Array
  roi: number
  maxDrawdown: number
  /** annualised; null for fewer than ten days or returns that do not vary */
  sharpeRatio: number | null
}

/**
 * @param runs           test windows, oldest first
 * @param initialCapital that each window started with, quote currency
 */
export function stitch(
  runs: readonly TestRun[],
  initialCapital: number,
  periodsPerYear: number = DAYS_PER_YEAR,
): Stitched {
  const equity = new Float64Array(runs.reduce((sum, run) => sum + run.equity.length, 0))
  let at = 0
  let start = 1
  for (const run of runs) {
    for (const value of run.equity) equity[at++] = start * (value / initialCapital)
    start = at > 0 ? equity[at - 1] : start
  }
  return {
    equity,
    roi: start - 1,
    maxDrawdown: deepestFall(equity),
    sharpeRatio: annualSharpe(Float64Array.from(runs.flatMap(({ returns }) => [...returns])), periodsPerYear),
  }
}

/** From a start of 1. */
function deepestFall(equity: Float64Array): number {
  let peak = 1
  let deepest = 0
  for (const value of equity) {
    peak = Math.max(peak, value)
    deepest = Math.max(deepest, 1 - value / peak)
  }
  return deepest
}

function checked(plan: WalkForwardPlan): WalkForwardPlan {
  const { training, test, embargo = 0 } = plan
  const errors: FieldError[] = []
  const require = (holds: boolean, name: string, wanted: string, value: number): void => {
    if (!holds) errors.push({ path: ['walkForward', name], message: `must be ${wanted}, not ${value}.` })
  }
  require(training > 0 && Number.isFinite(training), 'training', 'a length above 0', training)
  require(test > 0 && Number.isFinite(test), 'test', 'a length above 0', test)
  require(embargo >= 0 && Number.isFinite(embargo), 'embargo', 'a length of 0 or more', embargo)
  if (errors.length > 0) throw new ValidationError(errors)
  return plan
}
