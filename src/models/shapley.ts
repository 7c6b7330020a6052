import { Random } from '../engine/random.ts'
import { mean } from '../engine/statistics.ts'
import type { Matrix } from './estimator.ts'
import type { Predict } from './importance.ts'
import { rowOf } from './matrix.ts'

/** What each feature of a row contributes to its prediction, against a background. */
export interface Explanation {
  /** f64[rows × features]; those of a row add up to its prediction less the base value */
  contributions: Matrix
  /** mean prediction over the background */
  baseValue: number
  /** whether all coalitions were enumerated; otherwise the contributions are estimates */
  exact: boolean
}

/** Up to here all coalitions are looked at. */
export const EXACT_FEATURES = 10

/** Orders per row beyond that, half of them the others backwards. */
const ORDERS = 16

/** Cells of the rows that are predicted in one call. */
const CELLS_AT_ONCE = 2 ** 21

/** A stream of its own, so that no draw repeats one of a sampler with the same seed. */
const ORDER_STREAM = 0x73686170

/**
 * Interventional Shapley values of any model (Lundberg & Lee 2017): the fair share of each feature in the prediction,
 * where features outside a coalition take their values from the background rows.
 *
 * With up to 10 features every coalition is enumerated. With more, features join in random orders, each also
 * backwards (antithetic; Mitchell et al. 2022): what a row's features contribute adds up along every order, so the sum
 * is right by construction and only the division among features is estimated.
 *
 * @param background    at most 100 rows, see `backgroundRows`
 * @param orders        per row, beyond `exactFeatures`
 * @param exactFeatures up to here every coalition is looked at
 *
 * Costs background rows × min(2^features, 16 · features) predictions a row; use the trees' own method where there is
 * one.
 */
export function shapleyValues(
  predict: Predict,
  rows: Matrix,
  background: Matrix,
  seed: number,
  orders: number = ORDERS,
  exactFeatures: number = EXACT_FEATURES,
): Explanation {
  const { columns } = rows
  const contributions = { rows: rows.rows, columns, values: new Float64Array(rows.values.length) }
  const exact = columns <= exactFeatures
  for (let row = 0; row < rows.rows; row++) {
    const at = rowOf(rows, row)
    const worth = (coalitions: readonly Uint8Array[]): Float64Array => worths(predict, at, background, coalitions)
    rowOf(contributions, row).set(
      exact ? enumerate(columns, worth) : walkOrders(columns, worth, new Random(seed, ORDER_STREAM + row), orders),
    )
  }
  return { contributions, baseValue: mean(predict(background)), exact }
}

/** f64[features], mean absolute contribution over the rows: how much a feature matters over all. */
export function globalShapley({ contributions }: Explanation): Float64Array {
  const { rows, columns, values } = contributions
  const out = new Float64Array(columns)
  values.forEach((value, cell) => (out[cell % columns] += Math.abs(value) / rows))
  return out
}

/** Worth of coalitions: the mean prediction over the background with the members' values taken from the row. */
type Worth = (coalitions: readonly Uint8Array[]) => Float64Array

/** φ_j = Σ over coalitions S without j of |S|! (d − |S| − 1)! / d! · (v(S + j) − v(S)). */
function enumerate(d: number, worth: Worth): Float64Array {
  const masks = Array.from({ length: 1 << d }, (_, mask) => Uint8Array.from({ length: d }, (_, j) => (mask >> j) & 1))
  const values = worth(masks)
  const share = shares(d)
  return Float64Array.from({ length: d }, (_, j) => {
    let sum = 0
    masks.forEach((members, mask) => {
      if (members[j] === 1) return
      const size = members.reduce((count, member) => count + member, 0)
      sum += share[size] * (values[mask | (1 << j)] - values[mask])
    })
    return sum
  })
}

/** How often a coalition of each size is the one that a feature joins, over all orders: |S|! (d − |S| − 1)! / d!. */
function shares(d: number): Float64Array {
  const out = new Float64Array(d)
  out[0] = 1 / d
  for (let size = 1; size < d; size++) out[size] = (out[size - 1] * size) / (d - size)
  return out
}

function walkOrders(d: number, worth: Worth, random: Random, orders: number): Float64Array {
  const paths = Array.from({ length: Math.max(1, Math.ceil(orders / 2)) }, () => random.permutation(d)).flatMap(
    (order) => [order, order.toReversed()],
  )
  const known = new Map<string, number>() // orders share coalitions: the first, the last, and some between
  const coalitions: Uint8Array[] = []
  const steps = paths.map((path) =>
    prefixes(path).map((members) => {
      const key = members.join('')
      const at = known.get(key) ?? coalitions.push(members) - 1
      known.set(key, at)
      return at
    }),
  )
  const values = worth(coalitions)
  const sum = new Float64Array(d)
  paths.forEach((path, at) => {
    path.forEach((j, step) => (sum[j] += values[steps[at][step + 1]] - values[steps[at][step]]))
  })
  return sum.map((value) => value / paths.length)
}

/** Nobody, the first, the first two, … all. */
function prefixes(path: Int32Array): Uint8Array[] {
  const members = new Uint8Array(path.length)
  return [members.slice(), ...Array.from(path, (j) => members.fill(1, j, j + 1).slice())]
}

function worths(
  predict: Predict,
  row: Float64Array,
  background: Matrix,
  coalitions: readonly Uint8Array[],
): Float64Array {
  const { rows: count, columns } = background
  const out = new Float64Array(coalitions.length)
  const atOnce = Math.max(1, Math.floor(CELLS_AT_ONCE / (count * columns)))
  for (let from = 0; from < coalitions.length; from += atOnce) {
    const part = coalitions.slice(from, from + atOnce)
    const values = new Float64Array(part.length * count * columns)
    part.forEach((members, at) => {
      const start = at * count * columns
      values.set(background.values, start)
      members.forEach((member, j) => {
        if (member === 1) for (let b = 0; b < count; b++) values[start + b * columns + j] = row[j]
      })
    })
    const predicted = predict({ rows: part.length * count, columns, values })
    part.forEach((_, at) => (out[from + at] = mean(predicted.subarray(at * count, (at + 1) * count))))
  }
  return out
}
