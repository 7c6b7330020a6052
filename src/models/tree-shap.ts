import { mean } from '../engine/statistics.ts'
import { localKernel } from '../engine/wasm.ts'
import type { Matrix, ShapValues } from './estimator.ts'
import { forestDepth, type FlatForest } from './flat-forest.ts'
import { putRecord, type WeightedForest } from './growth.ts'
import { rowOf } from './matrix.ts'

/** Distinct features on the way to a leaf, at most. */
export const MAX_PATH_FEATURES = 64

/** Bytes of an element of a path in the kernel. */
const PATH_ELEMENT = 32

/**
 * Interventional Shapley values of the sum of the trees: how much each feature moves a row away from the mean of the
 * background, where features that are not known take their values from the background rows (Lundberg et al. 2020).
 *
 * @param rows, background with the columns of the forest; at least one background row
 * @returns f64[rows × columns]; each row adds up to the sum of its leaves less the mean of that sum over the background
 */
export function interventionalShap(forest: FlatForest, rows: Matrix, background: Matrix): Float64Array {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const { columns } = rows
  const rowCount = even(rows.rows)
  const backgroundCount = even(background.rows)
  const stride = rowCount + backgroundCount
  const out = arena.putFloat64(new Float64Array(rowCount * columns))
  const record = putRecord(
    arena,
    [
      arena.putInt32(forest.feature),
      arena.putFloat64(forest.number),
      arena.putInt32(forest.left),
      arena.putFloat64(columnMajor(rows, background, rowCount, stride)),
      rowCount,
      backgroundCount,
      columns,
      arena.alloc((forestDepth(forest) + 1) * stride * 8),
      arena.alloc(columns * 4),
      arena.alloc(MAX_PATH_FEATURES * 4),
      arena.putFloat64(shapleyWeights()),
      arena.alloc(256 * 8 * 8),
      arena.alloc(256),
      arena.alloc(backgroundCount * 8),
      arena.alloc(backgroundCount * 8),
      arena.alloc(256 * 4),
      background.rows,
      out,
    ],
    [],
  )
  for (const root of forest.roots) kernel.interventionalShap(record, root)
  const values = arena.float64(out, rows.rows * columns).map((value) => value / background.rows)
  arena.release(mark)
  return values
}

/**
 * Path-dependent Shapley values of the sum of the trees, as XGBoost's `pred_contribs` gives them: a feature that is
 * not known follows both branches, in the proportion of the training rows that did.
 *
 * @returns values f64[rows × columns]; each row adds up to the sum of its leaves less `base`, the mean of that sum over
 * the training rows
 */
export function pathDependentShap(forest: WeightedForest, rows: Matrix): { values: Float64Array; base: number } {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const [feature, left] = [arena.putInt32(forest.feature), arena.putInt32(forest.left)]
  const [number, cover] = [arena.putFloat64(forest.number), arena.putFloat64(forest.cover)]
  const depth = forestDepth(forest)
  const scratch = arena.alloc((((depth + 2) * (depth + 3)) / 2) * PATH_ELEMENT)
  const x = arena.putFloat64(rows.values)
  const out = arena.putFloat64(new Float64Array(rows.values.length))
  const rowBytes = rows.columns * 8
  for (let row = 0; row < rows.rows; row++) {
    for (const root of forest.roots) {
      kernel.pathShap(feature, number, left, cover, root, x + row * rowBytes, scratch, out + row * rowBytes)
    }
  }
  const values = arena.float64(out, rows.values.length).slice()
  arena.release(mark)
  return { values, base: coveredMean(forest) }
}

/** Mean of the sum of the leaves over the training rows. */
function coveredMean({ roots, feature, number, cover }: WeightedForest): number {
  let total = 0
  roots.forEach((root, tree) => {
    const end = roots[tree + 1] ?? feature.length
    for (let node = root; node < end; node++) {
      if (feature[node] < 0) total += (number[node] * cover[node]) / cover[root]
    }
  })
  return total
}

/** The values of each column side by side, padded by repetition. */
function columnMajor(rows: Matrix, background: Matrix, rowCount: number, stride: number): Float64Array {
  const { columns } = rows
  const values = new Float64Array(columns * stride)
  const put = (part: Matrix, begin: number, count: number): void => {
    for (let at = 0; at < count; at++) {
      const from = Math.min(at, part.rows - 1) * columns
      for (let column = 0; column < columns; column++) values[column * stride + begin + at] = part.values[from + column]
    }
  }
  put(rows, 0, rowCount)
  put(background, rowCount, stride - rowCount)
  return values
}

let weights: Float64Array | undefined

/** f64[65 × 65]: (a − 1)! b! / (a + b)! = 1 / (a · binomial(a + b, a)) in row a; row 0 is not used. */
function shapleyWeights(): Float64Array {
  if (weights) return weights
  const side = MAX_PATH_FEATURES + 1
  weights = new Float64Array(side * side)
  for (let a = 1; a < side; a++) {
    let weight = 1 / a // b = 0
    for (let b = 0; b < side; b++) {
      weights[a * side + b] = weight
      weight *= (b + 1) / (a + b + 1)
    }
  }
  return weights
}

function even(count: number): number {
  return 2 * Math.ceil(count / 2)
}

/**
 * Interventional Shapley values of a model whose prediction is `share` times the sum of its trees, give or take
 * rounding. What rounding leaves is handed out in proportion, so that each row adds up to what the model really says.
 */
export function explainForest(
  forest: FlatForest,
  share: number,
  predict: (rows: Matrix) => Float64Array,
  rows: Matrix,
  background: Matrix,
): ShapValues {
  if (background.rows === 0) throw new RangeError('Shapley values need at least one background row to compare with.')
  const base = mean(predict(background))
  const values = interventionalShap(forest, rows, background)
  predict(rows).forEach((prediction, row) => {
    const own = rowOf({ ...rows, values }, row)
    let sum = 0
    let size = 0
    for (let column = 0; column < own.length; column++) {
      own[column] *= share
      sum += own[column]
      size += Math.abs(own[column])
    }
    const left = size > 0 ? (prediction - base - sum) / size : 0
    for (let column = 0; column < own.length; column++) own[column] += left * Math.abs(own[column])
  })
  return { values, base }
}
