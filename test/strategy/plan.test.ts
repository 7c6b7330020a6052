import { describe, expect, test } from 'vitest'
import { columnKey } from '../../src/engine/program.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { cpuMs } from '../cpu-ms.ts'

const FAST: ParameterSpec = { name: 'fast', distribution: 'INTEGER', low: 5, high: 30 }
const SLOW: ParameterSpec = { name: 'slow', distribution: 'DISCRETE', values: [50, 20, 100] }
const SL: ParameterSpec = { name: 'sl', distribution: 'UNIFORM', low: 0.01, high: 0.05 }
const RATIO: ParameterSpec = { name: 'ratio', distribution: 'UNIFORM', low: 1, high: 3 }

describe('the warm-up', () => {
  test.each([
    ['close > 1', 1],
    ['close > close[3]', 4],
    ['rsi(14) < 30', 15],
    ['rsi(14)[2] < 30', 17],
    ['rsi(14) < 30 and adx(14) > 20 and volume > sma(volume, 20)', 28],
    ['sma(rsi(14), 5) < 30', 19],
    ['ema(fast) > ema(slow)', 100],
    ['adx(fast) > slow', 60],
    ['crosses_above(rsi(14), 30)', 15], // the 1 is for the bar before
    ['crosses_above(rsi(14), 30)[2]', 17],
    ['crosses_above(rsi(14)[1], 30)[2]', 18],
    ['not crosses_above(rsi(14), 30)', 15],
    ['macd(fast, slow, 9) > 0', 108],
  ])('of %j is %i bars', (enterLong, bars) => {
    const uses = 'close < fast + slow'
    expect(compile({ enterLong, exitLong: uses, parameterSpace: [FAST, SLOW] }).warmupBars).toBe(bars)
  })

  test('is that of the longest signal of all four', () => {
    const enters = { enterLong: 'close > ema(5)', enterShort: 'close < ema(9)' }
    expect(compile({ ...enters, exitLong: 'close < ema(50)', exitShort: 'close > ema(7)' }).warmupBars).toBe(50)
  })

  test('looks at the largest value that can be drawn, not at one that its steps miss', () => {
    const parameterSpace: ParameterSpec[] = [{ ...FAST, low: 5, high: 30, step: 10 }]
    expect(compile({ enterLong: 'close > ema(fast)', stopLoss: '0.1', parameterSpace }).warmupBars).toBe(25)
  })
})

describe('binding rows of parameters', () => {
  const cross = compile({
    enterLong: 'crosses_above(ema(fast), ema(slow)) and rsi(14) < 70',
    stopLoss: 'sl',
    takeProfit: 'ratio * sl',
    leverage: '1 + ratio / 2',
    parameterSpace: [FAST, SLOW, SL, RATIO],
    constraints: ['fast < slow', 'ratio * sl < 0.1'],
  })

  test('names the parameters in the order of a row', () => {
    expect(cross.parameterNames).toEqual(['fast', 'slow', 'sl', 'ratio'])
  })

  test('makes one column of each distinct series of all samples', () => {
    const rows = [
      [5, 20, 0.01, 1],
      [20, 50, 0.02, 2],
      [5, 50, 0.03, 3],
    ]
    const { count, columns, slots } = cross.bind(Float64Array.from(rows.flat()))
    expect(count).toBe(3)
    const keys = columns.map(columnKey)
    expect([...keys].sort()).toEqual(['ema(close,20)', 'ema(close,5)', 'ema(close,50)', 'rsi(close,14)'])
    const read = (sample: number): string[] => [...slots.subarray(sample * 3, sample * 3 + 3)].map((i) => keys[i])
    expect(read(0)).toEqual(['ema(close,5)', 'ema(close,20)', 'rsi(close,14)'])
    expect(read(1)).toEqual(['ema(close,20)', 'ema(close,50)', 'rsi(close,14)'])
    expect(read(2)).toEqual(['ema(close,5)', 'ema(close,50)', 'rsi(close,14)'])
  })

  test('works stops, targets and leverage out for each sample, and leaves the others undefined', () => {
    const batch = cross.bind(Float64Array.of(5, 20, 0.01, 1, 20, 50, 0.02, 3))
    expect([...batch.stopLoss]).toEqual([0.01, 0.02])
    expect([...batch.takeProfit]).toEqual([1 * 0.01, 3 * 0.02])
    expect([...batch.leverage]).toEqual([1.5, 2.5])
    expect([...batch.trailingStop]).toEqual([NaN, NaN])
    expect([...batch.parameters]).toEqual([5, 20, 0.01, 1, 20, 50, 0.02, 3])
  })

  test('binds no rows to no samples', () => {
    expect(cross.bind(new Float64Array(0))).toMatchObject({ count: 0, columns: [] })
  })

  test('binds ten thousand rows in a moment', async () => {
    const rows = Float64Array.from({ length: 40_000 }, (_, i) => [5 + ((i >> 2) % 20), 50, 0.02, 2][i % 4])
    const { count, columns } = cross.bind(rows)
    expect(await cpuMs(() => cross.bind(rows))).toBeLessThan(1000)
    expect([count, columns.length]).toEqual([10_000, 22])
  })

  test('shares a column between a number and a parameter of that value', () => {
    const { bind, program } = compile({ enterLong: 'ema(fast) > ema(12)', stopLoss: '0.1', parameterSpace: [FAST] })
    expect(program.slotCount).toBe(2)
    expect(bind(Float64Array.of(12)).columns).toHaveLength(1)
    expect(bind(Float64Array.of(13)).columns).toHaveLength(2)
  })

  test('has one sample where there are no parameters', () => {
    const { bind, parameterNames } = compile({ enterLong: 'close > ema(12)', stopLoss: '0.1' })
    expect(parameterNames).toEqual([])
    expect(bind(new Float64Array(0))).toMatchObject({ count: 1, stopLoss: Float64Array.of(0.1) })
  })

  test('refuses a stop of nothing and a leverage below 1, with the sample that leads there', () => {
    expect(() => cross.bind(Float64Array.of(5, 20, 0.01, 1, 5, 20, 0, 2))).toThrow(
      'stopLoss: is 0 where fast = 5, slow = 20, sl = 0, ratio = 2; it must be a fraction above 0, as in 0.02 for 2 %. Narrow the bounds or add a constraint.\n' +
        'takeProfit: is 0 where fast = 5, slow = 20, sl = 0, ratio = 2; it must be a fraction above 0, as in 0.02 for 2 %. Narrow the bounds or add a constraint.',
    )
    expect(() => cross.bind(Float64Array.of(5, 20, 0.01, -1))).toThrow(
      /leverage: is 0\.5 where fast = 5, .*; it must be a number of at least 1\. Narrow the bounds/,
    )
  })

  test('refuses a stop that is not finite', () => {
    const { bind } = compile({ enterLong: 'close > 1', stopLoss: '1 / (sl - 0.02)', parameterSpace: [SL] })
    expect(() => bind(Float64Array.of(0.02))).toThrow('stopLoss: is Infinity where sl = 0.02;')
  })

  test('refuses a value that is no number, and an argument that the indicator does not take', () => {
    expect(() => cross.bind(Float64Array.of(5, 20, 0.01, 1, 5, 20, NaN, 1))).toThrow(
      'parameters.sl: is NaN in sample 1. Give it a finite number.',
    )
    expect(() => cross.bind(Float64Array.of(5.5, 20, 0.01, 1))).toThrow('ema.period: must be a whole number')
  })

  test('takes whole rows only', () => {
    expect(() => cross.bind(new Float64Array(5))).toThrow('5 values do not make rows of 4 parameters.')
  })
})

describe('constraints', () => {
  const { satisfies, violatedConstraint } = compile({
    enterLong: 'ema(fast) > ema(slow)',
    stopLoss: 'sl',
    parameterSpace: [FAST, SLOW, SL],
    constraints: ['fast < slow', 'not (sl > 0.03 or slow == 50)'],
  })

  test('hold for a row or do not', () => {
    expect(satisfies([5, 20, 0.02])).toBe(true)
    expect(satisfies([20, 20, 0.02])).toBe(false)
    expect(satisfies([5, 20, 0.04])).toBe(false)
    expect(satisfies([5, 50, 0.02])).toBe(false)
  })

  test('are named as written, the first that is violated', () => {
    expect(violatedConstraint([5, 20, 0.02])).toBeNull()
    expect(violatedConstraint([30, 20, 0.04])).toBe('fast < slow')
    expect(violatedConstraint(Float64Array.of(5, 20, 0.04))).toBe('not (sl > 0.03 or slow == 50)')
  })

  test('hold always where there are none', () => {
    expect(compile({ enterLong: 'close > 1', stopLoss: '0.1' }).satisfies([])).toBe(true)
  })
})

function compile(given: Partial<StrategyDefinition>): ReturnType<typeof compileStrategy> {
  return compileStrategy({ name: 'test', parameterSpace: [], constraints: [], ...given })
}
