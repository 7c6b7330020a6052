import { INDICATORS, type IndicatorArgument, type IndicatorDefinition } from '../engine/indicators.ts'
import type { CandleColumn, ColumnSpec } from '../engine/program.ts'
import { isColumn, isCross, unknownName, type Parameter, type Scope } from './names.ts'
import type { ParameterSpec } from './parameter-space.ts'
import type { Syntax } from './parser.ts'
import { column } from './tokens.ts'

/** A column whose arguments may still be parameters; a row of their values makes it a `ColumnSpec`. */
export type Series =
  | { kind: 'candle'; name: CandleColumn }
  | { kind: 'indicator'; name: string; source?: Series; args: Argument[] }

/** A number as written, or the parameter at this place in a row. */
export type Argument = { kind: 'constant'; value: number } | { kind: 'parameter'; index: number }

type Call = Syntax & { kind: 'call' }

const CLOSE: Series = { kind: 'candle', name: 'close' }

/** The concrete column. @param valueOf the value of the parameter at an index */
export function columnOf(series: Series, valueOf: (index: number) => number): ColumnSpec {
  if (series.kind === 'candle') return series
  const args = series.args.map((argument) => (argument.kind === 'constant' ? argument.value : valueOf(argument.index)))
  const { name, source } = series
  return { kind: 'indicator', name, args, ...(source && { source: columnOf(source, valueOf) }) }
}

/** The name by which equal series are recognised before any value is known: `sma(rsi(close,#0),20)`. */
export function seriesKey(series: Series): string {
  if (series.kind === 'candle') return series.name
  const args = series.args.map((argument) => (argument.kind === 'constant' ? argument.value : `#${argument.index}`))
  return `${series.name}(${[...(series.source ? [seriesKey(series.source)] : []), ...args].join(',')})`
}

/** The indicators of a series, the series itself included. */
export function* indicatorsOf(series: Series): Generator<Series & { kind: 'indicator' }> {
  if (series.kind === 'candle') return
  yield series
  if (series.source) yield* indicatorsOf(series.source)
}

/** A candle column by its name. */
export function readColumn(node: Syntax & { name: string }, scope: Scope): Series | null {
  if (!isColumn(node.name)) return scope.report(unknownName(node, scope))
  return scope.series ? { kind: 'candle', name: node.name } : scope.report(changesWithBars(node, scope))
}

/** An indicator with its source and arguments; the missing ones by their defaults. */
export function readCall(node: Call, scope: Scope): Series | null {
  const definition = INDICATORS.get(node.name)
  if (!definition) return scope.report(notCallable(node, scope))
  if (!scope.series) return scope.report(changesWithBars(node, scope))

  const first = node.args[0]
  const hasSource = first !== undefined && isSourceLike(first, definition, scope)
  if (hasSource && !definition.takesSource) {
    return scope.report(`${at(node)} takes no source; it reads the candles itself. Write ${example(definition)}.`)
  }
  const numbers = hasSource ? node.args.slice(1) : node.args
  if (numbers.length > definition.arguments.length) {
    const excess = numbers.length - definition.arguments.length
    const many = excess === 1 ? '1 argument' : `${excess} arguments`
    return scope.report(`${at(node)} has ${many} too many. Write ${example(definition)}.`)
  }
  const source = hasSource ? readSource(first, node, scope) : CLOSE
  const args = definition.arguments.map((_, i) => readArgument(definition, i, numbers[i] ?? node, node, scope))
  if (!source || !args.every((argument) => argument !== null)) return null
  return { kind: 'indicator', name: node.name, args, ...(definition.takesSource && { source }) }
}

/** Whether the first argument is meant as the source: numbers and parameters are not, all else is. */
function isSourceLike(node: Syntax, { takesSource }: IndicatorDefinition, scope: Scope): boolean {
  if (node.kind !== 'name') return literal(node) === null
  return isColumn(node.name) || INDICATORS.has(node.name) || (takesSource && !scope.parameters.has(node.name))
}

function readSource(node: Syntax, call: Call, scope: Scope): Series | null {
  if (node.kind === 'name' && INDICATORS.has(node.name)) return scope.report(bareIndicator(node))
  if (node.kind === 'name') return readColumn(node, scope)
  if (node.kind === 'call' && !isCross(node.name)) return readCall(node, scope)
  if (node.kind === 'offset') {
    return scope.report(
      `The source ${scope.text(node)} at ${column(node)} has an offset. Put it behind the call: ${call.name}(…)[${node.bars}].`,
    )
  }
  const problem = `${scope.text(node)} at ${column(node)} must be a column, an indicator, a number or a parameter`
  return scope.report(`${problem}: arguments are not calculated. Calculate with the result instead.`)
}

function readArgument(
  definition: IndicatorDefinition,
  index: number,
  node: Syntax,
  call: Call,
  scope: Scope,
): Argument | null {
  const argument = definition.arguments[index]
  const role = `the ${argument.name} of ${definition.name}`
  if (node === call) {
    if (argument.default !== undefined) return { kind: 'constant', value: argument.default }
    return scope.report(`${at(call)} is called without ${role}. Write ${example(definition)}.`)
  }

  const value = literal(node)
  if (value !== null) {
    if (fits(argument, value, value)) return { kind: 'constant', value }
    return scope.report(`${scope.text(node)} at ${column(node)} is ${role}, which must be ${wanted(argument)}.`)
  }
  if (node.kind === 'name' && !isColumn(node.name) && !INDICATORS.has(node.name)) {
    const parameter = scope.parameters.get(node.name)
    if (!parameter) return scope.report(unknownName(node, scope))
    const problem = misfit(argument, parameter)
    if (!problem) return { kind: 'parameter', index: parameter.index }
    return scope.report(`${at(node)} is ${role}, which must be ${wanted(argument)}; ${problem}`)
  }
  const problem = `${scope.text(node)} at ${column(node)} is ${role}, which must be a number or a parameter`
  return scope.report(`${problem}. Write ${example(definition)}.`)
}

/** Why a parameter cannot be this argument, and what to do; null where it can. */
function misfit(argument: IndicatorArgument, { spec, range }: Parameter): string | null {
  if (!range) return null
  if (argument.kind === 'period' && !isWhole(spec)) {
    const fractions = spec.distribution === 'DISCRETE' ? ' with fractions' : ''
    return `it is ${spec.distribution}${fractions}. Make it INTEGER, or DISCRETE with whole values.`
  }
  if (spec.distribution === 'BOOLEAN') return 'it is BOOLEAN. Choose another distribution.'
  const { low, high } = range
  return fits(argument, low, high) ? null : `it runs from ${round(low)} to ${round(high)}. Narrow its bounds.`
}

function isWhole({ distribution, values }: ParameterSpec): boolean {
  return distribution === 'INTEGER' || (distribution === 'DISCRETE' && (values ?? []).every(Number.isInteger))
}

function fits({ kind, min, max }: IndicatorArgument, low: number, high: number): boolean {
  return low >= min && high <= max && (kind === 'number' || Number.isInteger(low))
}

function wanted({ kind, min, max }: IndicatorArgument): string {
  return `a ${kind === 'period' ? 'whole number' : 'number'} from ${min} to ${max}`
}

/** The value of a plain or negative number; null for all else. */
function literal(node: Syntax): number | null {
  if (node.kind === 'number') return node.value
  return node.kind === 'unary' && node.operator === '-' && node.operand.kind === 'number' ? -node.operand.value : null
}

/** For a name of an indicator without its brackets. */
export function bareIndicator(node: Syntax & { name: string }): string {
  return `${at(node)} is an indicator and needs brackets. Write ${example(INDICATORS.get(node.name)!)}.`
}

/** A call with the default arguments: `sma(close, 20)`. */
function example({ name, takesSource, arguments: expected }: IndicatorDefinition): string {
  const args = expected.map((argument) => argument.default ?? argument.min)
  return `${name}(${[...(takesSource ? ['close'] : []), ...args].join(', ')})`
}

/** Six digits are enough for a message. */
function round(value: number): number {
  return Number(value.toPrecision(6))
}

function notCallable(node: Call, scope: Scope): string {
  const kind = isColumn(node.name) ? 'column' : scope.parameters.has(node.name) ? 'parameter' : null
  if (!kind) return unknownName(node, scope)
  const remedy =
    kind === 'column' ? `Write ${node.name}, or ${node.name}[1] for the bar before.` : `Write ${node.name}.`
  return `${at(node)} is a ${kind} and takes no arguments. ${remedy}`
}

function changesWithBars(node: Syntax, scope: Scope): string {
  const remedy = 'Use parameters and numbers only, as in 2 * sl or 0.02.'
  return `${scope.text(node)} at ${column(node)} changes from bar to bar, but this holds for the whole backtest. ${remedy}`
}

function at(node: Syntax & { name: string }): string {
  return `${node.name} at ${column(node)}`
}
