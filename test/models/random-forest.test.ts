import { describe, expect, test } from 'vitest'
import { r2 } from '../../src/engine/statistics.ts'
import { getEstimator, modelFromBytes } from '../../src/models/algorithms.ts'
import { packArtifact, unpackArtifact } from '../../src/models/artifact.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { describeEstimator } from './describe-estimator.ts'
import { runHere } from './run-here.ts'
import { friedman, noise } from './surfaces.ts'

/** ml-random-forest instead of our own trainer. */
const ML = { engine: 1 }

describeEstimator('RANDOM_FOREST', randomForest, { nEstimators: 20 })
describeEstimator('RANDOM_FOREST by ml-random-forest', randomForest, { nEstimators: 20, ...ML })
describeEstimator('RANDOM_FOREST of extra trees without bootstrap', randomForest, {
  nEstimators: 20,
  extraTrees: 1,
  bootstrap: 0,
})

describe.each([
  ['our trainer', {}],
  ['ml-random-forest', ML],
])('a random forest grown by %s', (_, engine) => {
  test('grows the trees it was asked for', async () => {
    const { x, y } = friedman(40, 1)
    const model = await randomForest.fit(x, y, { nEstimators: 25, maxDepth: 3, ...engine }, 1, runHere)
    expect(model.describe()).toMatchObject({ trees: 25, depth: 3, features: 8 })
  })

  test('grows the same first trees whether or not more follow', async () => {
    const { x, y } = friedman(40, 1)
    const few = await randomForest.fit(x, y, { nEstimators: 10, ...engine }, 1, runHere)
    const many = await randomForest.fit(x, y, { nEstimators: 20, ...engine }, 1, runHere)
    const numbers = (model: typeof few): Float64Array => unpackArtifact(model.toBytes()).columns.number as Float64Array
    expect(numbers(many).subarray(0, numbers(few).length)).toEqual(numbers(few))
  })

  test('differs with the seed', async () => {
    const { x, y } = friedman(40, 1)
    const one = await randomForest.fit(x, y, { nEstimators: 10, ...engine }, 1, runHere)
    const other = await randomForest.fit(x, y, { nEstimators: 10, ...engine }, 2, runHere)
    expect(one.predict(x)).not.toEqual(other.predict(x))
  })

  test('takes a split below the root that leaves no error', async () => {
    const { x } = friedman(80, 1)
    const corner = Float64Array.from({ length: 80 }, (_, row) =>
      x.values[row * 8] > 0.5 && x.values[row * 8 + 1] > 0.5 ? 1 : 0,
    )
    const model = await randomForest.fit(x, corner, { nEstimators: 20, ...engine }, 1, runHere)
    expect(r2(corner, model.predict(x))!).toBeGreaterThan(0.8)
  })

  test('has out-of-bag predictions that are honest: no fit on noise, where the training rows show one', async () => {
    const { x, y } = noise(100, 3)
    const model = await randomForest.fit(x, y, { nEstimators: 50, ...engine }, 1, runHere)
    expect(model.outOfBag!.every(Number.isFinite)).toBe(true)
    expect(r2(y, model.predict(x))!).toBeGreaterThan(0.5)
    expect(r2(y, model.outOfBag!)!).toBeLessThan(0.1)
  })

  test('has out-of-bag predictions that are as good as those of unseen rows', async () => {
    const { x, y } = friedman(150, 3)
    const unseen = friedman(500, 4)
    const model = await randomForest.fit(x, y, { nEstimators: 50, ...engine }, 1, runHere)
    expect(r2(y, model.outOfBag!)!).toBeGreaterThan(0.4)
    expect(Math.abs(r2(y, model.outOfBag!)! - r2(unseen.y, model.predict(unseen.x))!)).toBeLessThan(0.15)
  })
})

describe('a random forest', () => {
  test('is as good whichever engine grows it', async () => {
    const unseen = friedman(2000, 9)
    const skill = async (engine: object): Promise<number> => {
      let sum = 0
      for (const seed of [1, 2, 3]) {
        const { x, y } = friedman(150, seed)
        const model = await randomForest.fit(x, y, { nEstimators: 50, ...engine }, seed, runHere)
        sum += r2(unseen.y, model.predict(unseen.x))! / 3
      }
      return sum
    }
    expect(Math.abs((await skill({})) - (await skill(ML)))).toBeLessThan(0.03)
  })

  test('lets a node look at as many features as maxFeatures says', async () => {
    const { x, y } = friedman(60, 1)
    const rootFeatures = async (maxFeatures: number): Promise<number> => {
      const model = await randomForest.fit(x, y, { nEstimators: 50, maxDepth: 1, maxFeatures }, 1, runHere)
      const { roots, feature } = unpackArtifact(model.toBytes()).columns
      return new Set(Array.from(roots, (root) => feature[root])).size
    }
    expect(await rootFeatures(1)).toBeLessThan(4) // the strongest wins nearly always
    expect(await rootFeatures(0.01)).toBe(8) // whichever is drawn
  })

  test('lets a tree of ml-random-forest use as many features as maxFeatures says, and never none', async () => {
    const { x, y } = friedman(40, 1)
    const used = async (maxFeatures: number): Promise<number[]> => {
      const model = await randomForest.fit(x, y, { nEstimators: 10, maxFeatures, ...ML }, 1, runHere)
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

  test('learns every training row by heart where it may: no bootstrap, no smallest node', async () => {
    const { x, y } = friedman(100, 3)
    const model = await randomForest.fit(x, y, { nEstimators: 10, minNumSamples: 1, bootstrap: 0 }, 1, runHere)
    model.predict(x).forEach((prediction, row) => expect(prediction).toBeCloseTo(y[row], 6))
    expect(model.outOfBag).toBeNull()
  })

  test('has Shapley values that add up to its predictions', async () => {
    const { x, y } = friedman(100, 3)
    const rows = friedman(20, 4).x
    const model = await randomForest.fit(x, y, { nEstimators: 20 }, 1, runHere)
    const { values, base } = model.shap!(rows, x)
    expect(base).toBeCloseTo(model.predict(x).reduce((sum, value) => sum + value, 0) / 100, 9)
    model.predict(rows).forEach((prediction, row) => {
      const sum = values.subarray(row * 8, row * 8 + 8).reduce((a, b) => a + b, base)
      expect(Math.abs(sum - prediction)).toBeLessThan(1e-9)
    })
  })

  test('refuses what ml-random-forest cannot do, by name', async () => {
    const { x, y } = friedman(40, 1)
    await expect(randomForest.fit(x, y, { extraTrees: 1, bootstrap: 0, ...ML }, 1, runHere)).rejects.toThrow(
      /hyperparameters.extraTrees: [^]*hyperparameters.bootstrap: /,
    )
  })

  test('refuses more rows than ml-random-forest could learn from in reasonable time', async () => {
    const x = { rows: 5001, columns: 1, values: new Float64Array(5001) }
    await expect(randomForest.fit(x, new Float64Array(5001), ML, 1, runHere)).rejects.toThrow(
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
    expect(() => getEstimator('ORACLE' as never)).toThrow(
      /ORACLE is not available in this version. Choose RANDOM_FOREST/,
    )
  })

  test('read their own models from bytes', async () => {
    const { x, y } = friedman(40, 1)
    const model = await randomForest.fit(x, y, { nEstimators: 10 }, 1, runHere)
    expect(modelFromBytes(model.toBytes()).predict(x)).toEqual(model.predict(x))
  })

  test('refuse the bytes of an algorithm that they do not know', () => {
    const bytes = packArtifact({ facts: { algorithm: 'ORACLE' }, columns: {} })
    expect(() => modelFromBytes(bytes)).toThrow(/ORACLE is unknown/)
    expect(() => randomForest.fromBytes(bytes)).toThrow(/its algorithm is ORACLE instead of RANDOM_FOREST/)
  })
})
