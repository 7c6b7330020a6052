import { afterAll, describe, expect, test } from 'vitest'
import type { Candles } from '../../src/engine/candles.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { Engine } from '../../src/engine/pool.ts'
import type { Signal } from '../../src/engine/program.ts'
import { Random } from '../../src/engine/random.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { defaultRow } from '../../src/strategy/parameter-space.ts'
import { compileStrategy, type CompiledStrategy } from '../../src/strategy/plan.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { kernelBacktest } from '../backtest/kernel.ts'
import { firesAt } from './run-program.ts'

const HOUR = 3_600_000
const BARS = 3000

/** What the built-in strategies do not use: offsets, De Morgan, arithmetic, either side of an `or`. */
const MIXED: StrategyDefinition = {
  name: 'mixed',
  enterLong: 'not (rsi(n) > floor + 10 or close[3] <= (1 + shift) * sma(close, 9)[1]) and (flag or volume > volume[1])',
  exitLong: 'not crosses_below(close, ema(n))[2] and -roc(n) > shift or open == close',
  enterShort: 'high - low > 2 * shift * atr(n) and close != open and not flag',
  exitShort: 'stochastic_k(14) / 100 < 0.5 - shift',
  stopLoss: 'shift * 2',
  parameterSpace: [
    { name: 'n', distribution: 'INTEGER', low: 3, high: 20, default: 7 },
    { name: 'floor', distribution: 'UNIFORM', low: 20, high: 50, default: 45 },
    { name: 'shift', distribution: 'UNIFORM', low: 0.001, high: 0.1, default: 0.003 },
    { name: 'flag', distribution: 'BOOLEAN', default: 0 },
  ],
  constraints: [],
}

const engine = new Engine(1, () => {})
afterAll(() => engine.close())

describe('a compiled strategy in the kernel', () => {
  test.each([...BUILT_IN_STRATEGIES, MIXED].map((definition) => [definition.name, definition] as const))(
    '%s makes the trades of the signals that its slow twin finds',
    async (_, definition) => {
      const strategy = compileStrategy(definition)
      const row = defaultRow(definition.parameterSpace)!
      const batch = strategy.bind(row)
      const candles = randomCandles()
      const window = { start: 0, end: BARS, firstSignal: strategy.warmupBars }
      const dataSet = engine.dataSet(candles, HOUR)
      const request = { dataSet, program: strategy.program, batch, settings: DEFAULT_EXECUTION, window }
      const { trades } = await engine.detail(request)

      const columns = batch.columns.map((spec) => dataSet.arena.float64(dataSet.column(spec), BARS).slice())
      const signals = signalsOf(strategy, row, columns)
      const risk = {
        stopLoss: batch.stopLoss[0],
        takeProfit: batch.takeProfit[0],
        trailingStop: batch.trailingStop[0],
        leverage: batch.leverage[0],
      }
      const twin = await kernelBacktest(engine, candles, HOUR, signals, risk, DEFAULT_EXECUTION, window)
      expect(trades).toEqual(twin.trades)
      expect(trades.length).toBeGreaterThan(10)
    },
  )
})

function signalsOf({ program, bind }: CompiledStrategy, row: Float64Array, byIndex: Float64Array[]) {
  const { parameters, slots } = bind(row)
  const inputs = { constants: program.constants, parameters, columns: Array.from(slots, (index) => byIndex[index]) }
  const flags = (signal: Signal): Uint8Array =>
    Uint8Array.from({ length: BARS }, (_, bar) => Number(firesAt(program.signals[signal], inputs, bar)))
  return {
    enterLong: flags('enterLong'),
    exitLong: flags('exitLong'),
    enterShort: flags('enterShort'),
    exitShort: flags('exitShort'),
  }
}

/** A random walk by the hour with bursts of volume, some bars of which do not move at all. */
function randomCandles(): Candles {
  const random = new Random(11)
  const candles = {
    openTime: new Float64Array(BARS),
    open: new Float64Array(BARS),
    high: new Float64Array(BARS),
    low: new Float64Array(BARS),
    close: new Float64Array(BARS),
    volume: new Float64Array(BARS),
  }
  let price = 100
  for (let bar = 0; bar < BARS; bar++) {
    const step = random.int(20) === 0 ? 0 : (random.float() - 0.5) * 0.03
    const reach = 0.005 * random.float()
    candles.openTime[bar] = bar * HOUR
    candles.open[bar] = price
    candles.close[bar] = price *= 1 + step
    candles.high[bar] = Math.max(candles.open[bar], price) * (1 + reach)
    candles.low[bar] = Math.min(candles.open[bar], price) * (1 - reach)
    candles.volume[bar] = random.float() * (random.int(10) === 0 ? 50 : 10)
  }
  return candles
}
