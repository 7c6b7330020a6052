import { Random } from '../../src/engine/random.ts'
import { mean, quantile } from '../../src/engine/statistics.ts'
import { calibrate, judge } from '../../src/models/confidence.ts'
import type { Estimator, Matrix, TaskRunner } from '../../src/models/estimator.ts'
import { groupRows } from '../../src/models/groups.ts'
import { matrixOf, selectColumns, selectRows, selectValues } from '../../src/models/matrix.ts'
import { reliability } from '../../src/models/reliability.ts'
import { repeatedFolds } from '../../src/models/split.ts'
import { SURFACES, type Surface } from '../learning/surfaces.ts'

/** Something to learn: what the model sees, and the raw parameters that its confidence sees. */
export interface Case {
  name: string
  rows: number
  draw: (rows: number, seed: number) => Surface
  /** the first so many columns are raw parameters, the others are made of them */
  parameters: number
}

const noise = columns(7, () => 0)
/** A slope in two columns: it explains a fifth of the variance. */
const weak = columns(7, (x) => (2 * x[0] - x[1]) / 1.3)

/** The seven surfaces on which the definition of confidence was measured. */
export const CASES: Case[] = [
  { name: 'pure noise', rows: 200, draw: noise, parameters: 7 },
  { name: 'weak signal', rows: 200, draw: weak, parameters: 7 },
  { name: 'backtest', rows: 200, draw: SURFACES.rough, parameters: 7 },
  { name: 'friedman', rows: 200, draw: SURFACES.friedman, parameters: 13 },
  { name: 'pure noise', rows: 1000, draw: noise, parameters: 7 },
  { name: 'weak signal', rows: 1000, draw: weak, parameters: 7 },
  { name: 'backtest', rows: 1000, draw: SURFACES.rough, parameters: 7 },
]

/** How far what was said is from what came true. */
export interface Outcome {
  /** expected calibration error over 10 bins, all candidates */
  calibrationError: number
  /** mean confidence of the ten best predictions, and how many of them reached the reference; 0…1 */
  said: number
  real: number
}

export interface Trial {
  ours: Outcome
  /** a split conformal distribution: the prediction and every out-of-fold residual as it is */
  plain: Outcome
  /** of the 80 % intervals over all candidates */
  coverage: number
}

const CANDIDATES = 10_000
const TOP = 10
const FOLDS = 5

/** Learn from some samples, judge 10,000 candidates, and see what really becomes of them. */
export async function tryOut(each: Case, seed: number, estimator: Estimator, run: TaskRunner): Promise<Trial> {
  const { x, y } = each.draw(each.rows, seed)
  const candidates = each.draw(CANDIDATES, 1000 + seed)
  const outOfFold = await outOfFoldPredictions(x, y, seed, estimator, run)
  const predicted = (await estimator.fit(x, y, {}, seed, run)).predict(candidates.x)

  const reference = quantile(y, 0.75)
  const raw = (matrix: Matrix): Matrix =>
    selectColumns(
      matrix,
      Int32Array.from({ length: each.parameters }, (_, at) => at),
    )
  const calibration = calibrate({
    actual: y,
    predicted: outOfFold,
    parameters: raw(x),
    reference,
    higherIsBetter: true,
  })
  const { confidence, low, high } = judge(calibration, predicted, raw(candidates.x))
  const reached = Uint8Array.from(candidates.y, (actual) => Number(actual >= reference))
  const residuals = y.map((actual, row) => actual - outOfFold[row]).sort()
  const plain = predicted.map((f) => (100 * residuals.filter((r) => f + r >= reference).length) / (y.length + 1))
  const top = [...predicted.keys()].sort((a, b) => predicted[b] - predicted[a] || a - b).slice(0, TOP)
  return {
    ours: outcome(confidence!, reached, top),
    plain: outcome(plain, reached, top),
    coverage: mean([...candidates.y].map((actual, row) => Number(actual >= low[row] && actual <= high[row]))),
  }
}

function outcome(confidence: Float64Array, reached: Uint8Array, top: number[]): Outcome {
  return {
    calibrationError: reliability(confidence, reached).calibrationError,
    said: mean(top.map((row) => confidence[row] / 100)),
    real: mean(top.map((row) => reached[row])),
  }
}

async function outOfFoldPredictions(
  x: Matrix,
  y: Float64Array,
  seed: number,
  estimator: Estimator,
  run: TaskRunner,
): Promise<Float64Array> {
  const predicted = new Float64Array(y.length)
  for (const { train, validation } of repeatedFolds(groupRows(x), seed, FOLDS, 1)) {
    const model = await estimator.fit(selectRows(x, train), selectValues(y, train), {}, seed, run)
    const answers = model.predict(selectRows(x, validation))
    validation.forEach((row, at) => (predicted[row] = answers[at]))
  }
  return predicted
}

/** Means over several trials. */
export function average(trials: readonly Trial[]): Trial {
  const over = (of: (trial: Trial) => number): number => mean(trials.map(of))
  const outcomes = (key: 'ours' | 'plain'): Outcome => ({
    calibrationError: over((trial) => trial[key].calibrationError),
    said: over((trial) => trial[key].said),
    real: over((trial) => trial[key].real),
  })
  return { ours: outcomes('ours'), plain: outcomes('plain'), coverage: over(({ coverage }) => coverage) }
}

/** Uniform columns, and a signal of some of them under noise of deviation 1. */
function columns(count: number, signal: (x: Float64Array) => number): Case['draw'] {
  return (rows, seed) => {
    const random = new Random(seed, 3)
    const x = Array.from({ length: rows }, () => Float64Array.from({ length: count }, () => random.float()))
    const y = Float64Array.from(x, (row) => {
      let gaussian = -6
      for (let i = 0; i < 12; i++) gaussian += random.float()
      return signal(row) + gaussian
    })
    return { x: matrixOf(x), y }
  }
}
