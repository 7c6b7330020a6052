import { ValidationError } from '../errors.ts'
import { CATALOGUE, type Indicator } from './indicator-catalogue.ts'
import type { ColumnSpec } from './program.ts'
import type { Kernel } from './wasm.ts'

export interface IndicatorArgument {
  name: string
  /** a period is a whole number of bars */
  kind: 'period' | 'number'
  default?: number
  min: number
  max: number
}

/** One output of an indicator, as a function that expressions can call. */
export interface IndicatorDefinition {
  /** as written in an expression: `bollinger_upper` */
  name: string
  /** `bollinger_upper(source = close, period = 20, deviations = 2)` */
  signature: string
  /** For the API manual: what it says, unit, range, source. */
  description: string
  /** all names of the family, this one included */
  outputs: string[]
  /** Whether the first argument may be a series; without one it is the close. */
  takesSource: boolean
  arguments: IndicatorArgument[]
  /** Index of the first defined value, counted from the first defined value of the source. */
  first(args: readonly number[]): number
}

/** Byte offsets of the candle columns, f64[length] each, and what the bars mean in time. */
export interface SeriesInput {
  length: number
  /** 365 days over the timeframe */
  barsPerYear: number
  openTime: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** All functions of the strategy language that make a series. The API lists them, the parser looks them up. */
export const INDICATORS: ReadonlyMap<string, IndicatorDefinition> = CATALOGUE

type IndicatorSpec = ColumnSpec & { kind: 'indicator' }

/**
 * Computes one column. A bar without a source value gives none, and the indicator starts anew behind it; so one that
 * stands on another (`sma(rsi(14), 5)`) begins where its source does. Fewer bars than the warm-up give all NaN.
 *
 * @param source  byte offset of the source column; read only where `spec.source` is set
 * @param out     byte offset of f64[candles.length]; NaN where undefined
 * @param scratch byte offset of `scratchBytes(candles.length)` bytes
 * @throws ValidationError unknown name, or arguments that the indicator does not take
 *
 * Cost: O(length), whatever the period; 1 to 8 ns a bar.
 */
export function computeColumn(
  kernel: Kernel,
  spec: IndicatorSpec,
  candles: SeriesInput,
  source: number,
  out: number,
  scratch: number,
): void {
  const indicator = findIndicator(spec)
  const args = completeArguments(spec.name, spec.args)
  const first = indicator.first(args)
  const values = spec.source ? source : candles.close

  const computeRun = (begin: number, end: number): void => {
    const length = end - begin
    const target = out + begin * F64
    if (length > first) {
      const columns = { ...candles, length, source: values + begin * F64, out: target, scratch }
      indicator.compute(kernel, columns, ...args)
    }
    kernel.undefine(target, Math.min(first, length))
  }

  if (spec.source?.kind !== 'indicator') return computeRun(0, candles.length)
  let bar = 0
  while (bar < candles.length) {
    const begin = kernel.nextBar(values, candles.length, bar, 1)
    const end = kernel.nextBar(values, candles.length, begin, 0)
    kernel.undefine(out + bar * F64, begin - bar)
    computeRun(begin, end)
    bar = end
  }
}

/** Bytes of scratch that `computeColumn` needs for any indicator. */
export function scratchBytes(length: number): number {
  return 2 * length * F64
}

/** Index of the first defined value of a column, sources included: 18 for `sma(rsi(14), 5)`. */
export function firstDefined(spec: ColumnSpec): number {
  if (spec.kind === 'candle') return 0
  const own = findIndicator(spec).first(completeArguments(spec.name, spec.args))
  return own + (spec.source ? firstDefined(spec.source) : 0)
}

/**
 * The arguments of a call, the missing ones by their defaults.
 *
 * @throws ValidationError names each argument that is missing, out of range, or not whole though it is a period
 */
export function completeArguments(name: string, given: readonly number[]): number[] {
  const { arguments: expected, signature } = findIndicator({ name })
  if (given.length > expected.length) {
    throw ValidationError.at(name, `takes ${expected.length} numbers, not ${given.length}. Write it as ${signature}.`)
  }
  const args = expected.map((argument, i) => given[i] ?? argument.default ?? NaN)
  const errors = expected.flatMap((argument, i) => {
    const message = problem(argument, args[i])
    return message ? [{ path: [name, argument.name], message }] : []
  })
  if (errors.length > 0) throw new ValidationError(errors)
  return args
}

function problem({ kind, min, max }: IndicatorArgument, value: number): string | undefined {
  if (value >= min && value <= max && (kind === 'number' || Number.isInteger(value))) return undefined
  return `must be a ${kind === 'period' ? 'whole number' : 'number'} from ${min} to ${max}, not ${value}.`
}

function findIndicator({ name, source }: Pick<IndicatorSpec, 'name' | 'source'>): Indicator {
  const indicator = CATALOGUE.get(name)
  if (!indicator) {
    throw ValidationError.at('indicator', `there is no "${name}". Known are ${[...CATALOGUE.keys()].join(', ')}.`)
  }
  if (source && !indicator.takesSource) {
    throw ValidationError.at(name, `takes no source. Write it as ${indicator.signature}.`)
  }
  return indicator
}

const F64 = 8
