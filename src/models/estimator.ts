import { ValidationError } from '../errors.ts'
import { nearestName } from '../strategy/nearest.ts'

/** The names of the API. What is not in `algorithms.ts` yet is refused there. */
export const ALGORITHMS = ['RANDOM_FOREST', 'XGBOOST', 'NEURAL_NETWORK', 'SVR', 'BAYESIAN', 'ENSEMBLE', 'AUTO'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

/** A table of numbers, one row per sample. */
export interface Matrix {
  rows: number
  columns: number
  /** f64[rows × columns], row-major */
  values: Float64Array
}

export interface HyperparameterInfo {
  name: string
  description: string
  default: number
  /** both inclusive */
  min: number
  max: number
  integer: boolean
  /** what its whole numbers stand for, from `min` on: such a name is taken, too */
  names?: readonly string[]
}

/** Every hyperparameter of an algorithm, by name, each within its range. */
export type Hyperparameters = Readonly<Record<string, number>>

/**
 * Calls the exported function `name` of the file `module` (an href, as `import.meta.url` gives) with `data`, usually
 * in a compute thread: `(task) => engine.call(task, signal)`. The function is pure and its data can be cloned.
 */
export type TaskRunner = <T>(task: { module: string; name: string; data: unknown }) => Promise<T>

/** A learning algorithm. It keeps nothing: all that it learns is in the model. */
export interface Estimator {
  readonly algorithm: Algorithm
  readonly description: string
  readonly hyperparameters: readonly HyperparameterInfo[]

  /** Expected time of one fit on one core, in seconds, for the estimate that is shown before a job starts. */
  estimateSeconds(rows: number, columns: number, options?: Record<string, unknown>): number

  /**
   * Learn the target from the features. The same data, options and seed give the same bits, however many threads
   * stand behind `run`.
   *
   * @param features finite, scaled by nobody: what an algorithm needs scaled it scales itself
   * @param target   f64[rows], finite
   * @param options  hyperparameters by name; those left out take their default
   * @param seed     any integer; its low 32 bits count
   * @param groups   i32[rows], rows that may not be separated, for those that cross-validate inside; left out: rows
   *                 with the same features
   * @throws ValidationError every unknown or out-of-range hyperparameter by name; too few or too many rows
   */
  fit(
    features: Matrix,
    target: Float64Array,
    options: Record<string, unknown>,
    seed: number,
    run: TaskRunner,
    groups?: Int32Array,
  ): Promise<FittedModel>

  /** Read back what `toBytes` wrote. @throws DomainError MODEL_UNREADABLE */
  fromBytes(bytes: Uint8Array): FittedModel
}

export interface ShapValues {
  values: Float64Array
  base: number
}

export interface FittedModel {
  readonly algorithm: Algorithm
  /** complete, with the defaults filled in */
  readonly hyperparameters: Hyperparameters
  /** features that a row must have */
  readonly columns: number
  /**
   * f64[training rows]: for each row of the training set the prediction of those parts of the model that have not
   * seen it; NaN where every part has. Null where the algorithm has no such parts: then predict out of fold.
   */
  readonly outOfBag: Float64Array | null

  /** @returns f64[rows], in units of the target */
  predict(features: Matrix): Float64Array

  /**
   * Interventional Shapley values, where an algorithm has a fast way to them: how much each feature moves each row's
   * prediction away from the mean prediction of the background.
   *
   * @param background rows to compare with, at least 1; some hundred of the training rows will do
   * @returns values f64[rows × columns], row-major, each row adding up to its prediction less `base`; `base`: the mean
   *          prediction of the background
   */
  shap?(rows: Matrix, background: Matrix): ShapValues

  /** Everything that `predict` needs and the out-of-bag predictions; the same bits after `fromBytes`. */
  toBytes(): Uint8Array

  /** A few facts for people: how many trees, how deep. */
  describe(): Record<string, number>
}

/**
 * Check hyperparameters as a user gave them and fill in the defaults.
 *
 * @throws ValidationError naming all offending ones at once, path ['hyperparameters', name]
 */
export function resolveHyperparameters(
  infos: readonly HyperparameterInfo[],
  given: Record<string, unknown>,
): Hyperparameters {
  const known = new Map(infos.map((info) => [info.name, info]))
  const errors = Object.entries(given).flatMap(([name, value]) => {
    const info = known.get(name)
    const message = info ? complaint(info, numberOf(info, value)) : unknown(name, [...known.keys()])
    return message === null ? [] : [{ path: ['hyperparameters', name], message }]
  })
  if (errors.length > 0) throw new ValidationError(errors)
  return Object.fromEntries(
    infos.map((info) => [info.name, (numberOf(info, given[info.name]) as number | undefined) ?? info.default]),
  )
}

/** What a name stands for; anything else as it is. */
function numberOf({ names, min }: HyperparameterInfo, value: unknown): unknown {
  const at = names?.indexOf(value as string) ?? -1
  return at < 0 ? value : min + at
}

function unknown(name: string, known: string[]): string {
  const nearest = nearestName(name, known)
  return `is unknown. ${nearest ? `Did you mean ${nearest}?` : `Known: ${known.join(', ')}.`}`
}

function complaint({ min, max, integer, names }: HyperparameterInfo, value: unknown): string | null {
  const range = `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`
  const wanted = names ? `${names.map((name) => JSON.stringify(name)).join(' or ')}, or ${range}` : range
  const fits = typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))
  return fits ? null : `must be ${wanted}, got ${JSON.stringify(value)}.`
}

/**
 * What every algorithm asks of its training set.
 *
 * @throws ValidationError too few or too many rows, no columns
 * @throws RangeError      lengths that do not match or numbers that are not finite: a bug of the caller
 */
export function checkTrainingSet(
  { rows, columns, values }: Matrix,
  target: Float64Array,
  limits: { minRows: number; maxRows: number },
): void {
  if (values.length !== rows * columns || target.length !== rows) {
    throw new RangeError(
      `A training set of ${rows} × ${columns} needs ${rows * columns} features and ${rows} targets, got ${values.length} and ${target.length}.`,
    )
  }
  if (!values.every(Number.isFinite)) throw new RangeError('A feature of the training set is not a finite number.')
  if (!target.every(Number.isFinite)) throw new RangeError('A target of the training set is not a finite number.')
  if (columns === 0) throw ValidationError.at('features', 'There is nothing to learn from: no feature varies.')
  if (rows < limits.minRows) {
    throw ValidationError.at(
      'samples',
      `Training needs at least ${limits.minRows} rows, got ${rows}. Run more samples.`,
    )
  }
  if (rows > limits.maxRows) {
    throw ValidationError.at(
      'samples',
      `Training takes at most ${limits.maxRows} rows, got ${rows}. Run fewer samples or another algorithm.`,
    )
  }
}
