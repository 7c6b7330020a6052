import { afterAll, expect, test } from 'vitest'
import { Engine } from '../../src/engine/pool.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { Evaluator } from '../../src/tuning/evaluator.ts'
import type { TuningSettings } from '../../src/tuning/settings.ts'

const DAY = 86_400_000
const engine = new Engine(1, () => {})
afterAll(() => engine.close())

test('the samples of a job are bound once, whatever they are backtested on', async () => {
  const strategy = BUILT_IN_STRATEGIES.find(({ name }) => name === 'rsi-adx-volume')!
  const timeframeMs = 900_000
  const candles = syntheticCandles({ seed: 3, bars: 960, timeframe: '15m', from: 0, edge: 2 })
  const settings = { strategy, timeframeMs, execution: DEFAULT_EXECUTION, objective: 'ROI' } as TuningSettings
  const evaluator = new Evaluator(engine, candles, settings)
  const { bind } = evaluator.strategy
  let bound = 0
  evaluator.strategy.bind = (rows) => (bound++, bind(rows))

  const rows = Float64Array.from(strategy.parameterSpace.flatMap((spec) => spec.default!))
  const [first, second] = [evaluator, evaluator.on(engine.dataSet(candles, timeframeMs))].map(async (each) => [
    await each.run(rows, { from: 2 * DAY, to: 8 * DAY }),
    await each.run(rows, { from: 8 * DAY, to: 10 * DAY }),
  ])
  expect(await second).toEqual(await first)
  expect(bound).toBe(1)
})
