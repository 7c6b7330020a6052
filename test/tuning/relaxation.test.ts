import { afterAll, beforeAll, expect, test } from 'vitest'
import { openJobCandles } from '../../src/tuning/candles.ts'
import { Evaluator } from '../../src/tuning/evaluator.ts'
import { smallestRelaxation } from '../../src/tuning/relaxation.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { settingsOf } from '../../src/tuning/settings.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => void (ctx = await testContext()))
afterAll(() => ctx.close())

test('names the parameter and the nearest value with which a silent sample would have traded', async () => {
  const parameterSpace = [
    { name: 'volume_multiplier', distribution: 'UNIFORM' as const, low: 1, high: 1001, default: 1.5 },
  ]
  const job = await createTuningJob(ctx, await smallJob(ctx, { parameterSpace }))
  using open = await openJobCandles(ctx, job)
  const settings = settingsOf(job)
  const evaluator = new Evaluator(ctx.engine, open.dataSet, settings)
  const names = evaluator.strategy.parameterNames
  const row = Float64Array.from(
    names,
    (name) => settings.strategy.parameterSpace.find((spec) => spec.name === name)!.default!,
  )
  const silent = row.map((value, at) => (names[at] === 'volume_multiplier' ? 900 : value))
  expect((await evaluator.metrics(silent, settings.training))[0].tradeCount).toBe(0)
  expect(await smallestRelaxation(evaluator, silent, settings)).toBe(
    'The smallest change that would have made one trade: volume_multiplier 1 instead of 900.',
  )
  const hopeless = silent.map((value, at) => (names[at] === 'rsi_oversold' ? -1 : value))
  expect(await smallestRelaxation(evaluator, hopeless, settings)).toMatch(/^No change of a single parameter/)
})
