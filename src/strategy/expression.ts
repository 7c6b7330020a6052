/**
 * The language of strategies: what the words of an expression mean. `parser.ts` knows its grammar, `postfix.ts`
 * makes of it what the kernel runs.
 *
 * Values are numbers or conditions. A number that is undefined, as an indicator is before its first bars, leaves a
 * comparison undecided; a condition is true only where it would be true whatever the undefined numbers were. So it
 * never makes a condition true, not under `not` either.
 */
import { INDICATORS } from '../engine/indicators.ts'
import { isColumn, isCross, unknownName, type Parameter, type Scope } from './names.ts'
import { parse, type Arithmetic, type Comparison, type Syntax } from './parser.ts'
import { bareIndicator, readCall, readColumn, type Argument, type Series } from './series.ts'
import { column, excerpt, ExpressionError } from './tokens.ts'

/** A number without parts. A series is read `offset` bars back, ≥ 0: there is no way to write a later bar. */
export type Leaf = Argument | { kind: 'series'; series: Series; offset: number }

/** A number, one for each bar; without series in it one for each sample. */
export type Numeric = Leaf | { kind: 'arithmetic'; operator: Arithmetic; left: Numeric; right: Numeric }

/** True or false for each bar. There is no `not`: it has been moved into the comparisons (De Morgan). */
export type Condition =
  | { kind: 'comparison'; operator: Comparison; left: Numeric; right: Numeric }
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  /** `left now right`, and (or, when negated) `left before right` one bar earlier */
  | { kind: 'cross'; now: Comparison; before: Comparison; join: 'and' | 'or'; left: Numeric; right: Numeric }

/** Problems of one expression that are told at once. */
const MAX_PROBLEMS = 10

const NEGATION: Record<Comparison, Comparison> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '==': '!=',
  '!=': '==',
}

const CALCULATE: Record<Arithmetic, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
}

/** As in the kernel: an undefined value compares with nothing, not even as unequal. */
const COMPARE: Record<Comparison, (left: number, right: number) => boolean> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right && !Number.isNaN(left) && !Number.isNaN(right),
}

/** The names that an expression may use. */
export type Names = Pick<Scope, 'parameters' | 'series'>

/** @throws ExpressionError  with all problems of names and types, or the first one of grammar */
export function readCondition(source: string, names: Names): Condition {
  return read(source, names, (syntax, scope) => condition(syntax, scope, false))
}

/** @throws ExpressionError  with all problems of names and types, or the first one of grammar */
export function readNumber(source: string, names: Names): Numeric {
  return read(source, names, number)
}

/** The value of a number without series. @param row the sample's parameters */
export function valueOf(expression: Numeric, row: ArrayLike<number>): number {
  if (expression.kind === 'constant') return expression.value
  if (expression.kind === 'parameter') return row[expression.index]
  if (expression.kind === 'series') throw new Error('A series has no value outside a backtest.')
  return CALCULATE[expression.operator](valueOf(expression.left, row), valueOf(expression.right, row))
}

/** Whether a condition without series holds. @param row the sample's parameters */
export function holds(expression: Condition, row: ArrayLike<number>): boolean {
  switch (expression.kind) {
    case 'and':
      return holds(expression.left, row) && holds(expression.right, row)
    case 'or':
      return holds(expression.left, row) || holds(expression.right, row)
    case 'comparison':
      return COMPARE[expression.operator](valueOf(expression.left, row), valueOf(expression.right, row))
    default:
      throw new Error('Nothing crosses outside a backtest.')
  }
}

export function hasSeries(expression: Numeric): boolean {
  if (expression.kind === 'arithmetic') return hasSeries(expression.left) || hasSeries(expression.right)
  return expression.kind === 'series'
}

/** What an expression is made of, from left to right: constants, parameters and series. */
export function* leavesOf(expression: Condition | Numeric): Generator<Leaf> {
  if ('left' in expression) {
    yield* leavesOf(expression.left)
    yield* leavesOf(expression.right)
  } else {
    yield expression
  }
}

function read<T>(source: string, names: Names, resolve: (syntax: Syntax, scope: Scope) => T | null): T {
  const syntax = parse(source)
  const problems: string[] = []
  const result = resolve(syntax, {
    ...names,
    text: ({ start, end }) => excerpt(source.slice(start, end)),
    report: (problem) => (problems.length < MAX_PROBLEMS && problems.push(problem), null),
  })
  if (result === null) throw new ExpressionError(problems)
  return result
}

// Conditions

/** @param negated whether an odd number of `not` stands before it */
function condition(node: Syntax, scope: Scope, negated: boolean): Condition | null {
  if (node.kind === 'unary' && node.operator === 'not') return condition(node.operand, scope, !negated)
  if (node.kind === 'name' && flag(node.name, scope)) return isSet(flag(node.name, scope)!, negated)
  if (node.kind === 'call' && isCross(node.name)) return cross(node, 0, scope, negated)
  if (node.kind === 'offset' && node.of.kind === 'call' && isCross(node.of.name)) {
    return cross(node.of, node.bars, scope, negated)
  }
  if (node.kind === 'binary') {
    const { operator } = node
    if (operator === 'and' || operator === 'or') return junction(operator, node.left, node.right, scope, negated)
    if (isComparison(operator)) return comparison(operator, node.left, node.right, scope, negated)
  }
  if (number(node, scope) === null) return null
  const text = scope.text(node)
  const example = node.kind === 'call' ? `${text} < 30` : `${text} > 0`
  return scope.report(`${text} at ${column(node)} is a number; compare it with something, as in ${example}.`)
}

/** De Morgan: not (a and b) = (not a) or (not b). */
function junction(join: 'and' | 'or', a: Syntax, b: Syntax, scope: Scope, negated: boolean): Condition | null {
  const left = condition(a, scope, negated)
  const right = condition(b, scope, negated)
  return left && right && { kind: negated ? opposite(join) : join, left, right }
}

function comparison(operator: Comparison, a: Syntax, b: Syntax, scope: Scope, negated: boolean): Condition | null {
  const left = number(a, scope)
  const right = number(b, scope)
  return left && right && { kind: 'comparison', operator: negated ? NEGATION[operator] : operator, left, right }
}

/** A BOOLEAN parameter as a condition, made a comparison so that `and` and `or` only ever join comparisons. */
function isSet({ index }: Parameter, negated: boolean): Condition {
  const zero: Numeric = { kind: 'constant', value: 0 }
  return { kind: 'comparison', operator: negated ? '==' : '!=', left: { kind: 'parameter', index }, right: zero }
}

/** @param bars how long ago it crossed */
function cross(node: Syntax & { kind: 'call' }, bars: number, scope: Scope, negated: boolean): Condition | null {
  const place = `${node.name} at ${column(node)}`
  if (!scope.series) {
    return scope.report(`${place} looks at bars, but this holds for the whole backtest. Compare parameters instead.`)
  }
  const [a, b, ...more] = node.args
  if (!a || !b || more.length > 0) {
    const example = `Write ${node.name}(ema(12), ema(26)).`
    return scope.report(`${place} takes two numbers, not ${node.args.length}. ${example}`)
  }
  const left = number(a, scope, bars)
  const right = number(b, scope, bars)
  if (!left || !right) return null
  if (!hasSeries(left) && !hasSeries(right)) {
    return scope.report(`${place} never happens: neither side changes from bar to bar. Use a column or an indicator.`)
  }
  const [now, before]: [Comparison, Comparison] = node.name === 'crosses_above' ? ['>', '<='] : ['<', '>=']
  if (!negated) return { kind: 'cross', now, before, join: 'and', left, right }
  return { kind: 'cross', now: NEGATION[now], before: NEGATION[before], join: 'or', left, right }
}

// Numbers

/** @param bars added to the offset of every series in it */
function number(node: Syntax, scope: Scope, bars = 0): Numeric | null {
  switch (node.kind) {
    case 'number':
      return { kind: 'constant', value: node.value }
    case 'name':
      return named(node, bars, scope)
    case 'call':
      return isCross(node.name) ? notNumber(node, scope) : series(readCall(node, scope), bars)
    case 'offset':
      return earlier(node, bars, scope)
    case 'unary':
      return node.operator === '-' ? negative(node.operand, bars, scope) : notNumber(node, scope)
    default:
      return isArithmetic(node.operator)
        ? arithmetic(node.operator, node, number(node.left, scope, bars), number(node.right, scope, bars), scope)
        : notNumber(node, scope)
  }
}

function named(node: Syntax & { kind: 'name' }, bars: number, scope: Scope): Numeric | null {
  const parameter = scope.parameters.get(node.name)
  if (parameter?.spec.distribution === 'BOOLEAN') return notNumber(node, scope)
  if (parameter) return { kind: 'parameter', index: parameter.index }
  if (INDICATORS.has(node.name)) return scope.report(bareIndicator(node))
  if (isCross(node.name)) {
    const example = `Write ${node.name}(ema(12), ema(26)).`
    return scope.report(`${node.name} at ${column(node)} needs two numbers in brackets. ${example}`)
  }
  return isColumn(node.name) ? series(readColumn(node, scope), bars) : scope.report(unknownName(node, scope))
}

function earlier(node: Syntax & { kind: 'offset' }, bars: number, scope: Scope): Numeric | null {
  const { of } = node
  if (of.kind === 'call' && isCross(of.name)) return notNumber(node, scope)
  if (of.kind === 'name' && scope.parameters.has(of.name)) {
    const problem = `${of.name} at ${column(of)} is a parameter and the same on every bar. Remove [${node.bars}].`
    return scope.report(problem)
  }
  return number(of, scope, bars + node.bars)
}

function series(read: Series | null, offset: number): Numeric | null {
  return read && { kind: 'series', series: read, offset }
}

/** −x is −1 × x to the last bit; 0 − x would lose the sign of a zero. */
function negative(node: Syntax, bars: number, scope: Scope): Numeric | null {
  return arithmetic('*', node, { kind: 'constant', value: -1 }, number(node, scope, bars), scope)
}

/** Constants are worked out here, in the order written; the bits are those that the kernel would find. */
function arithmetic(
  operator: Arithmetic,
  node: Syntax,
  left: Numeric | null,
  right: Numeric | null,
  scope: Scope,
): Numeric | null {
  if (!left || !right) return null
  if (left.kind !== 'constant' || right.kind !== 'constant') return { kind: 'arithmetic', operator, left, right }
  const value = CALCULATE[operator](left.value, right.value)
  if (Number.isFinite(value)) return { kind: 'constant', value }
  return scope.report(`${scope.text(node)} at ${column(node)} is not a finite number. Change its numbers.`)
}

function notNumber(node: Syntax, scope: Scope): null {
  const isFlag = node.kind === 'name'
  const remedy = isFlag
    ? 'Make the parameter INTEGER, or join it with and, or, not.'
    : 'Join conditions with and, or, not.'
  const what = isFlag ? 'a condition (BOOLEAN)' : 'a condition'
  return scope.report(`${scope.text(node)} at ${column(node)} is ${what} where a number is needed. ${remedy}`)
}

// Operators

function flag(name: string, scope: Scope): Parameter | null {
  const parameter = scope.parameters.get(name)
  return parameter?.spec.distribution === 'BOOLEAN' ? parameter : null
}

function opposite(join: 'and' | 'or'): 'and' | 'or' {
  return join === 'and' ? 'or' : 'and'
}

function isArithmetic(operator: string): operator is Arithmetic {
  return Object.hasOwn(CALCULATE, operator)
}

function isComparison(operator: string): operator is Comparison {
  return Object.hasOwn(NEGATION, operator)
}
