import type { FieldError } from '../errors.ts'
import { ValidationError } from '../errors.ts'
import { localKernel } from '../engine/wasm.ts'
import { nearestName } from './nearest.ts'

/** How a parameter of a strategy may vary. Names and fields are those of the API. */
export const DISTRIBUTIONS = ['UNIFORM', 'LOG_UNIFORM', 'NORMAL', 'INTEGER', 'DISCRETE', 'BOOLEAN'] as const
export type Distribution = (typeof DISTRIBUTIONS)[number]

export interface ParameterSpec {
  name: string
  distribution: Distribution
  low?: number | null
  high?: number | null
  step?: number | null
  mean?: number | null
  standardDeviation?: number | null
  values?: number[] | null
  default?: number | null
}

export interface Range {
  low: number
  high: number
}

/** How many different values the parameter can take; Infinity for a continuous one. */
export function levels(spec: ParameterSpec): number {
  switch (spec.distribution) {
    case 'BOOLEAN':
      return 2
    case 'DISCRETE':
      return spec.values!.length
    case 'INTEGER':
      // 1e-9: a range that is a whole number of steps stays one when the division rounds down
      return Math.floor((spec.high! - spec.low!) / (spec.step ?? 1) + 1e-9) + 1
    default:
      return isGiven(spec.low) && spec.low === spec.high ? 1 : Infinity
  }
}

/** False for a constant: low = high, or a single value. */
export function isVaried(spec: ParameterSpec): boolean {
  return levels(spec) > 1
}

/** The extremes of what can be drawn. A normal distribution without bounds reaches 6.34 standard deviations out. */
export function bounds(spec: ParameterSpec): Range {
  switch (spec.distribution) {
    case 'BOOLEAN':
      return { low: 0, high: 1 }
    case 'DISCRETE':
      return { low: Math.min(...spec.values!), high: Math.max(...spec.values!) }
    case 'INTEGER':
      return { low: spec.low!, high: spec.low! + (levels(spec) - 1) * (spec.step ?? 1) }
    case 'NORMAL':
      return { low: spec.low ?? normalQuantile(spec, 0), high: spec.high ?? normalQuantile(spec, 1) }
    default:
      return { low: spec.low!, high: spec.high! }
  }
}

/** The value of a NORMAL parameter, truncated where it has bounds, below which the share u of all draws lies. */
export function normalQuantile(spec: ParameterSpec, u: number): number {
  const { mean, standardDeviation, low, high } = spec
  return localKernel().kernel.truncatedNormal(u, mean!, standardDeviation!, low ?? -Infinity, high ?? Infinity)
}

/** The range that counts as the full width of a parameter: its bounds; mean ± 4 standard deviations without them. */
export function scaleRange(spec: ParameterSpec): Range {
  if (spec.distribution !== 'NORMAL') return bounds(spec)
  const outside = localKernel().kernel.normalCdf(-4)
  return { low: spec.low ?? normalQuantile(spec, outside), high: spec.high ?? normalQuantile(spec, 1 - outside) }
}

/**
 * Where a value stands in its range: 0 at the low end, 1 at the high end, logarithmic for LOG_UNIFORM. A value beyond
 * the range lies outside [0, 1]; a constant is always at 0.
 */
export function scaleToUnit(spec: ParameterSpec, value: number): number {
  const { low, high } = scaleRange(spec)
  if (!(high > low)) return 0
  if (spec.distribution !== 'LOG_UNIFORM') return (value - low) / (high - low)
  const { kernel } = localKernel()
  return (kernel.log(value) - kernel.log(low)) / (kernel.log(high) - kernel.log(low))
}

/** The value in use today, as far as the space says; a constant is its own default. */
export function defaultValue(spec: ParameterSpec): number | null {
  return spec.default ?? (isVaried(spec) ? null : bounds(spec).low)
}

/** @returns f64[parameters]; null unless every parameter has a default */
export function defaultRow(specs: readonly ParameterSpec[]): Float64Array | null {
  const row = specs.map(defaultValue)
  return row.includes(null) ? null : Float64Array.from(row as number[])
}

/** The nearest value that can be drawn. */
export function clampValue(spec: ParameterSpec, value: number): number {
  if (spec.distribution === 'DISCRETE') return nearestOf(spec.values!, value)
  const { low, high } = bounds(spec)
  const inside = Math.max(low, Math.min(high, value))
  if (spec.distribution === 'BOOLEAN') return Math.round(inside)
  if (spec.distribution !== 'INTEGER') return inside
  const step = spec.step ?? 1
  return Math.min(high, low + step * Math.round((inside - low) / step))
}

/** The nearest point of the space, parameter by parameter. */
export function clampToSpace(specs: readonly ParameterSpec[], row: ArrayLike<number>): Float64Array {
  return Float64Array.from(specs, (spec, at) => clampValue(spec, row[at]))
}

/** One row of a matrix as the API shows it. Without a prototype, so that no name can mean anything else. */
export function toParameters(specs: readonly ParameterSpec[], row: ArrayLike<number>): Record<string, number> {
  const parameters = Object.create(null) as Record<string, number>
  specs.forEach((spec, at) => (parameters[spec.name] = row[at]))
  return parameters
}

/**
 * The other way: parameters that somebody wrote down, as a row. A step need not be hit: a setting in use may well lie
 * between two values of the search.
 *
 * @throws ValidationError every missing, unknown and unacceptable parameter at once
 */
export function toRow(
  specs: readonly ParameterSpec[],
  parameters: Readonly<Record<string, number>>,
  path: readonly string[] = ['parameters'],
): Float64Array {
  const errors: FieldError[] = []
  const refuse = (name: string, message: string) => errors.push({ path: [...path, name], message })
  const known = specs.map((spec) => spec.name)
  for (const name of Object.keys(parameters)) {
    if (!known.includes(name)) refuse(name, `is not a parameter of this strategy. ${suggestion(name, known)}`)
  }
  const row = Float64Array.from(specs, (spec) => {
    const value = Object.hasOwn(parameters, spec.name) ? parameters[spec.name] : undefined
    const objection = value === undefined ? 'is missing. Every parameter needs a value.' : objectionTo(spec, value)
    if (objection) refuse(spec.name, objection)
    return value ?? NaN
  })
  if (errors.length > 0) throw new ValidationError(errors)
  return row
}

/**
 * The space, widened where it must be to hold the given values: a single backtest may look where no search would. A
 * value that its parameter can never have, such as half a bar, widens nothing and is for `toRow` to refuse.
 */
export function spaceAround(
  specs: readonly ParameterSpec[],
  parameters: Readonly<Record<string, number>>,
): ParameterSpec[] {
  return specs.map((spec) => {
    const value = Object.hasOwn(parameters, spec.name) ? parameters[spec.name] : undefined
    if (value === undefined || !Number.isFinite(value) || spec.distribution === 'BOOLEAN') return spec
    if (spec.distribution === 'DISCRETE') {
      return spec.values!.includes(value) ? spec : { ...spec, values: [...spec.values!, value] }
    }
    if (spec.distribution === 'INTEGER' && !Number.isSafeInteger(value)) return spec
    if (spec.distribution === 'LOG_UNIFORM' && value <= 0) return spec
    const low = isGiven(spec.low) ? { low: Math.min(spec.low, value) } : {}
    const high = isGiven(spec.high) ? { high: Math.max(spec.high, value) } : {}
    return { ...spec, ...low, ...high }
  })
}

/** Why a parameter cannot have this value; null where it can. The spec itself is in order. */
export function objectionTo(spec: ParameterSpec, value: number): string | null {
  if (!Number.isFinite(value)) return `must be a finite number, not ${value}.`
  if (spec.distribution === 'BOOLEAN') {
    return value === 0 || value === 1 ? null : `must be 0 (no) or 1 (yes), not ${value}.`
  }
  if (spec.distribution === 'DISCRETE') {
    return spec.values!.includes(value) ? null : `must be one of ${listed(spec.values!)}, not ${value}.`
  }
  if (spec.distribution === 'INTEGER' && !Number.isSafeInteger(value)) return `must be a whole number, not ${value}.`
  if (isGiven(spec.low) && value < spec.low) return `must be at least ${spec.low}, not ${value}.`
  if (isGiven(spec.high) && value > spec.high) return `must be at most ${spec.high}, not ${value}.`
  return null
}

/**
 * A strategy's own space with some of its parameters replaced, each as a whole and in its own place.
 *
 * @throws ValidationError a name that the strategy does not have, or one that is given twice
 */
export function overrideSpace(own: readonly ParameterSpec[], replacement: readonly ParameterSpec[]): ParameterSpec[] {
  const names = own.map((spec) => spec.name)
  const errors: FieldError[] = []
  const byName = new Map<string, ParameterSpec>()
  replacement.forEach((spec, index) => {
    const refuse = (message: string) => errors.push({ path: ['parameterSpace', String(index), 'name'], message })
    if (!names.includes(spec.name)) {
      refuse(`${JSON.stringify(spec.name)} is not a parameter of this strategy. ${suggestion(spec.name, names)}`)
    }
    if (byName.has(spec.name)) refuse(`${JSON.stringify(spec.name)} is replaced twice. Give each parameter once.`)
    byName.set(spec.name, spec)
  })
  if (errors.length > 0) throw new ValidationError(errors)
  return own.map((spec) => byName.get(spec.name) ?? spec)
}

/** Neither absent nor null: the API sends null for a field that was left out. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  if (nearest) return `Did you mean ${nearest}?`
  return known.length > 0 ? `Its parameters are ${known.join(', ')}.` : 'It has none.'
}

function nearestOf(values: readonly number[], value: number): number {
  return values.reduce((best, each) => (Math.abs(each - value) < Math.abs(best - value) ? each : best))
}

function listed(values: readonly number[]): string {
  return values.length <= 10 ? values.join(', ') : `its ${values.length} values (${values.slice(0, 10).join(', ')}, …)`
}
