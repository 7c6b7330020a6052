import { expect, test } from 'vitest'
import {
  METRIC_NAMES,
  metricsOf,
  metricValues,
  objectiveColumn,
  OBJECTIVES,
  objectiveValue,
} from '../../src/backtest/metrics.ts'
import { Random } from '../../src/engine/random.ts'

const WIDTH = METRIC_NAMES.length

/** Rows of which a third of the figures are not defined. */
function rows(count: number): Float64Array {
  const random = new Random(7)
  return Float64Array.from({ length: count * WIDTH }, () => (random.int(3) === 0 ? NaN : 30 * random.float()))
}

test.each(OBJECTIVES)('the column of %s is the value of each sample', (objective) => {
  const metrics = rows(200)
  const column = objectiveColumn(objective, metrics)
  const each = Array.from({ length: 200 }, (_, at) =>
    objectiveValue(objective, metricsOf(metrics.subarray(at * WIDTH, (at + 1) * WIDTH))),
  )
  expect([...column]).toEqual(each.map((value) => value ?? NaN))
  expect(each).toContain(null)
})

test('a figure of all samples is a column of their rows', () => {
  const metrics = rows(5)
  expect([...metricValues(metrics, 'tradeCount')]).toEqual([8, 34, 60, 86, 112].map((at) => metrics[at]))
})
