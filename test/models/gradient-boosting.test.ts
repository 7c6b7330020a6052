import { describe, expect, test } from 'vitest'
import { r2 } from '../../src/engine/statistics.ts'
import { trainBoosting } from '../../src/models/boosting-task.ts'
import type { Hyperparameters, Matrix } from '../../src/models/estimator.ts'
import { gradientBoosting, type GradientBoosting } from '../../src/models/gradient-boosting.ts'
import { rowOf } from '../../src/models/matrix.ts'
import { describeEstimator } from './describe-estimator.ts'
import { plainTree, type PlainNode } from './plain-tree.ts'
import { randomRows } from './random-trees.ts'
import { runHere } from './run-here.ts'
import { friedman, noise } from './surfaces.ts'

describeEstimator('XGBOOST', gradientBoosting, { nEstimators: 60 })
describeEstimator('XGBOOST that samples columns and stops early', gradientBoosting, {
  nEstimators: 200,
  columnSample: 0.5,
  earlyStoppingRounds: 20,
})

function fit(x: Matrix, y: Float64Array, options: Record<string, number>, seed = 1): Promise<GradientBoosting> {
  return gradientBoosting.fit(x, y, options, seed, runHere) as Promise<GradientBoosting>
}

describe('gradient boosting', () => {
  test('predicts the mean plus the steps of its trees, as XGBoost defines them', async () => {
    const x = { rows: 12, columns: 1, values: Float64Array.from({ length: 12 }, (_, row) => row) }
    const y = Float64Array.from({ length: 12 }, (_, row) => (row < 6 ? 1 : 4))
    const model = await fit(x, y, {
      nEstimators: 1,
      maxDepth: 1,
      learningRate: 0.5,
      subsample: 1,
      minChildWeight: 1,
      lambda: 2,
    })
    const step = (0.5 * (6 * 1.5)) / (6 + 2)
    expect([...model.predict(x)]).toEqual(Array.from({ length: 12 }, (_, row) => 2.5 + (row < 6 ? -step : step)))
    expect(model.forest.number[0]).toBeCloseTo(5.5, 6)
    expect([...model.forest.cover]).toEqual([12, 6, 6])
  })

  test('grows the same first trees whether or not more follow', async () => {
    const { x, y } = friedman(300, 5)
    const options = { maxDepth: 5, columnSample: 0.6 }
    const few = (await fit(x, y, { ...options, nEstimators: 50 })).forest
    const many = (await fit(x, y, { ...options, nEstimators: 60 })).forest
    expect(many.number.subarray(0, few.number.length)).toEqual(few.number)
    expect(many.cover.subarray(0, few.cover.length)).toEqual(few.cover)
  })

  test('keeps leaves of at least minChildWeight rows', async () => {
    const { x, y } = friedman(200, 2)
    const { forest } = await fit(x, y, { nEstimators: 20, maxDepth: 8, subsample: 1, minChildWeight: 15 })
    forest.cover.forEach((cover) => expect(cover).toBeGreaterThanOrEqual(15))
  })

  test('gives each tree as many rows as subsample says', async () => {
    const { x, y } = friedman(200, 2)
    const { forest } = await fit(x, y, { nEstimators: 5, subsample: 0.35 })
    for (const root of forest.roots) expect(forest.cover[root]).toBe(70)
  })

  test('gives each tree as many features as columnSample says', async () => {
    const { x, y } = friedman(300, 2)
    const { forest } = await fit(x, y, { nEstimators: 30, maxDepth: 6, minChildWeight: 1, columnSample: 0.25 })
    forest.roots.forEach((root, tree) => {
      const nodes = forest.feature.subarray(root, forest.roots[tree + 1] ?? forest.feature.length)
      expect(new Set(nodes.filter((feature) => feature >= 0)).size).toBeLessThanOrEqual(2)
    })
    expect(new Set(forest.feature.filter((feature) => feature >= 0)).size).toBe(8)
  })

  test('prunes splits that gain less than gamma, whatever the unit of the target', async () => {
    const { x, y } = friedman(300, 2)
    const nodes = async (gamma: number, unit: number): Promise<number> =>
      (
        await fit(
          x,
          y.map((value) => value * unit),
          { nEstimators: 20, gamma },
        )
      ).describe().nodes
    expect(await nodes(5, 1)).toBeLessThan(await nodes(0, 1))
    expect(await nodes(5, 1024)).toBe(await nodes(5, 1))
    expect(await nodes(1000, 1)).toBe(20)
  })

  test('shrinks its leaves as lambda grows', async () => {
    const { x, y } = friedman(300, 2)
    const largest = async (lambda: number): Promise<number> => {
      const { forest } = await fit(x, y, { nEstimators: 1, lambda })
      return Math.max(...forest.number.filter((_, node) => forest.feature[node] < 0).map(Math.abs))
    }
    expect(await largest(100)).toBeLessThan((await largest(0)) / 2)
  })

  test('stops early on noise, and never later than it was asked to', async () => {
    const { x, y } = noise(400, 3)
    const model = await fit(x, y, { nEstimators: 300, earlyStoppingRounds: 20 })
    expect(model.describe().trees).toBeLessThan(100)
    const clear = friedman(400, 3)
    expect(
      (await fit(clear.x, clear.y, { nEstimators: 300, earlyStoppingRounds: 20 })).describe().trees,
    ).toBeGreaterThan(100)
  })

  test('chooses depth and leaf size by the number of rows, and says so', async () => {
    const few = friedman(70, 2)
    expect((await fit(few.x, few.y, { nEstimators: 2 })).hyperparameters).toMatchObject({
      maxDepth: 3,
      minChildWeight: 5,
    })
    const many = friedman(3000, 2)
    expect((await fit(many.x, many.y, { nEstimators: 2 })).hyperparameters).toMatchObject({
      maxDepth: 4,
      minChildWeight: 10,
    })
  })

  test('learns from twenty rows with its defaults', async () => {
    const { x, y } = friedman(20, 2)
    expect(r2(y, (await fit(x, y, {})).predict(x))!).toBeGreaterThan(0.3)
  })

  test('never asks more of a split than fits into the fixed point: the unit of the target does not matter', async () => {
    const { x, y } = friedman(200, 2)
    const model = await fit(x, y, { nEstimators: 30 })
    for (const unit of [2 ** -60, 2 ** 60]) {
      const scaled = await fit(
        x,
        y.map((value) => value * unit),
        { nEstimators: 30 },
      )
      expect(scaled.predict(x).map((value) => value / unit)).toEqual(model.predict(x))
    }
  })

  test('predicts a row with a missing value as one on the right of every threshold', async () => {
    const { x, y } = friedman(200, 2)
    const model = await fit(x, y, { nEstimators: 30 })
    const missing = { rows: 1, columns: 8, values: new Float64Array(8).fill(NaN) }
    const large = { rows: 1, columns: 8, values: new Float64Array(8).fill(1e300) }
    expect(model.predict(missing)).toEqual(model.predict(large))
  })

  test('has Shapley values that add up to its predictions within 1e-6, rounding of 32-bit sums included', async () => {
    const { x, y } = friedman(300, 2)
    const rows = friedman(50, 3).x
    const model = await fit(x, y, {})
    const { values, base } = model.shap(rows, x)
    model.predict(rows).forEach((prediction, row) => {
      const sum = values.subarray(row * 8, row * 8 + 8).reduce((a, b) => a + b, base)
      expect(Math.abs(sum - prediction)).toBeLessThan(1e-6)
    })
  })

  test.each([
    { columns: 8, columnSample: 1 },
    { columns: 8, columnSample: 0.4 },
    { columns: 21, columnSample: 0.8 },
    { columns: 45, columnSample: 0.7 },
    { columns: 45, columnSample: 0.2 },
  ])(
    'sends as many training rows through every node as it says, by its thresholds alone, %j',
    ({ columns, columnSample }) => {
      const rows = randomRows(columns, 400, 7)
      const y = Float64Array.from({ length: 400 }, (_, row) =>
        rowOf(rows, row).reduce((sum, value, at) => sum + value * (at % 4), 0),
      )
      const hyperparameters = allRows({ nEstimators: 12, maxDepth: 7, columnSample })
      const { forest } = trainBoosting({ features: rows, target: y, hyperparameters, seed: 1 })
      const seen = new Float64Array(forest.cover.length)
      const visit = (cells: Float64Array, node: number): void => {
        seen[node]++
        const feature = forest.feature[node]
        if (feature >= 0) visit(cells, forest.left[node] + (cells[feature] < forest.number[node] ? 0 : 1))
      }
      for (let row = 0; row < 400; row++) for (const root of forest.roots) visit(rowOf(rows, row), root)
      expect(forest.cover).toEqual(seen)
    },
  )

  test.each([
    { name: 'small', rows: 100, maxDepth: 6 },
    { name: 'large', rows: 500, maxDepth: 2 },
    { name: 'large leaves', rows: 600, maxDepth: 4, minChildWeight: 7.5 },
    { name: 'no penalty', rows: 400, maxDepth: 4, lambda: 0 },
    { name: 'a crooked penalty', rows: 400, maxDepth: 4, lambda: 0.3 },
    { name: 'a giant among the targets', rows: 400, maxDepth: 4, giant: 1e9 },
    { name: 'features that say the same', rows: 300, maxDepth: 5, twins: true },
  ])('splits as a search through all cuts does: $name', ({ name: _, rows, giant, twins, ...options }) => {
    const { x, y } = friedman(rows, 3)
    if (twins) x.values.forEach((value, at) => (x.values[at] = at % 2 ? x.values[at - 1] : Math.round(9 * value)))
    if (giant) y[7] = giant
    const hyperparameters = allRows({ nEstimators: 1, ...options })
    const { forest, baseScore } = trainBoosting({ features: x, target: y, hyperparameters, seed: 1 })
    const read = (node: number): PlainNode => {
      const { feature, number, left, cover } = forest
      if (feature[node] < 0) return { rows: cover[node] }
      return { column: feature[node], cut: number[node], left: read(left[node]), right: read(left[node] + 1) }
    }
    expect(read(0)).toEqual(plainTree(x, y, baseScore, hyperparameters))
  })

  test('grows the same trees whatever order the rows come in, but for the draws', () => {
    const { x, y } = friedman(500, 2)
    const hyperparameters = allRows({ nEstimators: 20, maxDepth: 5 })
    const turned = {
      x: {
        ...x,
        values: Float64Array.from({ length: 4000 }, (_, at) => x.values[(499 - Math.floor(at / 8)) * 8 + (at % 8)]),
      },
      y: y.toReversed(),
    }
    const one = trainBoosting({ features: x, target: y, hyperparameters, seed: 1 })
    const other = trainBoosting({ features: turned.x, target: turned.y, hyperparameters, seed: 1 })
    expect(other.forest.feature).toEqual(one.forest.feature)
    expect(other.forest.cover).toEqual(one.forest.cover)
  })
})

function allRows(options: Record<string, number>): Hyperparameters {
  const defaults = Object.fromEntries(gradientBoosting.hyperparameters.map(({ name, default: value }) => [name, value]))
  return { ...defaults, subsample: 1, minChildWeight: 1, ...options }
}
