import { describe, expect, test } from 'vitest'
import { holds, readCondition, readNumber, valueOf, type Names } from '../../src/strategy/expression.ts'
import { MAX_DEPTH, MAX_NODES } from '../../src/strategy/parser.ts'
import { ExpressionError, MAX_LENGTH } from '../../src/strategy/tokens.ts'
import { cpuMs } from '../cpu-ms.ts'
import { PER_BAR, PER_SAMPLE } from './sample-space.ts'

const VALUE = 'a value was expected: a number, a parameter, a column or an indicator such as rsi(14).'
const SYMBOLS = 'Write numbers, names, + - * / ( ) [ ] , and comparisons; names are of a-z, A-Z, 0-9 and _.'
const KNOWN =
  'There are the parameters rsi_oversold, rsi_period, width, sl, trend_filter, lengths, wild, tiny; the columns open, high, low, close, volume; and indicators such as rsi(14).'
const KNOWN_ONCE =
  'There are numbers and the parameters rsi_oversold, rsi_period, width, sl, trend_filter, lengths, wild, tiny.'
const JOIN = 'Join conditions with and, or, not.'
const WHOLE = 'which must be a whole number from 2 to 100000'

/** What people write by mistake or by malice in a signal, and all that they are told. */
const MISTAKES: [source: string, message: string][] = [
  // Words that are no words of the language
  [
    'close = open',
    "Unexpected character '=' at column 7. Write == to compare; arguments are given without their names.",
  ],
  [
    'rsi(period = 14) < 30',
    "Unexpected character '=' at column 12. Write == to compare; arguments are given without their names.",
  ],
  ['close > open && volume > 0', "Unexpected character '&' at column 14. Write and."],
  ['close > 1 || open > 1', "Unexpected character '|' at column 11. Write or."],
  ['!trend_filter', "Unexpected character '!' at column 1. Write not, or != for unequal."],
  ['close > 2%', "Unexpected character '%' at column 10. Write 2 % as 0.02."],
  ['close ^ 2 > 1', "Unexpected character '^' at column 7. There are no powers; multiply instead."],
  [
    'close.length > 1',
    "Unexpected character '.' at column 6. Decimals look like 0.5; names have no parts behind a point.",
  ],
  ["close > 'a'", "Unexpected character ''' at column 9. There are no texts in an expression."],
  ['`x`', "Unexpected character '`' at column 1. There are no texts in an expression."],
  ['close > "1"', "Unexpected character '\"' at column 9. There are no texts in an expression."],
  ['\u0441lose > 1', `Unexpected character U+0441 at column 1. ${SYMBOLS}`],
  ['close ≥ 1', "Unexpected character '≥' (U+2265) at column 7. Write >=."],
  ['close >\u00a01', `Unexpected character U+00A0 at column 8. ${SYMBOLS}`],
  ['close > 😀', `Unexpected character U+1F600 at column 9. ${SYMBOLS}`],
  ['close > 1;', `Unexpected character ';' at column 10. ${SYMBOLS}`],
  ['close > 14d', "'14d' at column 9 is not a number. Write numbers as 14, 0.02 or 1e-3."],
  ['close > 0x1f', "'0x1f' at column 9 is not a number. Write numbers as 14, 0.02 or 1e-3."],
  ['close > 1_000', "'1_000' at column 9 is not a number. Write numbers as 14, 0.02 or 1e-3."],
  ['close > 1e999', 'The number 1e999 at column 9 is too large. Use at most 1e308.'],
  // Grammar
  ['', 'The expression is empty from column 1 on. Leave the field out, or write an expression.'],
  ['  \n ', 'The expression is empty from column 1 on. Leave the field out, or write an expression.'],
  ['rsi(14', "The expression ends at column 7 where the ')' for '(' at column 4 was expected. Add ')'."],
  ['rsi(14) <', `The expression ends at column 10 where ${VALUE}`],
  [
    'rsi(14)) < 30',
    "Found ')' at column 8 where an operator or the end was expected. Nothing is open there; remove it.",
  ],
  ['(close > open', "The expression ends at column 14 where the ')' for '(' at column 1 was expected. Add ')'."],
  ['> 5', `Found '>' at column 1 where ${VALUE}`],
  ['close >> 5', `Found '>' at column 8 where ${VALUE}`],
  ['close ** 2 > 1', `Found '*' at column 8 where ${VALUE}`],
  ['close > +1', `Found '+' at column 9 where ${VALUE}`],
  [
    'close > open open',
    "Found 'open' at column 14 where an operator or the end was expected. Join conditions with and, or; numbers with + - * /.",
  ],
  [
    'close > open AND volume > 0',
    "Found 'AND' at column 14 where an operator or the end was expected. Did you mean and?",
  ],
  [
    'close > open adn volume > 0',
    "Found 'adn' at column 14 where an operator or the end was expected. Did you mean and?",
  ],
  [
    'close > 1,5',
    "Found ',' at column 10 where an operator or the end was expected. Commas separate the arguments of a call; decimals are written with a point.",
  ],
  [
    'sma(volume 20) > 1',
    "Found '20' at column 12 where the ')' for '(' at column 4 was expected. Arguments are separated by commas.",
  ],
  ['rsi(,14) < 30', `Found ',' at column 5 where ${VALUE}`],
  ['()', `Found ')' at column 2 where ${VALUE}`],
  ['close > 1]', "Found ']' at column 10 where an operator or the end was expected. Nothing is open there; remove it."],
  ['not', `The expression ends at column 4 where ${VALUE}`],
  ['close > 1 or or close < 2', `Found 'or' at column 14 where ${VALUE}`],
  ['close > not open', `Found 'not' at column 9 where ${VALUE}`],
  [
    '20 < rsi(14) < 30',
    "A second comparison '<' at column 14: comparisons cannot be chained. Write 20 < rsi(14) and rsi(14) < 30.",
  ],
  // Offsets
  ['close[-1] > 1', 'A negative offset at column 7 would look into the future. Offsets count bars back: close[1].'],
  [
    'crosses_above(close, open)[-3]',
    'A negative offset at column 28 would look into the future. Offsets count bars back: close[1].',
  ],
  ['close[1.5] > 1', 'The offset 1.5 at column 7 is not a whole number from 0 to 1000.'],
  ['close[width] > 1', "Found 'width' at column 7 where a number of bars was expected, as in close[1]."],
  ['close[1001] > 1', 'The offset 1001 at column 7 is not a whole number from 0 to 1000.'],
  ['close[] > 1', "Found ']' at column 7 where a number of bars was expected, as in close[1]."],
  ['close[1][2] > 1', 'Found a second offset at column 9. Write their sum in one.'],
  ['close[1 > 1', "Found '>' at column 9 where the ']' for '[' at column 6 was expected."],
  [
    '(close + open)[1] > 1',
    "Found '[' at column 15 behind a calculation. Offsets follow a column or a call, as in close[1].",
  ],
  ['sl[1] > 1', 'sl at column 1 is a parameter and the same on every bar. Remove [1].'],
  ['sma(close[1], 20) > 1', 'The source close[1] at column 5 has an offset. Put it behind the call: sma(…)[1].'],
  // Names
  ['rsi_oversld > rsi(14)', "Unknown name 'rsi_oversld' at column 1. Did you mean the parameter rsi_oversold?"],
  ['RSI(14) < 30', "Unknown name 'RSI' at column 1. Did you mean the indicator rsi?"],
  ['volum > 1', "Unknown name 'volum' at column 1. Did you mean the column volume?"],
  ['bollinger(20, 2) > close', "Unknown name 'bollinger' at column 1. Did you mean the indicator bollinger_upper?"],
  ['crossesabove(close, 1)', "Unknown name 'crossesabove' at column 1. Did you mean the function crosses_above?"],
  ['admin > 1', `Unknown name 'admin' at column 1. ${KNOWN}`],
  ['rsi < 30', 'rsi at column 1 is an indicator and needs brackets. Write rsi(close, 14).'],
  ['rsi[14] < 30', 'rsi at column 1 is an indicator and needs brackets. Write rsi(close, 14).'],
  ['sma(rsi, 5) > 1', 'rsi at column 5 is an indicator and needs brackets. Write rsi(close, 14).'],
  [
    'close(1) > 1',
    'close at column 1 is a column and takes no arguments. Write close, or close[1] for the bar before.',
  ],
  ['sl(1) > 1', 'sl at column 1 is a parameter and takes no arguments. Write sl.'],
  [
    'rsi(14) < rsi_oversld and adx(14) > admin',
    `Unknown name 'rsi_oversld' at column 11. Did you mean the parameter rsi_oversold?\nUnknown name 'admin' at column 37. ${KNOWN}`,
  ],
  // Numbers and conditions
  ['rsi(14)', 'rsi(14) at column 1 is a number; compare it with something, as in rsi(14) < 30.'],
  ['close - open', 'close - open at column 1 is a number; compare it with something, as in close - open > 0.'],
  ['sl', 'sl at column 1 is a number; compare it with something, as in sl > 0.'],
  ['not close', 'close at column 5 is a number; compare it with something, as in close > 0.'],
  ['(close > 1) + 2 > 3', `(close > 1) at column 1 is a condition where a number is needed. ${JOIN}`],
  ['-(close > 1) > 0', `(close > 1) at column 2 is a condition where a number is needed. ${JOIN}`],
  [
    'trend_filter > 0',
    'trend_filter at column 1 is a condition (BOOLEAN) where a number is needed. Make the parameter INTEGER, or join it with and, or, not.',
  ],
  [
    'crosses_above(close, 1) > 1',
    `crosses_above(close, 1) at column 1 is a condition where a number is needed. ${JOIN}`,
  ],
  ['crosses_above(close > 1, 2)', `close > 1 at column 15 is a condition where a number is needed. ${JOIN}`],
  ['close > 1 / 0', '1 / 0 at column 9 is not a finite number. Change its numbers.'],
  // Arguments
  ['rsi(1) < 30', `1 at column 5 is the period of rsi, ${WHOLE}.`],
  ['rsi(14.5) < 30', `14.5 at column 5 is the period of rsi, ${WHOLE}.`],
  ['rsi(-14) < 30', `-14 at column 5 is the period of rsi, ${WHOLE}.`],
  [
    'rsi(width) < 30',
    `width at column 5 is the period of rsi, ${WHOLE}; it is UNIFORM. Make it INTEGER, or DISCRETE with whole values.`,
  ],
  [
    'rsi(lengths) < 30',
    `lengths at column 5 is the period of rsi, ${WHOLE}; it is DISCRETE with fractions. Make it INTEGER, or DISCRETE with whole values.`,
  ],
  [
    'rsi(trend_filter) < 30',
    `trend_filter at column 5 is the period of rsi, ${WHOLE}; it is BOOLEAN. Make it INTEGER, or DISCRETE with whole values.`,
  ],
  ['rsi(tiny) < 30', `tiny at column 5 is the period of rsi, ${WHOLE}; it runs from 1 to 9. Narrow its bounds.`],
  [
    'supertrend(10, wild) > close',
    'wild at column 16 is the multiplier of supertrend, which must be a number from 0 to 100; it runs from -4.33796 to 8.33796. Narrow its bounds.',
  ],
  [
    'supertrend(10, trend_filter) > close',
    'trend_filter at column 16 is the multiplier of supertrend, which must be a number from 0 to 100; it is BOOLEAN. Choose another distribution.',
  ],
  [
    'supertrend(10, 101) > close',
    '101 at column 16 is the multiplier of supertrend, which must be a number from 0 to 100.',
  ],
  ['rsi(14, close) < 30', 'rsi at column 1 has 1 argument too many. Write rsi(close, 14).'],
  ['obv(3, 4) > 1', 'obv at column 1 has 2 arguments too many. Write obv().'],
  ['atr(close, 14) > 1', 'atr at column 1 takes no source; it reads the candles itself. Write atr(14).'],
  [
    'sma(close * 2, 20) > 1',
    'close * 2 at column 5 must be a column, an indicator, a number or a parameter: arguments are not calculated. Calculate with the result instead.',
  ],
  [
    'rsi(close, rsi_period + 1) < 30',
    'rsi_period + 1 at column 12 is the period of rsi, which must be a number or a parameter. Write rsi(close, 14).',
  ],
  ['sma(volum, 20) > 1', "Unknown name 'volum' at column 5. Did you mean the column volume?"],
  ['rsi(close, peroid) < 30', `Unknown name 'peroid' at column 12. ${KNOWN}`],
  [
    'crosses_above > 1',
    'crosses_above at column 1 needs two numbers in brackets. Write crosses_above(ema(12), ema(26)).',
  ],
  [
    'crosses_above(close)',
    'crosses_above at column 1 takes two numbers, not 1. Write crosses_above(ema(12), ema(26)).',
  ],
  [
    'crosses_below(1, sl)',
    'crosses_below at column 1 never happens: neither side changes from bar to bar. Use a column or an indicator.',
  ],
]

/** The same where no bar is known yet: in stops, targets and the leverage. */
const MISTAKES_IN_LEVELS: [source: string, message: string][] = [
  [
    'close',
    'close at column 1 changes from bar to bar, but this holds for the whole backtest. Use parameters and numbers only, as in 2 * sl or 0.02.',
  ],
  [
    '2 * atr(14)',
    'atr(14) at column 5 changes from bar to bar, but this holds for the whole backtest. Use parameters and numbers only, as in 2 * sl or 0.02.',
  ],
  [
    'crosses_above(close, sl) and sl > 1',
    `crosses_above(close, sl) and sl > 1 at column 1 is a condition where a number is needed. ${JOIN}`,
  ],
  ['2 * sll', "Unknown name 'sll' at column 5. Did you mean the parameter sl?"],
  ['eval(1)', `Unknown name 'eval' at column 1. ${KNOWN_ONCE}`],
  [
    'trend_filter',
    'trend_filter at column 1 is a condition (BOOLEAN) where a number is needed. Make the parameter INTEGER, or join it with and, or, not.',
  ],
  ['sl > 1', `sl > 1 at column 1 is a condition where a number is needed. ${JOIN}`],
  ['1 / 0', '1 / 0 at column 1 is not a finite number. Change its numbers.'],
]

/** Ways to run code that have worked elsewhere. Here they are letters without a meaning. */
const PAYLOADS = [
  'constructor',
  'constructor.constructor("return process")()',
  '__proto__',
  '__proto__.polluted = 1',
  'prototype',
  'close.constructor',
  'close["constructor"]',
  'close[constructor]',
  'close[__proto__]',
  'rsi.constructor(14)',
  'rsi(14).constructor',
  'rsi(constructor) < 30',
  'sma(__proto__, 5) > 1',
  'toString',
  'toString()',
  'valueOf() > 1',
  'hasOwnProperty(close)',
  'process',
  'process.exit(1)',
  'process.env.PATH',
  'process.mainModule.require("child_process").execSync("id")',
  'globalThis',
  'globalThis.process.exit()',
  'global > 1',
  'window > 1',
  'self > 1',
  'this > 1',
  'this.constructor.constructor("return this")()',
  'require("fs")',
  'require("child_process").exec("id")',
  'import("fs")',
  'import fs from "fs"',
  'import.meta.url',
  'eval("1")',
  'eval(close) > 1',
  'Function("return 1")()',
  'new Function("return process")()',
  'new Date()',
  'setTimeout(close, 0)',
  '(() => 1)()',
  '(function () { return 1 })()',
  'function f() {}',
  'async () => await 1',
  'x => x',
  '`${process.env}`',
  '${7*7}',
  '{{7*7}}',
  '#{7*7}',
  '<%= 7*7 %>',
  '<script>alert(1)</script>',
  'close; process.exit()',
  'close > 1, process.exit()',
  'close > 1 ? process : 0',
  'close ?? process',
  'close = 1',
  'close += 1',
  'close++ > 1',
  'var x = 1',
  'let x = 1; x',
  'while (1) {}',
  'for (;;) {}',
  'throw 1',
  'return process',
  'yield 1',
  'delete close',
  'typeof close',
  'void 0',
  'close instanceof Object',
  '"a" in close',
  'Object.prototype.polluted > 1',
  'Reflect.ownKeys(close)',
  'new Proxy({}, {})',
  'Symbol.iterator',
  'Math.pow(close, 2) > 1',
  'JSON.parse("{}")',
  'Buffer.from("a")',
  'WebAssembly.Module > 1',
  'fetch("http://localhost")',
  'alert(1)',
  'console.log(1)',
  'arguments[0]',
  'arguments.callee',
  'close[1]["x"]',
  '/^(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")',
  '\\u0063onstructor > 1',
  '$where > 1',
  "'; drop table strategies; --",
  'close > 1 -- comment',
  'close > 1 // comment',
  'close > 1 /* comment */',
  '../../etc/passwd',
  '=cmd|calc!A1',
  '\0close > 1',
  'close\u2028> 1',
  '\u202Eclose > 1',
  'undefined > 1',
  'null == close',
  'NaN != close',
  'Infinity > close',
  'true',
]

describe('an expression that cannot be read', () => {
  test.each(MISTAKES)('%j is refused with its remedy', (source, message) => {
    expect(problemsOf(() => readCondition(source, PER_BAR))).toBe(message)
  })

  test.each(MISTAKES_IN_LEVELS)('%j is refused where no bar is known', (source, message) => {
    expect(problemsOf(() => readNumber(source, PER_SAMPLE))).toBe(message)
  })

  test('names at most ten problems', () => {
    const source = Array.from({ length: 50 }, (_, i) => `unknown${i} > 1`).join(' and ')
    expect(problemsOf(() => readCondition(source, PER_BAR)).split('\n')).toHaveLength(10)
  })

  test('shows at most 60 characters of what was written, on one line', () => {
    const [message] = problemsOf(() => readCondition(`${'x'.repeat(9000)} > 1`, PER_BAR)).split('\n')
    expect(message).toContain(`'${'x'.repeat(57)}…'`)
    expect(problemsOf(() => readCondition('close\n-\topen', PER_BAR))).toContain('close - open at column 1')
  })
})

describe('an attempt to run code', () => {
  test.each(PAYLOADS)('%j is refused with its position', (source) => {
    for (const names of [PER_BAR, PER_SAMPLE]) {
      const error = errorOf(() => readCondition(source, names))
      expect(error.code).toBe('EXPRESSION_INVALID')
      expect(error.message).toMatch(/ column \d+/)
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('an expression that is too large', () => {
  test.each([
    ['brackets', (depth: number) => `${nested('(', 'close', ')', depth)} > 1`],
    ['signs', (depth: number) => `${nested('-', 'close', '', depth)} > 1`],
    ['not', (depth: number) => nested('not ', 'close > 1', '', depth)],
    ['calls', (depth: number) => `${nested('sma(', 'close', ', 2)', depth)} > 1`],
  ])(`may nest %s ${MAX_DEPTH} deep and no deeper`, (_, write) => {
    expect(readCondition(write(MAX_DEPTH), PER_BAR)).toBeTruthy()
    expect(problemsOf(() => readCondition(write(MAX_DEPTH + 1), PER_BAR))).toMatch(
      /nested more than 32 deep at column \d+/,
    )
  })

  test(`may have ${MAX_NODES} numbers, names, operators and calls and no more`, () => {
    expect(readCondition(sum(249), PER_BAR)).toBeTruthy() // 249 numbers, 248 plus signs, close, >
    expect(problemsOf(() => readCondition(sum(250), PER_BAR))).toMatch(/at column \d+ behind its limit of 500 numbers/)
  })

  test(`may have ${MAX_LENGTH} characters and no more`, () => {
    expect(readCondition('close > 1'.padEnd(MAX_LENGTH), PER_BAR)).toBeTruthy()
    expect(problemsOf(() => readCondition('close > 1'.padEnd(MAX_LENGTH + 1), PER_BAR))).toBe(
      'The expression has 10001 characters; nothing is read from column 10001 on. Shorten it.',
    )
  })

  test('is refused at once, be it of 100,000 parts, 10,000 levels or a million letters', async () => {
    const hostile = [
      Array(100_000).fill('1').join('+'),
      Array(4999).fill('1').join('+'),
      nested('(', '1', ')', 10_000),
      nested('(', '1', ')', 4999),
      '('.repeat(9999),
      '-'.repeat(9999),
      'not '.repeat(2500),
      '['.repeat(9999),
      nested('sma(', 'close', ')', 1999),
      nested('crosses_above(', 'close', ', 1)', 500),
      'a'.repeat(1_000_000),
      'a'.repeat(9999),
      `${'a'.repeat(30)}!`,
      Array(2000).fill('zzzz').join('+'),
      '1'.repeat(9999),
      `1${'e1'.repeat(4999)}`,
      ' '.repeat(10_000),
      '<'.repeat(9999),
      '\ud800'.repeat(9999),
    ]
    const read = () => hostile.forEach((source) => errorOf(() => readCondition(source, PER_BAR)))
    expect(await cpuMs(read)).toBeLessThan(500)
  })
})

describe('an expression over parameters', () => {
  test.each([
    ['a + b * c', 14],
    ['(a + b) * c', 20],
    ['a - b - c', -5],
    ['a / b / c', 2 / 3 / 4],
    ['c / a * b', 6],
    ['-a * b', -6],
    ['-a + b', 1],
    ['a - -b', 5],
    ['--a', 2],
    ['-(a - b)', 1],
    ['0.1 + 0.2', 0.1 + 0.2],
    ['0.1 + 0.2 + a', 0.1 + 0.2 + 2],
    ['a + 0.1 + 0.2', 2 + 0.1 + 0.2],
    ['.5 * 1e2 + 2.5E-1', 50.25],
    ['\n a\t+\r b ', 5],
  ])('%j is worked out as written', (source, expected) => {
    expect(value(source)).toBe(expected)
  })

  test('keeps the sign of a zero', () => {
    expect(valueOf(readNumber('1 / -a', names(0)), [0])).toBe(-Infinity)
    expect(valueOf(readNumber('a * -0', names(2)), [2])).toBe(-0)
  })

  test.each([
    ['a < b', true],
    ['a <= 2', true],
    ['a >= b', false],
    ['a == 2 and b != 2', true],
    ['a == 1 or b == 3 and c == 5', false], // and before or
    ['(a == 2 or b == 3) and c == 5', false],
    ['a == 2 or b == 3 and c == 5', true],
    ['not a == 1', true],
    ['not a == 2 or b == 3', true], // not before and, or
    ['not (a == 2 or b == 3)', false],
    ['not not a == 2', true],
    ['not (a == 1 and b == 3)', true],
    ['a + b == c + 1', true], // arithmetic before comparison
    ['0 / (a - 2) == 0', false], // 0 / 0 compares with nothing
    ['0 / (a - 2) != 0', false],
    ['not 0 / (a - 2) == 0', false],
    ['not 0 / (a - 2) != 0', false],
    ['1 / (a - 2) > 1e300', true],
  ])('%j is %j', (source, expected) => {
    expect(truth(source)).toBe(expected)
  })

  test('reads a BOOLEAN parameter as a condition', () => {
    const row = [0, 0, 0, 0, 1]
    expect(holds(readCondition('trend_filter', PER_SAMPLE), row)).toBe(true)
    expect(holds(readCondition('not trend_filter', PER_SAMPLE), row)).toBe(false)
    expect(holds(readCondition('not (trend_filter and sl > 1)', PER_SAMPLE), row)).toBe(true)
  })
})

function nested(open: string, inner: string, close: string, depth: number): string {
  return open.repeat(depth) + inner + close.repeat(depth)
}

function sum(terms: number): string {
  return `close > ${Array(terms).fill('1').join('+')}`
}

function value(source: string): number {
  return valueOf(readNumber(source, names(2, 3, 4)), [2, 3, 4])
}

function truth(source: string): boolean {
  return holds(readCondition(source, names(2, 3, 4)), [2, 3, 4])
}

function errorOf(read: () => unknown): ExpressionError {
  try {
    read()
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error('It was read without a complaint.')
}

function problemsOf(read: () => unknown): string {
  return errorOf(read).problems.join('\n')
}

/** Parameters a, b, c … for a row of these values. */
function names(...values: number[]): Names {
  const parameters = values.map((value, index) => {
    const name = 'abc'[index]
    const spec = { name, distribution: 'UNIFORM' as const, low: value, high: value }
    return [name, { index, spec, range: { low: value, high: value } }] as const
  })
  return { parameters: new Map(parameters), series: false }
}
