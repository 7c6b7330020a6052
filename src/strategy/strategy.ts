import { ValidationError, type FieldError } from '../errors.ts'
import { SIGNALS, type Signal } from '../engine/program.ts'
import { leavesOf, readCondition, readNumber, type Condition, type Leaf, type Numeric } from './expression.ts'
import { reservedAs, type Parameter } from './names.ts'
import { checkParameterSpace, MAX_PARAMETERS } from './parameter-check.ts'
import { bounds, type ParameterSpec } from './parameter-space.ts'
import { indicatorsOf } from './series.ts'
import { ExpressionError, placeIn } from './tokens.ts'

/** A strategy as data: expressions over candles, indicators and the parameters of its space. */
export interface StrategyDefinition {
  name: string
  description?: string | null
  /** conditions at the close of a bar; orders fill at the next open */
  enterLong?: string | null
  exitLong?: string | null
  enterShort?: string | null
  exitShort?: string | null
  /** fractions of the entry price, over parameters and numbers only */
  stopLoss?: string | null
  takeProfit?: string | null
  /** fraction of the best price since entry */
  trailingStop?: string | null
  /** ≥ 1; wins over the execution settings */
  leverage?: string | null
  parameterSpace: ParameterSpec[]
  /** conditions between parameters: `fast_period < slow_period` */
  constraints: string[]
}

/** What a strategy sets once a sample, before the first bar. */
export const LEVELS = ['stopLoss', 'takeProfit', 'trailingStop', 'leverage'] as const
export type Level = (typeof LEVELS)[number]

/** A definition, read and found in order; null where it says nothing. */
export interface StrategyRules {
  signals: Record<Signal, Condition | null>
  levels: Record<Level, Numeric | null>
  constraints: Condition[]
}

export const MAX_CONSTRAINTS = 50

/**
 * Read every expression of a strategy and hold it against the rules of trading and of its parameter space.
 *
 * @throws ValidationError  every problem of every field at once; its code is EXPRESSION_INVALID where one of them is
 *                          inside an expression
 */
export function readStrategy(definition: StrategyDefinition): StrategyRules {
  const oversize = checkSize(definition)
  if (oversize.length > 0) throw new ValidationError(oversize)

  const inSpace = checkSpace(definition.parameterSpace)
  const inExpressions: FieldError[] = []
  const rules = readRules(definition, inExpressions)
  const errors = [...inSpace, ...inExpressions, ...checkTrading(definition), ...checkLevels(rules)]
  // a name that is misspelt on either side would show up once more as a parameter that is not used
  const namesAreSound = inExpressions.length === 0 && !inSpace.some(({ path }) => path.at(-1) === 'name')
  if (namesAreSound) errors.push(...checkUse(definition.parameterSpace, rules))

  if (errors.length > 0) throw new ValidationError(errors, inExpressions.length > 0 ? 'EXPRESSION_INVALID' : undefined)
  return rules
}

/** What a level must not be; null where the value is fine. */
export function levelProblem(level: Level, value: number): string | null {
  const isFine = Number.isFinite(value) && (level === 'leverage' ? value >= 1 : value > 0)
  if (isFine) return null
  return level === 'leverage'
    ? 'it must be a number of at least 1'
    : 'it must be a fraction above 0, as in 0.02 for 2 %'
}

/** The limits that keep the work of all other checks small. */
function checkSize({ parameterSpace, constraints }: StrategyDefinition): FieldError[] {
  if (constraints.length > MAX_CONSTRAINTS) {
    const message = `has ${constraints.length} conditions; at most ${MAX_CONSTRAINTS}. Join some with and.`
    return [{ path: ['constraints'], message }]
  }
  return parameterSpace.length > MAX_PARAMETERS ? checkParameterSpace(parameterSpace) : []
}

function checkSpace(space: readonly ParameterSpec[]): FieldError[] {
  const reserved = space.flatMap(({ name }, index) => {
    const meaning = reservedAs(name)
    const message = `"${name}" is ${meaning} already. Choose another name, as in ${name}_value.`
    return meaning ? [{ path: ['parameterSpace', String(index), 'name'], message }] : []
  })
  return [...checkParameterSpace(space), ...reserved]
}

function readRules(definition: StrategyDefinition, errors: FieldError[]): StrategyRules {
  const parameters = parametersOf(definition.parameterSpace)
  const attempt = <T>(path: string[], read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      errors.push(...error.problems.map((message) => ({ path, message, column: placeIn(message) })))
      return null
    }
  }
  const perBar = { parameters, series: true }
  const perSample = { parameters, series: false }
  const rules = { signals: {}, levels: {}, constraints: [] } as unknown as StrategyRules
  for (const signal of SIGNALS) {
    const source = definition[signal] ?? null
    rules.signals[signal] = source === null ? null : attempt([signal], () => readCondition(source, perBar))
  }
  for (const level of LEVELS) {
    const source = definition[level] ?? null
    rules.levels[level] = source === null ? null : attempt([level], () => readNumber(source, perSample))
  }
  definition.constraints.forEach((source, index) => {
    const constraint = attempt(['constraints', String(index)], () => readCondition(source, perSample))
    if (constraint) rules.constraints.push(constraint)
  })
  return rules
}

/** By name, the first of equal names. A column or an indicator keeps its meaning whatever the space says. */
function parametersOf(space: readonly ParameterSpec[]): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>()
  space.forEach((spec, index) => {
    if (parameters.has(spec.name) || reservedAs(spec.name)) return
    const isSound = checkParameterSpace([spec]).length === 0
    parameters.set(spec.name, { index, spec, range: isSound ? bounds(spec) : null })
  })
  return parameters
}

function checkTrading(definition: StrategyDefinition): FieldError[] {
  const errors: FieldError[] = []
  const has = (field: Signal | Level): boolean => (definition[field] ?? null) !== null
  if (!has('enterLong') && !has('enterShort')) {
    const message = 'Nothing would ever be traded. Write when to enter here, in enterShort or in both.'
    errors.push({ path: ['enterLong'], message })
  }
  const hasStop = has('stopLoss') || has('takeProfit') || has('trailingStop')
  for (const [enter, exit, side] of [
    ['enterLong', 'exitLong', 'long'],
    ['enterShort', 'exitShort', 'short'],
  ] as const) {
    if (has(exit) && !has(enter)) {
      const message = `There is no ${side} position to leave. Write ${enter} too, or leave ${exit} out.`
      errors.push({ path: [exit], message })
    }
    if (has(enter) && !has(exit) && !hasStop) {
      const message = `A ${side} position would never be closed. Write ${exit}, stopLoss, takeProfit or trailingStop too.`
      errors.push({ path: [enter], message })
    }
  }
  return errors
}

/** Levels that are the same for every sample; those of parameters are checked when their values are known. */
function checkLevels({ levels }: StrategyRules): FieldError[] {
  return LEVELS.flatMap((level) => {
    const expression = levels[level]
    const problem = expression?.kind === 'constant' ? levelProblem(level, expression.value) : null
    return problem ? [{ path: [level], message: `is ${(expression as { value: number }).value}; ${problem}.` }] : []
  })
}

/** A parameter that moves nothing would be learnt from as noise; a constraint alone does not make it move anything. */
function checkUse(space: readonly ParameterSpec[], { signals, levels }: StrategyRules): FieldError[] {
  const used = new Set<number>()
  for (const expression of [...Object.values(signals), ...Object.values(levels)]) {
    if (!expression) continue
    for (const leaf of leavesOf(expression)) parametersIn(leaf).forEach((index) => used.add(index))
  }
  return space.flatMap(({ name }, index) => {
    const message = `Parameter ${name} is never used in a signal, a stop, a target or the leverage. Use it or remove it.`
    return used.has(index) ? [] : [{ path: ['parameterSpace', String(index), 'name'], message }]
  })
}

/** Places in a row of the parameters that a leaf reads. */
export function parametersIn(leaf: Leaf): number[] {
  if (leaf.kind === 'parameter') return [leaf.index]
  if (leaf.kind === 'constant') return []
  const args = [...indicatorsOf(leaf.series)].flatMap((indicator) => indicator.args)
  return args.flatMap((argument) => (argument.kind === 'parameter' ? [argument.index] : []))
}
