import { describe, expect, test } from 'vitest'
import { columnKey, Operation, type SampleBatch, type StrategyProgram } from '../../src/engine/program.ts'
import { Random } from '../../src/engine/random.ts'
import { parse, type Syntax } from '../../src/strategy/parser.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { firesAt } from './run-program.ts'

const BARS = 12

const SPACE: ParameterSpec[] = [
  { name: 'level', distribution: 'UNIFORM', low: -3, high: 3 },
  { name: 'factor', distribution: 'UNIFORM', low: -2, high: 2 },
  { name: 'n', distribution: 'INTEGER', low: 2, high: 5 },
  { name: 'wanted', distribution: 'BOOLEAN' },
]
type Row = [level: number, factor: number, n: number, wanted: number]

/** Series as they are written, and the column that each means for a row. */
const SERIES: ReadonlyMap<string, (row: Row) => string> = new Map([
  ['close', () => 'close'],
  ['volume', () => 'volume'],
  ['rsi(14)', () => 'rsi(close,14)'],
  ['sma(volume, 3)', () => 'sma(volume,3)'],
  ['ema(n)', ([, , n]: Row) => `ema(close,${n})`],
  ['sma(rsi(n), 5)', ([, , n]: Row) => `sma(rsi(close,${n}),5)`],
  ['bollinger_upper(n, 1.5)', ([, , n]: Row) => `bollinger_upper(close,${n},1.5)`],
  ['obv()', () => 'obv()'],
])

describe('a compiled condition', () => {
  test('says at every bar what its tree says, undefined values and all, in 3,000 random cases', () => {
    let fired = 0
    for (let seed = 0; seed < 3000; seed++) {
      const random = new Random(seed)
      const source = randomCondition(random, 4)
      const rows = [randomRow(random), randomRow(random)]
      const columns = columnsOf(seed)
      const { program, batch } = compile(source, rows)
      const syntax = parse(source)
      rows.forEach((row, sample) => {
        const read = (text: string): number[] => columns(SERIES.get(text)!(row))
        for (let bar = 0; bar < BARS; bar++) {
          const expected = truth(syntax, { source, row, read, bar }) === true
          const actual = firesAt(program.signals.enterLong, inputsOf(program, batch, sample, columns), bar)
          if (actual !== expected) throw new Error(`seed ${seed}, bar ${bar}: ${source} should be ${expected}`)
          if (expected) fired++
        }
      })
    }
    expect(fired).toBeGreaterThan(10_000)
    expect(fired).toBeLessThan(62_000)
  })

  test.each([
    'rsi(14) < 30',
    'not rsi(14) < 30',
    'not (rsi(14) < 30)',
    'not not rsi(14) < 30',
    'rsi(14) == rsi(14)',
    'rsi(14) != 50',
    'not rsi(14) == 50',
    'not rsi(14) != 50',
    'not (rsi(14) < 30 and rsi(14) > 30)',
    'not (rsi(14) < 30 or rsi(14) >= 30)',
    'crosses_above(rsi(14), 30)',
    'not crosses_above(rsi(14), 30)',
    'not crosses_below(rsi(14), close)',
    'rsi(14) - rsi(14) == 0',
    'not 1 / rsi(14) > 0',
  ])('%j is never true of undefined values', (source) => {
    expect(fires(source, { 'rsi(close,14)': Array(BARS).fill(NaN) })).toEqual(Array(BARS).fill(false))
  })

  test('reads bars back, and nothing before the first one', () => {
    const close = [1, 2, 3, 4, 5]
    expect(fires('close[1] == 2', { close })).toEqual([false, false, true, false, false])
    expect(fires('close[0] == 2', { close })).toEqual([false, true, false, false, false])
    expect(fires('close[4] == 1', { close })).toEqual([false, false, false, false, true])
    expect(fires('not close[1] == 2', { close })).toEqual([false, true, false, true, true])
    expect(fires('close - close[2] == 2', { close })).toEqual([false, false, true, true, true])
  })

  test('crosses where it is above now and was not one bar ago', () => {
    const close = [1, 3, 3, 2, 2, 3]
    expect(fires('crosses_above(close, 2)', { close })).toEqual([false, true, false, false, false, true])
    expect(fires('crosses_below(close, 3)', { close })).toEqual([false, false, false, true, false, false])
    expect(fires('crosses_above(close, 2)[1]', { close })).toEqual([false, false, true, false, false, false])
    expect(fires('crosses_above(close[1], 2)', { close })).toEqual([false, false, true, false, false, false])
    expect(fires('crosses_above(2 * close, close + 2)', { close })).toEqual(fires('crosses_above(close, 2)', { close }))
  })

  test('has not crossed wherever the two sides say so, be the bar before defined or not', () => {
    const close = [NaN, 1, 3, 3, NaN, 4]
    // not above at bar 1, above already before bars 3 and 4; at bar 5 nobody knows
    expect(fires('not crosses_above(close, 2)', { close })).toEqual([false, true, false, true, true, false])
  })
})

describe('a program', () => {
  test('is the expression in postfix', () => {
    const { program } = compile('close[2] > factor * sma(volume, 3) and not rsi(14) < 30')
    expect([...program.signals.enterLong]).toEqual(
      [
        [Operation.COLUMN, 0, 2],
        [Operation.PARAMETER, 1, 0],
        [Operation.COLUMN, 1, 0],
        [Operation.MULTIPLY, 0, 0],
        [Operation.GREATER, 0, 0],
        [Operation.COLUMN, 2, 0],
        [Operation.CONSTANT, 0, 0],
        [Operation.GREATER_EQUAL, 0, 0],
        [Operation.AND, 0, 0],
      ].flat(),
    )
    expect(program.constants[0]).toBe(30)
  })

  test('has one slot for each series, however often it is read', () => {
    const { program } = compile('rsi(14) > 30 and rsi(close, 14)[1] < 30 and rsi() < 70 and crosses_above(rsi(14), 40)')
    expect(program.slotCount).toBe(1 + 2) // and those of the exit
  })

  test('works constants out when it is compiled, with the bits of the order written', () => {
    const { program } = compile('close > 0.1 + 0.2 and close > -5 and volume * 0.1 * 0.2 > 0.1 + 0.2')
    expect([...program.constants].slice(0, 5)).toEqual([0.1 + 0.2, -5, 0.1, 0.2, 0])
  })

  test('tells 0 from −0', () => {
    const { program } = compile('close / 0.5 > 1 and volume > -0 and volume > 0')
    expect([...program.constants].slice(2, 4)).toEqual([-0, 0])
  })

  test('sees arithmetic between parameters as one more parameter', () => {
    const row: Row = [0.5, 1.5, 3, 1]
    const { program, batch } = compile('close > (1 + level) * ema(n) and crosses_above(close, -factor)', [row, row])
    expect([...program.signals.enterLong].slice(0, 15)).toEqual(
      [
        [Operation.COLUMN, 0, 0],
        [Operation.PARAMETER, 4, 0],
        [Operation.COLUMN, 1, 0],
        [Operation.MULTIPLY, 0, 0],
        [Operation.GREATER, 0, 0],
      ].flat(),
    )
    expect(program.parameterCount).toBe(6) // both bars of the crossing share one
    expect([...batch.parameters]).toEqual([...row, 1.5, -1.5, ...row, 1.5, -1.5])
  })

  test('only ever joins comparisons by AND and OR', () => {
    const { program } = compile('wanted and not wanted or close > 1')
    expect([...program.signals.enterLong].filter((_, word) => word % 3 === 0)).toEqual(
      [
        [Operation.PARAMETER, Operation.CONSTANT, Operation.NOT_EQUAL],
        [Operation.PARAMETER, Operation.CONSTANT, Operation.EQUAL],
        Operation.AND,
        [Operation.COLUMN, Operation.CONSTANT, Operation.GREATER],
        Operation.OR,
      ].flat(),
    )
  })

  test('is empty where the strategy has no such signal', () => {
    const { program } = compile('close > 1')
    expect(program.signals.enterShort).toHaveLength(0)
    expect(firesAt(program.signals.enterShort, { constants: [], parameters: [], columns: [] }, 0)).toBe(false)
  })
})

// Compiling and running

/** The exit makes use of every parameter, as a strategy must. */
function compile(enterLong: string, rows: Row[] = [[0, 1, 2, 0]]): { program: StrategyProgram; batch: SampleBatch } {
  const definition: StrategyDefinition = {
    name: 'test',
    enterLong,
    exitLong: 'wanted and ema(n) > level and volume > factor',
    parameterSpace: SPACE,
    constraints: [],
  }
  const compiled = compileStrategy(definition)
  return { program: compiled.program, batch: compiled.bind(Float64Array.from(rows.flat())) }
}

function inputsOf(program: StrategyProgram, batch: SampleBatch, sample: number, columns: (key: string) => number[]) {
  const { constants, parameterCount, slotCount } = program
  const slots = batch.slots.subarray(sample * slotCount, (sample + 1) * slotCount)
  return {
    constants,
    parameters: batch.parameters.subarray(sample * parameterCount, (sample + 1) * parameterCount),
    columns: Array.from(slots, (index) => columns(columnKey(batch.columns[index]))),
  }
}

/** Where a condition fires over columns given by hand; those that are not given are 1. */
function fires(source: string, given: Record<string, number[]>): boolean[] {
  const { program, batch } = compile(source)
  const bars = Object.values(given)[0].length
  const inputs = inputsOf(program, batch, 0, (key) => given[key] ?? Array(bars).fill(1))
  return Array.from({ length: bars }, (_, bar) => firesAt(program.signals.enterLong, inputs, bar))
}

// The slow twin: the tree as it was written, in three-valued logic (Kleene), `not` and all

type Truth = boolean | 'unknown'

interface Moment {
  source: string
  row: Row
  read: (series: string) => number[]
  bar: number
}

function truth(node: Syntax, at: Moment): Truth {
  if (node.kind === 'name') return at.row[3] === 1
  if (node.kind === 'unary') return not(truth(node.operand, at))
  if (node.kind === 'offset') return truth(node.of, { ...at, bar: at.bar - node.bars })
  if (node.kind === 'call') {
    const [a, b] = node.args
    const before = { ...at, bar: at.bar - 1 }
    return node.name === 'crosses_above'
      ? both(compare('>', value(a, at), value(b, at)), compare('<=', value(a, before), value(b, before)))
      : both(compare('<', value(a, at), value(b, at)), compare('>=', value(a, before), value(b, before)))
  }
  if (node.kind !== 'binary') throw new Error(`${node.kind} is no condition`)
  if (node.operator === 'and') return both(truth(node.left, at), truth(node.right, at))
  if (node.operator === 'or') return not(both(not(truth(node.left, at)), not(truth(node.right, at))))
  return compare(node.operator, value(node.left, at), value(node.right, at))
}

function value(node: Syntax, at: Moment): number {
  const text = bare(node, at.source)
  const parameter = SPACE.findIndex(({ name }) => name === text)
  if (parameter >= 0) return at.row[parameter]
  if (SERIES.has(text)) return at.read(text)[at.bar] ?? NaN
  if (node.kind === 'offset') return value(node.of, { ...at, bar: at.bar - node.bars })
  if (node.kind === 'number') return node.value
  if (node.kind === 'unary') return -value(node.operand, at)
  if (node.kind !== 'binary') throw new Error(`${text} is no number`)
  const left = value(node.left, at)
  const right = value(node.right, at)
  if (node.operator === '+') return left + right
  if (node.operator === '-') return left - right
  return node.operator === '*' ? left * right : left / right
}

/** The text of a name or a call, without brackets around it. */
function bare(node: Syntax, source: string): string {
  let { start, end } = node
  const isBare = (): boolean => source[start] !== '(' || (node.kind !== 'name' && node.kind !== 'call')
  for (; !isBare(); end--) start++
  return source.slice(start, end)
}

function compare(operator: string, left: number, right: number): Truth {
  if (Number.isNaN(left) || Number.isNaN(right)) return 'unknown'
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  if (operator === '>') return left > right
  if (operator === '>=') return left >= right
  return operator === '==' ? left === right : left !== right
}

function both(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false
  return a === true && b === true ? true : 'unknown'
}

function not(a: Truth): Truth {
  return a === 'unknown' ? 'unknown' : !a
}

// Random cases

/** Small whole numbers, so that equal values are frequent; the first bars and some others are undefined. */
function columnsOf(seed: number): (key: string) => number[] {
  const columns = new Map<string, number[]>()
  return (key) => {
    let column = columns.get(key)
    if (!column) {
      const random = new Random(seed, 1 + columns.size)
      const first = random.int(4)
      column = Array.from({ length: BARS }, (_, bar) => (bar < first || random.int(7) === 0 ? NaN : random.int(7) - 3))
      columns.set(key, column)
    }
    return column
  }
}

function randomRow(random: Random): Row {
  return [random.int(7) - 3, random.int(5) - 2, 2 + random.int(4), random.int(2)]
}

function randomCondition(random: Random, depth: number): string {
  const inner = (): string => randomCondition(random, depth - 1)
  const number = (): string => randomNumber(random, Math.min(depth, 2))
  const series = (): string => pick(random, [...SERIES.keys()])
  const kind = random.int(depth > 0 ? 9 : 3)
  if (kind === 0) return 'wanted'
  if (kind < 3) return `${number()} ${pick(random, ['<', '<=', '>', '>=', '==', '!='])} ${number()}`
  if (kind === 3) return `${inner()} and ${inner()}`
  if (kind === 4) return `${inner()} or ${inner()}`
  if (kind === 5) return `not ${inner()}`
  if (kind === 6) return `not (${inner()})`
  if (kind === 7) return `(${inner()})`
  const crossing = `${pick(random, ['crosses_above', 'crosses_below'])}(${series()}, ${number()})`
  return random.int(2) === 0 ? crossing : `${crossing}[${random.int(3)}]`
}

function randomNumber(random: Random, depth: number): string {
  const inner = (): string => randomNumber(random, depth - 1)
  const kind = random.int(depth > 0 ? 9 : 5)
  if (kind === 0) return pick(random, ['1', '2', '0.5', '3'])
  if (kind === 1) return pick(random, ['level', 'factor'])
  if (kind < 4) return pick(random, [...SERIES.keys()])
  if (kind === 4) return `${pick(random, [...SERIES.keys()])}[${random.int(4)}]`
  if (kind === 5) return `-${randomNumber(random, 0)}`
  if (kind === 6) return `(${inner()})`
  return `${inner()} ${pick(random, ['+', '-', '*', '/'])} ${inner()}`
}

function pick<T>(random: Random, items: T[]): T {
  return items[random.int(items.length)]
}
