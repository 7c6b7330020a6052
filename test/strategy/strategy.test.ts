import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { INDICATORS } from '../../src/engine/indicators.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { MAX_CONSTRAINTS, type StrategyDefinition } from '../../src/strategy/strategy.ts'
import { cpuMs } from '../cpu-ms.ts'

const SL: ParameterSpec = { name: 'sl', distribution: 'UNIFORM', low: 0.01, high: 0.05 }

describe('a strategy', () => {
  test('is told all its problems at once, each with its path', () => {
    const problems = problemsOf({
      enterLong: 'rsi(14) < rsi_oversld and adx(14) > nothing_like_it',
      exitShort: 'rsi(14',
      stopLoss: 'close * 0.01',
      takeProfit: '-0.02',
      leverage: '0.5',
      parameterSpace: [
        { name: 'rsi_oversold', distribution: 'UNIFORM', low: 40, high: 20 },
        SL,
        { name: 'close', distribution: 'BOOLEAN' },
      ],
      constraints: ['sl < 1', 'sl < close', 'sl'],
    })
    expect(problems).toEqual([
      'parameterSpace.0.low: 40 is above high, 20. Swap the two.',
      'parameterSpace.2.name: "close" is a candle column already. Choose another name, as in close_value.',
      "enterLong: Unknown name 'rsi_oversld' at column 11. Did you mean the parameter rsi_oversold?",
      "enterLong: Unknown name 'nothing_like_it' at column 37. There are the parameters rsi_oversold, sl; the columns open, high, low, close, volume; and indicators such as rsi(14).",
      "exitShort: The expression ends at column 7 where the ')' for '(' at column 4 was expected. Add ')'.",
      'stopLoss: close at column 1 changes from bar to bar, but this holds for the whole backtest. Use parameters and numbers only, as in 2 * sl or 0.02.',
      'constraints.1: close at column 6 changes from bar to bar, but this holds for the whole backtest. Use parameters and numbers only, as in 2 * sl or 0.02.',
      'constraints.2: sl at column 1 is a number; compare it with something, as in sl > 0.',
      'exitShort: There is no short position to leave. Write enterShort too, or leave exitShort out.',
      'takeProfit: is -0.02; it must be a fraction above 0, as in 0.02 for 2 %.',
      'leverage: is 0.5; it must be a number of at least 1.',
    ])
  })

  test('has the code EXPRESSION_INVALID where an expression is at fault, else BAD_USER_INPUT', () => {
    expect(errorOf({ enterLong: 'process.exit()' }).code).toBe('EXPRESSION_INVALID')
    expect(errorOf({ enterLong: 'close > 1', exitLong: 'close < 1', leverage: '0' }).code).toBe('BAD_USER_INPUT')
  })

  test('enters somewhere', () => {
    expect(problemsOf({ exitLong: 'close > 1' })).toEqual([
      'enterLong: Nothing would ever be traded. Write when to enter here, in enterShort or in both.',
      'exitLong: There is no long position to leave. Write enterLong too, or leave exitLong out.',
    ])
  })

  test('can leave every position that it enters', () => {
    expect(problemsOf({ enterLong: 'close > 1', enterShort: 'close < 1', exitShort: 'close > 2' })).toEqual([
      'enterLong: A long position would never be closed. Write exitLong, stopLoss, takeProfit or trailingStop too.',
    ])
    for (const level of ['stopLoss', 'takeProfit', 'trailingStop']) {
      expect(problemsOf({ enterLong: 'close > 1', [level]: '0.02' })).toEqual([])
    }
  })

  test('may leave fields out, as null or altogether, but not empty', () => {
    expect(problemsOf({ enterLong: 'close > 1', exitLong: null, stopLoss: '0.02', leverage: null })).toEqual([])
    expect(problemsOf({ enterLong: 'close > 1', exitLong: '', stopLoss: ' ' })).toEqual([
      'exitLong: The expression is empty from column 1 on. Leave the field out, or write an expression.',
      'stopLoss: The expression is empty from column 1 on. Leave the field out, or write an expression.',
    ])
  })

  test('uses all its parameters, and not in constraints alone', () => {
    const parameterSpace: ParameterSpec[] = [
      SL,
      { name: 'period', distribution: 'INTEGER', low: 2, high: 9 },
      { name: 'idle', distribution: 'UNIFORM', low: 0, high: 1 },
    ]
    const enterLong = 'sma(ema(period), 5) > 1'
    expect(problemsOf({ enterLong, stopLoss: '2 * sl', parameterSpace, constraints: ['idle > 0.5'] })).toEqual([
      'parameterSpace.2.name: Parameter idle is never used in a signal, a stop, a target or the leverage. Use it or remove it.',
    ])
  })

  test('has no idle parameters while a name is misspelt, lest one mistake be told twice', () => {
    expect(problemsOf({ enterLong: 'close > sll', stopLoss: '0.1', parameterSpace: [SL] })).toEqual([
      "enterLong: Unknown name 'sll' at column 9. Did you mean the parameter sl?",
    ])
    expect(problemsOf({ enterLong: 'close > 1', stopLoss: 'sl', parameterSpace: [SL, SL] })).toEqual([
      'parameterSpace.1.name: "sl" is already the name of parameter 0. Give each parameter a name of its own.',
    ])
  })

  const taken = ['open', 'volume', 'and', 'not', 'crosses_below', ...INDICATORS.keys()]
  const malformed = ['', '9lives', 'Fast', 'a-b', 'a b', 'a.b', 'ä', 'a'.repeat(65)]
  test.each([...taken, ...malformed, '__proto__', 'constructor', 'prototype'])('cannot call a parameter %j', (name) => {
    const parameterSpace = [{ ...SL, name }]
    const problems = problemsOf({ enterLong: 'close > 1', stopLoss: '0.1', parameterSpace })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^parameterSpace\.0\.name: /)
    expect(({} as Record<string, unknown>)['distribution']).toBeUndefined()
  })

  test('may call a parameter anything else', () => {
    for (const name of ['a', '_', '_1', 'rsi2', 'closes', 'to_string', 'a'.repeat(64)]) {
      expect(problemsOf({ enterLong: 'close > 1', stopLoss: name, parameterSpace: [{ ...SL, name }] })).toEqual([])
    }
  })

  test('is not asked twice for bounds that a parameter lacks', () => {
    const parameterSpace: ParameterSpec[] = [{ name: 'period', distribution: 'INTEGER', low: 5 }]
    expect(problemsOf({ enterLong: 'close > ema(period)', stopLoss: '0.1', parameterSpace })).toEqual([
      'parameterSpace.0.high: is missing; INTEGER needs low and high.',
    ])
  })

  test('has limits that keep its checking cheap', async () => {
    const constraints = Array<string>(MAX_CONSTRAINTS + 1).fill('1 < 2')
    expect(problemsOf({ enterLong: 'close > 1', stopLoss: '0.1', constraints })).toEqual([
      'constraints: has 51 conditions; at most 50. Join some with and.',
    ])
    const parameterSpace = Array.from({ length: 2000 }, (_, i) => ({ ...SL, name: `p${i}` }))
    const unknown = Array.from({ length: 200 }, (_, i) => `unknown${i} > 1`).join(' and ')
    const check = () => problemsOf({ enterLong: unknown, parameterSpace })
    expect(check()).toEqual(['parameterSpace: has 2000 parameters; at most 64. Fix some of them in the expressions.'])
    expect(await cpuMs(check)).toBeLessThan(500)
  })
})

function errorOf(given: Partial<StrategyDefinition>): ValidationError {
  try {
    compileStrategy({ name: 'test', parameterSpace: [], constraints: [], ...given })
  } catch (error) {
    if (error instanceof ValidationError) return error
    throw error
  }
  return new ValidationError([])
}

function problemsOf(given: Partial<StrategyDefinition>): string[] {
  return errorOf(given).fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}`)
}
