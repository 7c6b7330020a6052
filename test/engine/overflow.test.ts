import { expect, test } from 'vitest'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { Engine } from '../../src/engine/pool.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import { Twins } from './twins.ts'

const DAY = 86_400_000
const TRADE_COUNT = METRIC_NAMES.indexOf('tradeCount')

/** Every day 24 payments of 5 % are received; one sample trades every other day, the other one never. */
function job() {
  const bars = 4000
  const openTime = Float64Array.from({ length: bars }, (_, bar) => bar * DAY)
  const price = (at: (bar: number) => number) => Float64Array.from({ length: bars }, (_, bar) => at(bar))
  const open = price((bar) => 100 + (bar % 2))
  const close = price((bar) => 101 - (bar % 2))
  const candles = { openTime, open, high: price(() => 101), low: price(() => 100), close, volume: price(() => 1) }
  const compiled = compileStrategy({
    name: 'every-other-day',
    description: '',
    enterLong: 'close > open + least',
    exitLong: 'close < open',
    parameterSpace: [{ name: 'least', distribution: 'UNIFORM', low: 0, high: 10, default: 0 }],
    constraints: [],
  })
  return {
    candles,
    timeframeMs: DAY,
    program: compiled.program,
    batch: compiled.bind(Float64Array.of(0, 10)),
    settings: { ...DEFAULT_EXECUTION, fundingRate: -0.05, fundingIntervalMs: 3_600_000 },
    window: { start: 0, end: bars, firstSignal: 0 },
  }
}

test('a sample whose equity grows beyond all numbers keeps its trade count and has no other figure, in both kernels', async () => {
  const given = job()
  const twins = await Twins.of(given)
  const plain = twins.plain()
  expect(new BigUint64Array(twins.fast().buffer)).toEqual(new BigUint64Array(plain.buffer))
  const [beyond, idle] = [plain.subarray(0, 26), plain.subarray(26)]
  expect(beyond[TRADE_COUNT]).toBeGreaterThan(500)
  METRIC_NAMES.forEach((name, at) => at !== TRADE_COUNT && expect(beyond[at], name).toBeNaN())
  expect(idle[METRIC_NAMES.indexOf('roi')]).toBe(0)
})

test('its daily returns are zeros, and those of its neighbour stay', async () => {
  const engine = new Engine(1, () => {})
  const given = job()
  const { returns, days } = await engine.backtestDaily({
    ...given,
    dataSet: engine.dataSet(given.candles, given.timeframeMs),
  })
  expect(days).toBe(4000)
  expect(returns.every((value) => value === 0)).toBe(true)
  await engine.close()
})
