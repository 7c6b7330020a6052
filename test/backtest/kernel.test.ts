import { afterAll, describe, expect, test } from 'vitest'
import { metricsOf } from '../../src/backtest/metrics.ts'
import { DEFAULT_EXECUTION, EXIT_REASONS, type ExecutionSettings } from '../../src/engine/execution.ts'
import { Engine } from '../../src/engine/pool.ts'
import { goldenIfThere, isClose, withShared } from '../shared.ts'
import { kernelBacktest } from './kernel.ts'
import { noSignals, plainBacktest, type Risk } from './plain-backtest.ts'
import { randomCase } from './random-case.ts'

const engine = new Engine(1, () => {})
afterAll(() => engine.close())

describe('the kernel against its plain twin', () => {
  test('agrees bit for bit on 3,000 random markets: trades, equity and metrics', async () => {
    let trades = 0
    const reasons = new Set<string>()
    for (let seed = 1; seed <= 3000; seed++) {
      const { candles, timeframeMs, signals, risk, settings, window } = randomCase(seed)
      const twin = plainBacktest(candles, timeframeMs, signals, risk, settings, window)
      const kernel = await kernelBacktest(engine, candles, timeframeMs, signals, risk, settings, window)
      const place = `seed ${seed}`
      expect(kernel.trades.map(withoutSignOfZero), place).toEqual(twin.trades.map(withoutSignOfZero))
      expect([...kernel.equity], place).toEqual([...twin.equity])
      expect(withoutSignOfZero(metricsOf(kernel.metrics)), place).toEqual(withoutSignOfZero(twin.metrics))
      trades += twin.trades.length
      for (const trade of twin.trades) reasons.add(`${trade.side} ${trade.exitReason}`)
    }
    expect(trades).toBeGreaterThan(30_000)
    expect(reasons.size).toBe(2 * EXIT_REASONS.length)
  })
})

/** −0 and 0 are equal numbers. */
function withoutSignOfZero<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, value === 0 ? 0 : value])) as T
}

withShared('the kernel against the golden scenarios', () => {
  const { cases } = goldenIfThere('backtest_scenarios.json', { cases: [] })

  test.each(cases as Scenario[])('$name', async (scenario) => {
    const { candles, config, signals, timeframeMs, trades, equity } = scenario
    const bars = candles.ts.length
    const column = (values: number[]) => Float64Array.from(values)
    const { risk, settings } = readConfig(config)
    const result = await kernelBacktest(
      engine,
      {
        openTime: column(candles.ts),
        open: column(candles.open),
        high: column(candles.high),
        low: column(candles.low),
        close: column(candles.close),
        volume: new Float64Array(bars),
      },
      timeframeMs,
      { ...noSignals(bars), ...mapValues(signals, (values) => Uint8Array.from(values)) },
      risk,
      settings,
      { start: 0, end: bars, firstSignal: 0 },
    )
    expect(result.trades).toHaveLength(trades.length)
    result.trades.forEach((trade, at) => {
      const actual = { ...trade, durationMs: trade.exitTime - trade.entryTime } as Record<string, unknown>
      for (const [field, expected] of Object.entries(trades[at])) expectField(actual[field], expected, field)
    })
    result.equity.forEach((value, bar) => expect(isClose(value, equity[bar]), `equity ${bar}`).toBe(true))
  })
})

interface Scenario {
  name: string
  timeframeMs: number
  candles: Record<'ts' | 'open' | 'high' | 'low' | 'close', number[]>
  signals: Record<string, number[]>
  config: Record<string, number>
  trades: Record<string, unknown>[]
  equity: number[]
}

function expectField(actual: unknown, expected: unknown, field: string): void {
  if (typeof expected === 'number')
    expect(isClose(actual as number, expected), `${field}: ${String(actual)} is not ${expected}`).toBe(true)
  else expect(actual, field).toBe(expected)
}

function mapValues<V, W>(record: Record<string, V>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

function readConfig(config: Record<string, number>): { risk: Risk; settings: ExecutionSettings } {
  const { fee, positionSize, stopLoss, takeProfit, trailingStop, leverage, ...rest } = config
  return {
    risk: {
      stopLoss: stopLoss ?? NaN,
      takeProfit: takeProfit ?? NaN,
      trailingStop: trailingStop ?? NaN,
      leverage: leverage ?? NaN,
    },
    settings: {
      ...DEFAULT_EXECUTION,
      ...rest,
      feeRate: fee ?? 0,
      makerFeeRate: fee ?? 0,
      positionFraction: positionSize ?? 1,
    },
  }
}
