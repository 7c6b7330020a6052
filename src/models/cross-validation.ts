import { turn } from './turn.ts'
import { mean, r2, standardDeviation } from '../engine/statistics.ts'
import type { Estimator, Matrix, TaskRunner } from './estimator.ts'
import { groupCount } from './groups.ts'
import { permutationImportance } from './importance.ts'
import { selectRows, selectValues } from './matrix.ts'
import { repeatedFolds, type Fold } from './split.ts'

/** How well an algorithm predicts rows that it has not seen. */
export interface CrossValidation {
  folds: number
  repeats: number
  /** in the order of the repeats, then the folds; null where a fold's target is constant */
  r2ByFold: (number | null)[]
  /** null where no fold has one */
  r2Mean: number | null
  r2StandardDeviation: number | null
  /** mean training R² less mean validation R²; null where either does not exist */
  gap: number | null
  /** f64[rows], the prediction of each row by models that have not seen it, mean over the repeats */
  outOfFold: Float64Array
  /** f64[rows], the same of the first repeat alone: one model's word each, as a single model will be used */
  outOfFirstFold: Float64Array
  /** mean R² lost by shuffling, one row per fold of the first repeat, an entry per feature; null unless asked for */
  importanceByFold: Float64Array[] | null
}

export interface CrossValidationSettings {
  folds?: number
  repeats?: number
  /** names of the features: measure on each fold's unseen rows how much each matters */
  importanceOf?: readonly string[]
  /** shuffles of each feature for that */
  shuffles?: number
}

/**
 * Repeated K-fold cross-validation.
 *
 * @param groups  i32[rows] as `groupRows` gives; rows of a group are never on both sides
 * @param options hyperparameters
 *
 * Costs folds × repeats fits; they are all in flight at once. Predictions are made here, and of many rows they take
 * seconds in all: between those others have a turn of the event loop, or a worker would seem dead.
 */
export async function crossValidate(
  estimator: Estimator,
  features: Matrix,
  target: Float64Array,
  groups: Int32Array,
  options: Record<string, unknown>,
  seed: number,
  run: TaskRunner,
  { folds = 5, repeats = 3, importanceOf, shuffles }: CrossValidationSettings = {},
): Promise<CrossValidation> {
  const results = await Promise.all(repeatedFolds(groups, seed, folds, repeats).map(examine))
  const outOfFold = new Float64Array(target.length)
  const outOfFirstFold = new Float64Array(target.length)
  for (const { fold, predicted } of results) {
    fold.validation.forEach((row, at) => (outOfFold[row] += predicted[at] / repeats))
    if (fold.repeat === 0) fold.validation.forEach((row, at) => (outOfFirstFold[row] = predicted[at]))
  }
  const r2ByFold = results.map(({ validation }) => validation)
  const known = r2ByFold.filter((value) => value !== null)
  const trained = results.flatMap(({ training }) => training ?? [])
  const exists = known.length > 0
  return {
    folds,
    repeats,
    r2ByFold,
    r2Mean: exists ? mean(known) : null,
    r2StandardDeviation: known.length > 1 ? standardDeviation(known) : null,
    gap: exists && trained.length > 0 ? mean(trained) - mean(known) : null,
    outOfFold,
    outOfFirstFold,
    importanceByFold: importanceOf ? results.flatMap(({ importance }) => importance ?? []) : null,
  }

  async function examine(fold: Fold, at: number): Promise<Examined> {
    const [seen, unseen] = [selectRows(features, fold.train), selectRows(features, fold.validation)]
    const [learned, actual] = [selectValues(target, fold.train), selectValues(target, fold.validation)]
    const model = await estimator.fit(seen, learned, options, seed, run)
    await turn(unseen.rows)
    const predicted = model.predict(unseen)
    await turn(seen.rows)
    const training = r2(learned, model.predict(seen))
    const predict = (rows: Matrix): Float64Array => model.predict(rows)
    const lost =
      importanceOf && fold.repeat === 0
        ? await permutationImportance(predict, unseen, importanceOf, actual, seed + at, shuffles)
        : undefined
    return {
      fold,
      predicted,
      validation: r2(actual, predicted),
      training,
      importance: lost && Float64Array.from(lost, ({ losses }) => mean(losses)),
    }
  }
}

interface Examined {
  fold: Fold
  predicted: Float64Array
  validation: number | null
  training: number | null
  importance: Float64Array | undefined
}

/** What the choice among presets looks at; `CrossValidation` has it. */
export type PresetScore = Pick<CrossValidation, 'folds' | 'r2Mean' | 'r2StandardDeviation' | 'gap'>

/**
 * The one-standard-error rule (Breiman et al. 1984): of the presets whose cross-validated R² is within one standard
 * error of the best, the one with the smallest gap between training and validation.
 *
 * The standard error is that of the best, its deviation over √folds: repeats are not independent of each other and do
 * not count. A preset without an R² is never chosen, unless none has one; then it is the first.
 *
 * @param scores one per preset
 */
export function chooseByOneStandardError<T>(presets: readonly T[], scores: readonly PresetScore[]): T {
  const best = scores.reduce((top, score) => (r2Of(score) > r2Of(top) ? score : top))
  if (best.r2Mean === null) return presets[0]
  const reach = best.r2Mean - (best.r2StandardDeviation ?? 0) / Math.sqrt(best.folds)
  const near = [...scores.keys()].filter((at) => r2Of(scores[at]) >= reach)
  const gapOf = (at: number): number => scores[at].gap ?? Infinity
  return presets[near.reduce((least, at) => (gapOf(at) < gapOf(least) ? at : least))]
}

function r2Of({ r2Mean }: PresetScore): number {
  return r2Mean ?? -Infinity
}

export interface LearningCurvePoint {
  /** training rows, mean over the folds */
  rows: number
  /** cross-validated; null where it does not exist */
  r2: number | null
}

/** Shares of the training rows that a learning curve looks at. */
const CURVE_SHARES = [0.25, 0.5, 0.75, 1]

/** Cross-validated R² when only a part of the samples may be learned from: would more samples help? */
export async function learningCurve(
  estimator: Estimator,
  features: Matrix,
  target: Float64Array,
  groups: Int32Array,
  options: Record<string, unknown>,
  seed: number,
  run: TaskRunner,
  shares: readonly number[] = CURVE_SHARES,
): Promise<LearningCurvePoint[]> {
  const folds = repeatedFolds(groups, seed, 5, 1)
  return Promise.all(
    shares.map(async (share) => {
      const points = await Promise.all(
        folds.map(async ({ train, validation }) => {
          const rows = firstGroups(train, groups, share)
          const model = await estimator.fit(selectRows(features, rows), selectValues(target, rows), options, seed, run)
          await turn(validation.length)
          const predicted = model.predict(selectRows(features, validation))
          return { rows: rows.length, r2: r2(selectValues(target, validation), predicted) }
        }),
      )
      const known = points.flatMap((point) => point.r2 ?? [])
      return { rows: mean(points.map(({ rows }) => rows)), r2: known.length > 0 ? mean(known) : null }
    }),
  )
}

/**
 * What R² to expect with more samples, by the line R² = a − b / √rows through the curve, never above 1.
 *
 * @returns null with fewer than three points: through two there always is a line
 */
export function expectedR2(curve: readonly LearningCurvePoint[], rows: number): number | null {
  const known = curve.filter((point): point is { rows: number; r2: number } => point.r2 !== null)
  if (known.length < 3) return null
  const x = known.map((point) => 1 / Math.sqrt(point.rows))
  const y = known.map((point) => point.r2)
  const [meanX, meanY] = [mean(x), mean(y)]
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0)
  if (spread === 0) return null
  const slope = x.reduce((sum, value, at) => sum + (value - meanX) * (y[at] - meanY), 0) / spread
  return Math.min(1, meanY + Math.min(0, slope) * (1 / Math.sqrt(rows) - meanX))
}

/** Rows of the first groups to appear, a share of all groups that the rows have. Sample order is random already. */
function firstGroups(rows: Int32Array, groups: Int32Array, share: number): Int32Array {
  const present = [...new Set(Array.from(rows, (row) => groups[row]))]
  const kept = new Uint8Array(groupCount(groups))
  for (const group of present.slice(0, Math.ceil(share * present.length))) kept[group] = 1
  return rows.filter((row) => kept[groups[row]] === 1)
}
