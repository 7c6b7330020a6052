import { RandomForestRegression } from 'ml-random-forest'
import { describe, expect, test } from 'vitest'
import { rowOf } from '../../src/models/matrix.ts'
import { fromMlRandomForestJson } from '../../src/models/ml-random-forest.ts'
import { modelFromBytes } from '../../src/models/algorithms.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { runHere } from './run-here.ts'
import { friedman } from './surfaces.ts'

interface Saved {
  name: string
  selectionMethod: string
  baseModel: { indexes: number[][]; estimators: { root: Record<string, unknown> | null }[] }
}

/** A forest of the package, trained by itself. */
function theirs(options: object = {}): RandomForestRegression {
  const { x, y } = friedman(80, 3)
  const forest = new RandomForestRegression({ nEstimators: 15, seed: 4, maxFeatures: 0.7, noOOB: true, ...options })
  const rows = Array.from({ length: 80 }, (_, row) => Array.from(rowOf(x, row)))
  forest.train(rows, Array.from(y))
  return forest
}

const saved = (): Saved => JSON.parse(JSON.stringify(theirs().toJSON())) as Saved

describe('the JSON of ml-random-forest', () => {
  test('is read as a model that predicts 10,000 rows to the bit as the package does', () => {
    const forest = theirs()
    const model = fromMlRandomForestJson(JSON.stringify(forest.toJSON()), 8)
    const { x } = friedman(10_000, 5)
    const rows = Array.from({ length: x.rows }, (_, row) => Array.from(rowOf(x, row)))
    expect(Array.from(model.predict(x))).toEqual(forest.predict(rows))
    expect(modelFromBytes(model.toBytes()).predict(x)).toEqual(model.predict(x))
    expect(model.describe()).toMatchObject({ trees: 15, features: 8 })
  })

  test.each<[string, RegExp, (forest: Saved) => void]>([
    ['a classifier', /RFRegression/, (forest) => (forest.name = 'RFClassifier')],
    ['the median of the trees', /"mean"/, (forest) => (forest.selectionMethod = 'median')],
    ['no trees', /estimators/, ({ baseModel }) => (baseModel.estimators = [])],
    ['a tree without features', /features for 14/, ({ baseModel }) => baseModel.indexes.pop()],
    ['a tree that is gone', /root/, ({ baseModel }) => (baseModel.estimators[2].root = null)],
    [
      'a split without a place',
      /damaged in tree 3/,
      ({ baseModel }) => delete baseModel.estimators[3].root!.splitValue,
    ],
    [
      'a split on what is not there',
      /damaged in tree 0/,
      ({ baseModel }) => (baseModel.estimators[0].root!.splitColumn = 99),
    ],
    ['a leaf without a value', /damaged in tree 1/, ({ baseModel }) => delete baseModel.estimators[1].root!.left],
    ['more features than a row has', /a row has 8/, ({ baseModel }) => (baseModel.indexes[0][0] = 12)],
  ])('is refused with %s', (_, message, damage) => {
    const forest = saved()
    damage(forest)
    expect(() => fromMlRandomForestJson(JSON.stringify(forest), 8)).toThrow(message)
  })

  test('is refused where it is not JSON, with what to do', () => {
    expect(() => fromMlRandomForestJson('forest')).toThrow(/JSON.stringify\(forest.toJSON\(\)\)/)
  })
})

describe('the engine of a random forest', () => {
  test('is chosen by its name or by its number', async () => {
    const { x, y } = friedman(40, 1)
    const options = { nEstimators: 10 }
    const byName = await randomForest.fit(x, y, { ...options, engine: 'ml-random-forest' }, 1, runHere)
    const byNumber = await randomForest.fit(x, y, { ...options, engine: 1 }, 1, runHere)
    expect(byName.toBytes()).toEqual(byNumber.toBytes())
    await expect(randomForest.fit(x, y, { ...options, engine: 'weka' }, 1, runHere)).rejects.toThrow(
      'must be "built-in" or "ml-random-forest", or a whole number from 0 to 1, got "weka"',
    )
  })

  test('has its time in the estimate', () => {
    const own = randomForest.estimateSeconds(1000, 13)
    expect(randomForest.estimateSeconds(1000, 13, { engine: 'ml-random-forest' })).toBeGreaterThan(50 * own)
  })
})
