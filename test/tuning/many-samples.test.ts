import { expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { calibrate } from '../../src/models/confidence.ts'
import { permutationImportance } from '../../src/models/importance.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { columnOf } from '../../src/models/matrix.ts'
import { chooseOptions } from '../../src/tuning/examination.ts'
import type { TuningSettings } from '../../src/tuning/settings.ts'

/** What a large study has: a line in the first column, and noise. */
function study(rows: number) {
  const random = new Random(5)
  const values = Float64Array.from({ length: 2 * rows }, () => random.float())
  const features = { rows, columns: 2, values }
  const target = columnOf(features, 0).map((value) => value + 0.3 * random.float())
  return { features, target }
}

test('a calibration keeps of many rows a part, and the box of all', () => {
  const { features, target } = study(12_000)
  const predicted = columnOf(features, 0)
  const input = { actual: target, predicted, parameters: features, reference: 1, higherIsBetter: true }
  const { residuals, domain, baseRate } = calibrate(input)
  expect(residuals).toHaveLength(10_000)
  expect(domain.points).toHaveLength(20_000)
  expect(domain.low[0]).toBe(columnOf(features, 0).reduce((a, b) => Math.min(a, b)))
  expect(domain.high[1]).toBe(columnOf(features, 1).reduce((a, b) => Math.max(a, b)))
  const reached = (100 * target.filter((value) => value >= 1).length) / target.length
  expect(Math.abs(baseRate - reached)).toBeLessThan(1)
})

test('an importance asks for no more predictions of many rows, and says the same', async () => {
  const { features, target } = study(9000)
  let asked = 0
  const predict = (rows: Matrix): Float64Array => ((asked += rows.rows), columnOf(rows, 0))
  const [first, second] = await permutationImportance(predict, features, ['a', 'b'], target, 1)
  expect(asked).toBe(2 * (2000 + 10 * 2000)) // for each column once as they are, and shuffled
  expect([first.importance, second.importance]).toEqual([1, 0])
})

test('settings are chosen by a part of many samples', async () => {
  const { features, target } = study(30_000)
  const rows: number[] = []
  const run = (task: { data: unknown }): Promise<never> => {
    rows.push((task.data as { features: { rows: number } }).features.rows)
    return Promise.reject(new Error('enough'))
  }
  const settings = { algorithm: 'RANDOM_FOREST', hyperparameters: {} } as TuningSettings
  const known = { features, target, groups: Int32Array.from(target.keys()), seed: 1 }
  await expect(chooseOptions(settings, known, run)).rejects.toThrow('enough')
  expect(new Set(rows)).toEqual(new Set([8000]))
})
