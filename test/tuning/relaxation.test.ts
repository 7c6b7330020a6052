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

/** A sample that would never trade by its volume alone, and where it is asked. */
async function silentSample() {
  const parameterSpace = [
    { name: 'volume_multiplier', distribution: 'UNIFORM' as const, low: 1, high: 1001, default: 1.5 },
  ]
  const job = await createTuningJob(ctx, await smallJob(ctx, { parameterSpace }))
  const open = await openJobCandles(ctx, job)
  const settings = settingsOf(job)
  const evaluator = new Evaluator(ctx.engine, open.dataSet, settings)
  const names = evaluator.strategy.parameterNames
  const row = Float64Array.from(
    names,
    (name) => settings.strategy.parameterSpace.find((spec) => spec.name === name)!.default!,
  )
  const withVolume = (value: number): Float64Array => row.with(names.indexOf('volume_multiplier'), value)
  const trades = async (value: number): Promise<boolean> => {
    const [{ tradeCount }] = await evaluator.metrics(withVolume(value), settings.training)
    return tradeCount! > 0
  }
  return { settings, evaluator, names, withVolume, trades, [Symbol.dispose]: () => open.close() }
}

test('names the parameter and the nearest value with which a silent sample would have traded', async () => {
  using sample = await silentSample()
  const { settings, evaluator, names, withVolume, trades } = sample
  const silent = withVolume(900)
  expect(await trades(900)).toBe(false)
  expect(await smallestRelaxation(evaluator, silent, settings)).toBe(
    'The smallest change that would have made one trade: volume_multiplier 1 instead of 900.',
  )
  const hopeless = silent.map((value, at) => (names[at] === 'rsi_oversold' ? -1 : value))
  expect(await smallestRelaxation(evaluator, hopeless, settings)).toMatch(/^No change of a single parameter/)
})

test('shows two values that are close to each other with the digits in which they differ', async () => {
  using sample = await silentSample()
  const { settings, evaluator, withVolume, trades } = sample
  let [low, high] = [1, 900]
  while (high - low > 1e-6) {
    const middle = (low + high) / 2
    if (await trades(middle)) low = middle
    else high = middle
  }
  const parameterSpace = settings.strategy.parameterSpace.map((spec) =>
    spec.name === 'volume_multiplier' ? { ...spec, low: low - 1e-5, high: high + 1e-5 } : { ...spec, low: 0, high: 0 },
  )
  const narrow = { ...settings, strategy: { ...settings.strategy, parameterSpace } }
  const said = await smallestRelaxation(evaluator, withVolume(high + 1e-5), narrow)
  const [, to, from] = / volume_multiplier (\S+) instead of (\S+)\.$/.exec(said)!
  expect(Number(from) - Number(to)).toBeGreaterThan(0)
  expect(Number(from) - Number(to)).toBeLessThan(3e-5)
})
