import { expect, test } from 'vitest'
import { ESTIMATORS } from '../../src/models/algorithms.ts'
import { explainRows } from '../../src/models/explain-task.ts'
import { gainImportance } from '../../src/models/gain.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { selectRows } from '../../src/models/matrix.ts'
import { mean } from '../../src/engine/statistics.ts'
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

test('there is no gain without a split, nor where no cover is kept', async () => {
  const { x, y } = friedman(60, 1)
  const flat = await gradientBoosting.fit(x, new Float64Array(60).fill(3), {}, 1, runHere)
  expect(gainImportance(flat)).toBeNull()
  const forest = ESTIMATORS.find(({ algorithm }) => algorithm === 'RANDOM_FOREST')!
  expect(gainImportance(await forest.fit(x, y, {}, 1, runHere))).toBeNull()
})
