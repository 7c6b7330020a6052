import { describe, expect, test } from 'vitest'
import { r2 } from '../../src/engine/statistics.ts'
import { unpackArtifact } from '../../src/models/artifact.ts'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { applyScaling, standardisation, standardise, standardScaling } from '../../src/models/scaling.ts'
import { trainSupportVectors } from '../../src/models/support-vector-task.ts'
import { supportVector } from '../../src/models/support-vector.ts'
import { describeEstimator } from './describe-estimator.ts'
import { runHere } from './run-here.ts'
import { friedman } from './surfaces.ts'

describeEstimator('SVR', supportVector, {})

const HYPERPARAMETERS = { c: 2, gamma: 1, epsilon: 0.1, tolerance: 1e-6 }

function taskOf(rows: number, c = 2) {
  const { x, y } = friedman(rows, 1)
  const scaled = applyScaling(standardScaling(x), x)
  const features = { ...scaled, values: scaled.values.map((value) => 0.3 * value) }
  return { features, target: standardise(standardisation(y), y), hyperparameters: { ...HYPERPARAMETERS, c } }
}

const radial = (a: Float64Array, b: Float64Array): number =>
  Math.exp(-a.reduce((sum, value, j) => sum + (value - b[j]) ** 2, 0))

describe('the training of support vectors', () => {
  test.each([
    [37, 2],
    [80, 0.05],
    [80, 100],
  ])('ends at the optimum, with %i rows and C = %d', (rows, c) => {
    const { features, target, hyperparameters } = taskOf(rows, c)
    const { beta, intercept } = trainSupportVectors({ features, target, hyperparameters })
    expect(Math.abs(beta.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-9)
    for (let row = 0; row < rows; row++) {
      const predicted = beta.reduce(
        (sum, b, at) => sum + b * radial(rowOf(features, at), rowOf(features, row)),
        intercept,
      )
      const error = target[row] - predicted
      const slack = 1e-5
      // the conditions of Karush, Kuhn and Tucker, by the kind of row
      if (beta[row] === 0) expect(Math.abs(error)).toBeLessThan(0.1 + slack)
      else if (Math.abs(beta[row]) < c) expect(error).toBeCloseTo(0.1 * Math.sign(beta[row]), 4)
      else expect(error * Math.sign(beta[row])).toBeGreaterThan(0.1 - slack)
      expect(Math.abs(beta[row])).toBeLessThanOrEqual(c)
    }
  })

  test('keeps what lies within epsilon out of the model', async () => {
    const { x, y } = friedman(100, 1)
    const vectors = async (epsilon: number): Promise<number> =>
      (await supportVector.fit(x, y, { epsilon }, 1, runHere)).describe().supportVectors
    expect(await vectors(0.5)).toBeLessThan(await vectors(0.05))
    expect(await vectors(2)).toBeLessThan(10)
  })
})

describe('support vector regression', () => {
  test('learns a smooth surface from few samples', async () => {
    const { x, y } = friedman(200, 1)
    const unseen = friedman(1000, 2)
    const model = await supportVector.fit(x, y, {}, 1, runHere)
    expect(r2(unseen.y, model.predict(unseen.x))!).toBeGreaterThan(0.75)
  })

  test('predicts by the formula', async () => {
    const { x, y } = friedman(40, 1)
    const model = await supportVector.fit(x, y, {}, 1, runHere)
    const { facts, columns } = unpackArtifact(model.toBytes())
    const { shift, factor, values, beta } = columns as Record<string, Float64Array>
    const vectors = { rows: beta.length, columns: 8, values }
    const { centre, deviation } = facts.outcome as { centre: number; deviation: number }
    const place = rowOf(applyScaling({ shift, factor }, matrixOf([rowOf(x, 5)])), 0)
    const sum = beta.reduce((total, b, at) => total + b * radial(rowOf(vectors, at), place), facts.intercept as number)
    expect(model.predict(x)[5]).toBeCloseTo(centre + deviation * sum, 9)
  })

  test('answers alike, however few rows of the kernel it can keep', async () => {
    const { localKernel } = await import('../../src/engine/wasm.ts')
    const { byColumns, padVector } = await import('../../src/models/scratch.ts')
    const { features, target } = taskOf(37)
    const { kernel, arena } = localKernel()
    const train = (slots: number): number[] => {
      const mark = arena.mark()
      const n = 40
      const [x, points, y] = [features.values, byColumns(features), padVector(target)].map((v) => arena.putFloat64(v))
      const [cache, index, beta, error, result] = [8 * slots * n, 4 * (37 + slots), 8 * n, 8 * n, 16].map((bytes) =>
        arena.alloc(bytes),
      )
      // prettier-ignore
      kernel.trainSvr(x, points, 37, n, 8, y, 2, 0.1, 1e-6, 100_000, slots, cache, index, beta, error, result)
      const found = [...arena.float64(beta, 37), ...arena.float64(result, 2)]
      arena.release(mark)
      return found
    }
    expect(train(2)).toEqual(train(37))
    expect(train(3)).toEqual(train(37))
  })
})
