import { INDICATORS } from '../engine/indicators.ts'
import type { CandleColumn } from '../engine/program.ts'
import { nearestName } from './nearest.ts'
import type { ParameterSpec, Range } from './parameter-space.ts'
import { KEYWORDS, type Syntax } from './parser.ts'
import { column, excerpt } from './tokens.ts'

/** A parameter of the strategy and its place in a row of values. */
export interface Parameter {
  index: number
  spec: ParameterSpec
  /** null where the spec is not in order, which is a problem of its own and told as such */
  range: Range | null
}

/** What the names in an expression may mean, and where its problems go. */
export interface Scope {
  parameters: ReadonlyMap<string, Parameter>
  /** false where an expression is worked out once a sample, before any bar: stops, leverage, constraints */
  series: boolean
  /** The text of a node as it was written, short enough for a message. */
  text(node: Syntax): string
  /** Notes a problem; null, so that a reader can return it in place of what it could not read. */
  report(problem: string): null
}

const COLUMNS: ReadonlySet<string> = new Set<CandleColumn>(['open', 'high', 'low', 'close', 'volume'])
const CROSSES: ReadonlySet<string> = new Set(['crosses_above', 'crosses_below'])

/** Parameters that a message lists before it breaks off. */
const LISTED = 8

export function isColumn(name: string): name is CandleColumn {
  return COLUMNS.has(name)
}

export function isCross(name: string): name is 'crosses_above' | 'crosses_below' {
  return CROSSES.has(name)
}

/** What a name means in every strategy, so that no parameter may bear it; null where it is free. */
export function reservedAs(name: string): string | null {
  if (isColumn(name)) return 'a candle column'
  if (INDICATORS.has(name)) return 'an indicator'
  return isCross(name) || (KEYWORDS as readonly string[]).includes(name) ? 'a word of the language' : null
}

/** `Unknown name 'rsi_oversld' at column 12. Did you mean the parameter rsi_oversold?` */
export function unknownName(node: Syntax & { name: string }, scope: Scope): string {
  const kinds = knownNames(scope)
  const nearest = nearestName(node.name, [...kinds.keys()])
  const remedy = nearest ? `Did you mean the ${kinds.get(nearest)} ${nearest}?` : knownAs(scope)
  return `Unknown name '${excerpt(node.name)}' at ${column(node)}. ${remedy}`
}

function knownNames(scope: Scope): Map<string, string> {
  const kinds = new Map<string, string>()
  const add = (names: Iterable<string>, kind: string): void => {
    for (const name of names) kinds.set(name, kind)
  }
  add(scope.parameters.keys(), 'parameter')
  add(KEYWORDS, 'word')
  if (!scope.series) return kinds
  add(COLUMNS, 'column')
  add(INDICATORS.keys(), 'indicator')
  add(CROSSES, 'function')
  return kinds
}

function knownAs(scope: Scope): string {
  const names = [...scope.parameters.keys()]
  const list = names.slice(0, LISTED).join(', ') + (names.length > LISTED ? ', …' : '')
  const parameters = list ? `the parameters ${list}` : 'no parameters'
  if (!scope.series) return `There are numbers and ${parameters}.`
  return `There are ${parameters}; the columns ${[...COLUMNS].join(', ')}; and indicators such as rsi(14).`
}
