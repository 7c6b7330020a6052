import { ValidationError, type FieldError } from '../errors.ts'
import { firstDefined } from '../engine/indicators.ts'
import { columnKey, type ColumnSpec, type SampleBatch, type StrategyProgram } from '../engine/program.ts'
import { holds, leavesOf, valueOf, type Numeric } from './expression.ts'
import { bounds, type ParameterSpec } from './parameter-space.ts'
import { compileSignals } from './postfix.ts'
import { drawSamples, type Design, type Samples } from './sampling.ts'
import { columnOf, indicatorsOf, type Series } from './series.ts'
import {
  levelProblem,
  LEVELS,
  readStrategy,
  type Level,
  type StrategyDefinition,
  type StrategyRules,
} from './strategy.ts'

/** A strategy ready to be backtested with any parameters of its space. */
export interface CompiledStrategy {
  definition: StrategyDefinition
  /** the same for all samples; it counts derived parameters too, which `bind` appends to each row (see `postfix.ts`) */
  program: StrategyProgram
  /** the order of a row */
  parameterNames: string[]
  /** Bars before the first signal, for all samples alike: 1 + the latest first value over the whole space. */
  warmupBars: number
  /**
   * What differs from sample to sample. Samples with equal indicators share their columns.
   *
   * @param rows f64[count × parameterNames.length], row-major; without parameters there is one sample, the empty row
   * @throws ValidationError  a stop, target or leverage out of its range, or an argument that an indicator does not
   *                          take, named with the parameters of the first such sample
   */
  bind: (rows: Float64Array) => SampleBatch
  /** Different rows of the parameter space that meet all constraints, see `drawSamples`. */
  draw: (design: Design) => Samples
  /** Whether a row meets all constraints. */
  satisfies: (row: ArrayLike<number>) => boolean
  /** The first constraint that a row does not meet, as written; null where it meets all. */
  violatedConstraint: (row: ArrayLike<number>) => string | null
}

/**
 * Compile a strategy: expressions to postfix programs over columns, stops and constraints to functions of a row.
 *
 * @throws ValidationError  every problem of every field at once, see `readStrategy`
 */
export function compileStrategy(definition: StrategyDefinition): CompiledStrategy {
  const rules = readStrategy(definition)
  const parameterNames = definition.parameterSpace.map(({ name }) => name)
  const { program, slots, derived } = compileSignals(rules.signals, parameterNames.length)
  const violatedConstraint = (row: ArrayLike<number>): string | null =>
    definition.constraints.find((_, index) => !holds(rules.constraints[index], row)) ?? null

  return {
    definition,
    program,
    parameterNames,
    warmupBars: warmupBars(rules, definition.parameterSpace),
    bind: (values) => {
      const rows = rowsOf(values, parameterNames)
      return {
        count: rows.length,
        parameters: withDerived(values, rows, derived),
        ...bindColumns(slots, rows),
        ...bindLevels(rules.levels, rows, parameterNames),
      }
    },
    draw: (design) => drawSamples({ ...design, specs: definition.parameterSpace, violated: violatedConstraint }),
    satisfies: (row) => violatedConstraint(row) === null,
    violatedConstraint,
  }
}

/** The 1 lets a crossing look one bar back. `first` never falls when a period grows, so the upper bounds decide. */
function warmupBars({ signals }: StrategyRules, space: readonly ParameterSpec[]): number {
  const highest = (index: number): number => bounds(space[index]).high
  const conditions = Object.values(signals).filter((condition) => condition !== null)
  const firsts = conditions.flatMap((condition) =>
    [...leavesOf(condition)].map((leaf) =>
      leaf.kind === 'series' ? firstDefined(columnOf(leaf.series, highest)) + leaf.offset : 0,
    ),
  )
  return 1 + Math.max(0, ...firsts)
}

function rowsOf(values: Float64Array, names: readonly string[]): Float64Array[] {
  const width = names.length
  const count = width === 0 ? 1 : values.length / width
  if (!Number.isInteger(count) || (width === 0 && values.length > 0)) {
    throw new Error(`${values.length} values do not make rows of ${width} parameters.`)
  }
  const undefinedAt = values.findIndex((value) => !Number.isFinite(value))
  if (undefinedAt >= 0) {
    const message = `is ${values[undefinedAt]} in sample ${Math.floor(undefinedAt / width)}. Give it a finite number.`
    throw ValidationError.at(['parameters', names[undefinedAt % width]], message)
  }
  return Array.from({ length: count }, (_, sample) => values.subarray(sample * width, (sample + 1) * width))
}

/** @returns f64[count × (parameters + derived)] */
function withDerived(values: Float64Array, rows: readonly Float64Array[], derived: readonly Numeric[]): Float64Array {
  if (derived.length === 0) return values
  const width = values.length / rows.length + derived.length
  const wide = new Float64Array(rows.length * width)
  rows.forEach((row, sample) => {
    wide.set(row, sample * width)
    derived.forEach((expression, at) => (wide[sample * width + row.length + at] = valueOf(expression, row)))
  })
  return wide
}

function bindColumns(slots: readonly Series[], rows: readonly Float64Array[]): Pick<SampleBatch, 'columns' | 'slots'> {
  const columns: ColumnSpec[] = []
  const indexOf = new Map<string, number>()
  const columnIndex = (series: Series, row: Float64Array): number => {
    const spec = columnOf(series, (index) => row[index])
    const key = columnKey(spec)
    const known = indexOf.get(key)
    if (known !== undefined) return known
    firstDefined(spec) // throws where an argument is out of its range
    indexOf.set(key, columns.push(spec) - 1)
    return columns.length - 1
  }

  const bound = new Int32Array(rows.length * slots.length)
  slots.forEach((series, slot) => {
    const fixed = isFixed(series) && rows.length > 0 ? columnIndex(series, rows[0]) : null
    rows.forEach((row, sample) => (bound[sample * slots.length + slot] = fixed ?? columnIndex(series, row)))
  })
  return { columns, slots: bound }
}

function isFixed(series: Series): boolean {
  return [...indicatorsOf(series)].every(({ args }) => args.every(({ kind }) => kind === 'constant'))
}

function bindLevels(
  levels: Record<Level, Numeric | null>,
  rows: readonly Float64Array[],
  names: readonly string[],
): Pick<SampleBatch, Level> {
  const errors: FieldError[] = []
  const bound = {} as Pick<SampleBatch, Level>
  for (const level of LEVELS) {
    const expression = levels[level]
    bound[level] = Float64Array.from(rows, (row) => (expression ? valueOf(expression, row) : NaN))
    if (!expression) continue
    const wrong = bound[level].findIndex((value) => levelProblem(level, value) !== null)
    if (wrong < 0) continue
    const value = bound[level][wrong]
    const sample = names.map((name, at) => `${name} = ${rows[wrong][at]}`).join(', ')
    const message = `is ${value} where ${sample}; ${levelProblem(level, value)}. Narrow the bounds or add a constraint.`
    errors.push({ path: [level], message })
  }
  if (errors.length > 0) throw new ValidationError(errors)
  return bound
}
