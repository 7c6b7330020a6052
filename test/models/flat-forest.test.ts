import { RandomForestRegression } from 'ml-random-forest'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import {
  checkForest,
  flattenTrees,
  forestDepth,
  joinForests,
  scoreForest,
  type CartNode,
  type FlatForest,
} from '../../src/models/flat-forest.ts'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { friedman, type Surface } from './surfaces.ts'

/** ml-random-forest as it comes, and the same trees in our form. */
function train({ x, y }: Surface, options: object): { theirs: RandomForestRegression; ours: FlatForest } {
  const theirs = new RandomForestRegression({ nEstimators: 10, noOOB: true, ...options })
  theirs.train(rowsOf(x), [...y])
  const roots = (theirs.estimators as unknown as { root: CartNode }[]).map(({ root }) => root)
  return { theirs, ours: flattenTrees(roots, theirs.indexes!) }
}

function rowsOf(x: Matrix): number[][] {
  return Array.from({ length: x.rows }, (_, row) => [...rowOf(x, row)])
}

/** Rows on, beside and far from what was trained on, with numbers that no model should meet. */
function strangeRows(x: Matrix, rows: number, seed: number): Matrix {
  const random = new Random(seed)
  const strange = [Infinity, -Infinity, NaN, -0, 1e300, -1e300]
  const cell = (): number => {
    const die = random.int(20)
    if (die === 0) return strange[random.int(strange.length)]
    return die < 10 ? x.values[random.int(x.values.length)] : 1.4 * random.float() - 0.2
  }
  return matrixOf(Array.from({ length: rows }, () => Float64Array.from({ length: x.columns }, cell)))
}

describe('a flattened forest', () => {
  test.each([
    ['with the defaults of the package', 1, {}],
    ['with another seed', 2, { seed: 5 }],
    ['on some of the features', 3, { seed: 9, maxFeatures: 0.4 }],
    ['of stumps', 4, { seed: 3, treeOptions: { maxDepth: 1 } }],
    ['of leaves only', 5, { seed: 3, treeOptions: { maxDepth: 0 } }],
    ['with splits that leave no error', 6, { seed: 3, treeOptions: { gainThreshold: -1 } }],
  ])('predicts 10,000 rows bit for bit as ml-random-forest does, %s', (_, seed, options) => {
    const surface = friedman(100, seed)
    const { theirs, ours } = train(surface, options)
    const rows = strangeRows(surface.x, 10_000, seed)
    expect(scoreForest(ours, rows)).toEqual(Float64Array.from(theirs.predict(rowsOf(rows))))
  })

  test('predicts a constant target bit for bit as ml-random-forest does', () => {
    const { x } = friedman(30, 1)
    const { theirs, ours } = train({ x, y: new Float64Array(30).fill(0.1) }, {})
    expect(scoreForest(ours, x)).toEqual(Float64Array.from(theirs.predict(rowsOf(x))))
    expect(forestDepth(ours)).toBe(0)
  })

  test('predicts the same whether rows come alone, in eights or in thousands', () => {
    const { x, y } = friedman(60, 1)
    const { ours } = train({ x, y }, {})
    const rows = friedman(9000, 2).x // more than are copied into the kernel at a time
    const all = scoreForest(ours, rows)
    for (const row of [0, 1, 7, 8, 8191, 8192, 8999]) {
      expect(scoreForest(ours, matrixOf([rowOf(rows, row)]))[0]).toBe(all[row])
    }
  })

  test('joined from parts predicts as it does in one piece', () => {
    const surface = friedman(60, 1)
    const { ours: a } = train(surface, { seed: 1 })
    const { ours: b } = train(surface, { seed: 2 })
    const joined = joinForests([a, b])
    const mean = scoreForest(a, surface.x).map((value, row) => (value + scoreForest(b, surface.x)[row]) / 2)
    scoreForest(joined, surface.x).forEach((value, row) => expect(value).toBeCloseTo(mean[row], 12))
    expect(joined.roots).toHaveLength(20)
    expect(forestDepth(joined)).toBe(Math.max(forestDepth(a), forestDepth(b)))
    expect(() => checkForest(joined, 8)).not.toThrow()
  })

  test.each<[string, (forest: FlatForest) => void]>([
    ['a child that is its own ancestor', ({ left }) => (left[0] = 0)],
    ['a child beyond the last node', ({ left, feature }) => (left[0] = feature.length - 1)],
    ['a feature that no row has', ({ feature }) => (feature[0] = 8)],
    ['a feature below −1', ({ feature }) => (feature[0] = -2)],
    ['a leaf that does not rest on itself', ({ feature, left }) => (left[feature.indexOf(-1)] = 3)],
    ['a root beyond the last node', ({ roots, feature }) => (roots[1] = feature.length)],
  ])('is refused with %s', (_, damage) => {
    const { ours } = train(friedman(40, 1), {})
    expect(() => checkForest(ours, 8)).not.toThrow()
    damage(ours)
    expect(() => checkForest(ours, 8)).toThrow(/cannot be read/)
  })
})
