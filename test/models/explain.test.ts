import { expect, test } from 'vitest'
import { ESTIMATORS, getEstimator } from '../../src/models/algorithms.ts'
import { CombinedModel } from '../../src/models/combined-model.ts'
import { explainRows } from '../../src/models/explain-task.ts'
import { gainImportance } from '../../src/models/gain.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { selectRows } from '../../src/models/matrix.ts'
import { mean } from '../../src/engine/statistics.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { findPython, runPython } from './python.ts'
import { runBackwards, runHere } from './run-here.ts'
import { friedman } from './surfaces.ts'

test.each(ESTIMATORS)(
  'what features contribute adds up to the prediction less the mean: $algorithm',
  async (estimator) => {
    const { x, y } = friedman(60, 1)
    const model = await estimator.fit(x, y, {}, 1, runHere)
    const rows = selectRows(
      x,
      Int32Array.from({ length: 12 }, (_, at) => at),
    )
    const background = selectRows(
      x,
      Int32Array.from({ length: 20 }, (_, at) => 20 + at),
    )
    const explained = await explainRows(model, rows, background, 7, runHere)
    expect(explained.base).toBeCloseTo(mean(model.predict(background)), 9)
    model.predict(rows).forEach((prediction, row) => {
      const own = explained.values.subarray(row * x.columns, (row + 1) * x.columns)
      expect(Math.abs(own.reduce((sum, value) => sum + value, 0) - (prediction - explained.base))).toBeLessThan(1e-6)
    })
    expect(await explainRows(model, rows, background, 7, runBackwards())).toEqual(explained)
  },
)

test('gain goes to the columns that the target is made of', async () => {
  const { x, y } = friedman(300, 1)
  const gains = gainImportance(await gradientBoosting.fit(x, y, {}, 1, runHere))!
  expect(gains.reduce((sum, gain) => sum + gain, 0)).toBeCloseTo(1, 12)
  const [useful, noise] = [gains.subarray(0, 5), gains.subarray(5)]
  expect(Math.min(...useful)).toBeGreaterThan(Math.max(...noise))
})

test('gain of a forest is its own after it was stored, and that of AUTO its choice’s', async () => {
  const { x, y } = friedman(200, 1)
  const fitted = await randomForest.fit(x, y, { nEstimators: 30 }, 1, runHere)
  const gains = gainImportance(fitted)!
  expect(gains.reduce((sum, gain) => sum + gain, 0)).toBeCloseTo(1, 12)
  expect(Math.min(...gains.subarray(0, 5))).toBeGreaterThan(Math.max(...gains.subarray(5)))
  expect(gainImportance(randomForest.fromBytes(fitted.toBytes()))).toEqual(gains)
  const combined = new CombinedModel('AUTO', {}, [{ model: fitted, weight: 1 }], {}, fitted.outOfBag!)
  expect(gainImportance(combined)).toEqual(gains)
})

test('there is no gain without a split, nor where no cover is kept, nor of what is no tree', async () => {
  const { x, y } = friedman(60, 1)
  const constant = new Float64Array(60).fill(3)
  expect(gainImportance(await gradientBoosting.fit(x, constant, {}, 1, runHere))).toBeNull()
  expect(gainImportance(await randomForest.fit(x, constant, {}, 1, runHere))).toBeNull()
  expect(gainImportance(await randomForest.fit(x, y, { engine: 1, nEstimators: 10 }, 1, runHere))).toBeNull()
  expect(gainImportance(await getEstimator('SVR').fit(x, y, {}, 1, runHere))).toBeNull()
})

/**
 * Writes the mean decrease in impurity of a forest of scikit-learn on the same rows. Among two or three rows many
 * features cut equally well; scikit-learn draws one of them and we take the first, so leaves are kept larger here.
 */
const PEER = `
import json, sys
import numpy as np
from sklearn.ensemble import RandomForestRegressor
x, y = json.loads(sys.argv[1])
forest = RandomForestRegressor(200, min_samples_split=7, random_state=1).fit(np.array(x).reshape(len(y), -1), y)
print(json.dumps(list(forest.feature_importances_)))
`
const python = findPython('numpy', 'sklearn')

test.skipIf(!python)('gain of a forest is that of scikit-learn within what another seed makes of it', async () => {
  const { x, y } = friedman(200, 1)
  const theirs = JSON.parse(runPython(python!, PEER, [JSON.stringify([[...x.values], [...y]])])) as number[]
  const gains = gainImportance(await randomForest.fit(x, y, { nEstimators: 200, minNumSamples: 10 }, 1, runHere))!
  gains.forEach((gain, column) => expect(Math.abs(gain - theirs[column])).toBeLessThan(0.02))
})
