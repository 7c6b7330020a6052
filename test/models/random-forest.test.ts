import { describe, expect, test } from 'vitest'
import { r2 } from '../../src/engine/statistics.ts'
import { getEstimator, modelFromBytes } from '../../src/models/algorithms.ts'
import { packArtifact, unpackArtifact } from '../../src/models/artifact.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { describeEstimator } from './describe-estimator.ts'
import { runHere } from './run-here.ts'
import { friedman, noise } from './surfaces.ts'

describeEstimator('RANDOM_FOREST', randomForest, { nEstimators: 20 })

describe('a random forest', () => {
  test('grows the trees it was asked for, in chunks of ten', async () => {
    const { x, y } = friedman(40, 1)
    const model = await randomForest.fit(x, y, { nEstimators: 25, maxDepth: 3 }, 1, runHere)
    expect(model.describe()).toMatchObject({ trees: 25, depth: 3, features: 8 })
  })

  test('grows the same first trees whether or not more follow', async () => {
    const { x, y } = friedman(40, 1)
    const few = await randomForest.fit(x, y, { nEstimators: 10 }, 1, runHere)
    const many = await randomForest.fit(x, y, { nEstimators: 20 }, 1, runHere)
    const numbers = (model: typeof few): Float64Array => unpackArtifact(model.toBytes()).columns.number as Float64Array
    expect(numbers(many).subarray(0, numbers(few).length)).toEqual(numbers(few))
  })

  test('differs with the seed', async () => {
    const { x, y } = friedman(40, 1)
    const one = await randomForest.fit(x, y, { nEstimators: 10 }, 1, runHere)
    const other = await randomForest.fit(x, y, { nEstimators: 10 }, 2, runHere)
    expect(one.predict(x)).not.toEqual(other.predict(x))
  })

  test('lets a tree use as many features as maxFeatures says, and never none', async () => {
    const { x, y } = friedman(40, 1)
    const used = async (maxFeatures: number): Promise<number[]> => {
      const model = await randomForest.fit(x, y, { nEstimators: 10, maxFeatures }, 1, runHere)
      const { roots, feature } = unpackArtifact(model.toBytes()).columns
      return Array.from(roots, (root, tree) => {
        const nodes = feature.subarray(root, roots[tree + 1] ?? feature.length) as Int32Array
        return new Set(nodes.filter((column) => column >= 0)).size
      })
    }
    expect(await used(0.01)).toEqual(Array.from({ length: 10 }, () => 1))
    expect(Math.max(...(await used(0.5)))).toBe(4)
    expect(Math.max(...(await used(1)))).toBeGreaterThan(6)
  })

  test('takes a split below the root that leaves no error', async () => {
    const { x } = friedman(80, 1)
    const corner = Float64Array.from({ length: 80 }, (_, row) =>
      x.values[row * 8] > 0.5 && x.values[row * 8 + 1] > 0.5 ? 1 : 0,
    )
    const model = await randomForest.fit(x, corner, { nEstimators: 20 }, 1, runHere)
    expect(r2(corner, model.predict(x))!).toBeGreaterThan(0.8)
  })

  test('has out-of-bag predictions that are honest: no fit on noise, where the training rows show one', async () => {
    const { x, y } = noise(100, 3)
    const model = await randomForest.fit(x, y, { nEstimators: 50 }, 1, runHere)
    expect(model.outOfBag!.every(Number.isFinite)).toBe(true)
    expect(r2(y, model.predict(x))!).toBeGreaterThan(0.5)
    expect(r2(y, model.outOfBag!)!).toBeLessThan(0.1)
  })

  test('has out-of-bag predictions that are as good as those of unseen rows', async () => {
    const { x, y } = friedman(150, 3)
    const unseen = friedman(500, 4)
    const model = await randomForest.fit(x, y, { nEstimators: 50 }, 1, runHere)
    expect(r2(y, model.outOfBag!)!).toBeGreaterThan(0.4)
    expect(Math.abs(r2(y, model.outOfBag!)! - r2(unseen.y, model.predict(unseen.x))!)).toBeLessThan(0.15)
  })

  test('refuses more rows than would end in reasonable time', async () => {
    const x = { rows: 5001, columns: 1, values: new Float64Array(5001) }
    await expect(randomForest.fit(x, new Float64Array(5001), {}, 1, runHere)).rejects.toThrow(
      /at most 5000 rows, got 5001/,
    )
  })

  test('suggests the hyperparameter that a misspelt one most likely means', async () => {
    const { x, y } = friedman(40, 1)
    await expect(randomForest.fit(x, y, { nestimator: 20 }, 1, runHere)).rejects.toThrow(/Did you mean nEstimators\?/)
  })
})

describe('the algorithms', () => {
  test('are found by name', () => {
    expect(getEstimator('RANDOM_FOREST')).toBe(randomForest)
  })

  test('are refused by name where this version does not have them', () => {
    expect(() => getEstimator('SVR')).toThrow(/algorithm: SVR is not available in this version. Choose RANDOM_FOREST/)
  })

  test('read their own models from bytes', async () => {
    const { x, y } = friedman(40, 1)
    const model = await randomForest.fit(x, y, { nEstimators: 10 }, 1, runHere)
    expect(modelFromBytes(model.toBytes()).predict(x)).toEqual(model.predict(x))
  })

  test('refuse the bytes of an algorithm that they do not know', () => {
    const bytes = packArtifact({ facts: { algorithm: 'ORACLE' }, columns: {} })
    expect(() => modelFromBytes(bytes)).toThrow(/ORACLE is unknown/)
    expect(() => randomForest.fromBytes(bytes)).toThrow(/it is a ORACLE/)
  })
})
