import { Random } from '../engine/random.ts'
import type { Matrix } from './estimator.ts'
import { firstRows, groupBy, groupCount, groupRows } from './groups.ts'

export interface SplitSizes {
  train: number
  validation: number
  test: number
}

/** 70/15/15: validation and test are rounded down, training has the rest. */
export function splitSizes(count: number): SplitSizes {
  const part = Math.floor(0.15 * count)
  return { train: count - 2 * part, validation: part, test: part }
}

/** Rows of each part, ascending. */
export interface Split {
  train: Int32Array
  validation: Int32Array
  test: Int32Array
  /** rows in no part, because an earlier row has the same parameters and the same window */
  duplicates: number
}

/** Streams of their own, so that no draw here repeats one of a sampler with the same seed. */
const SPLIT_STREAM = 0x73706c74
const FOLD_STREAM = 0x666f6c64

/**
 * Split samples 70/15/15 by the seed: learn from the first part, choose by the second, report on the third, once.
 *
 * What is split are the distinct parameter vectors: a vector that was drawn twice counts once, and the windows that a
 * vector was measured on stay together.
 *
 * @param parameters one row per sample and window
 * @param windows    i32[rows], the window that a row was measured on; left out where all share one
 */
export function splitSamples(parameters: Matrix, seed: number, windows?: Int32Array): Split {
  const vectors = groupRows(parameters)
  const rows = windows
    ? firstRows(groupBy(parameters.rows, (row) => `${vectors[row]} ${windows[row]}`))
    : firstRows(vectors)

  const place = new Random(seed, SPLIT_STREAM).permutation(groupCount(vectors))
  const { train, validation } = splitSizes(place.length)
  const part = (from: number, to: number): Int32Array =>
    rows.filter((row) => place[vectors[row]] >= from && place[vectors[row]] < to)
  return {
    train: part(0, train),
    validation: part(train, train + validation),
    test: part(train + validation, place.length),
    duplicates: parameters.rows - rows.length,
  }
}

/**
 * All rows, or of more than `most` a seeded part, ascending: for what a part answers as well as the whole.
 *
 * @param stream of the caller, so that no draw repeats that of another choice with the same seed
 */
export function someRows(count: number, most: number, seed: number, stream: number): Int32Array {
  if (count <= most) return Int32Array.from({ length: count }, (_, row) => row)
  return new Random(seed, stream).permutation(count).slice(0, most).sort()
}

/** One division into rows to learn from and rows to predict, both ascending. */
export interface Fold {
  repeat: number
  fold: number
  train: Int32Array
  validation: Int32Array
}

/**
 * Repeated K-fold cross-validation: in each repeat every row is predicted exactly once.
 *
 * @param groups i32[rows] as `groupRows` gives; a group is never divided, and the folds have as many groups as each
 *               other, give or take one
 * @throws RangeError fewer groups than folds
 */
export function repeatedFolds(groups: Int32Array, seed: number, folds = 5, repeats = 3): Fold[] {
  const count = groupCount(groups)
  if (count < folds) throw new RangeError(`${folds} folds need at least as many parameter vectors, got ${count}.`)
  const rows = Int32Array.from(groups.keys())
  return Array.from({ length: repeats }, (_, repeat) => {
    const place = new Random(seed, FOLD_STREAM + repeat).permutation(count)
    return Array.from({ length: folds }, (_, fold) => ({
      repeat,
      fold,
      train: rows.filter((row) => place[groups[row]] % folds !== fold),
      validation: rows.filter((row) => place[groups[row]] % folds === fold),
    }))
  }).flat()
}
