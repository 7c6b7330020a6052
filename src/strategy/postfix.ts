import { Operation, SIGNALS, type Signal, type StrategyProgram } from '../engine/program.ts'
import { hasSeries, type Condition, type Numeric } from './expression.ts'
import type { Arithmetic, Comparison } from './parser.ts'
import { seriesKey, type Series } from './series.ts'

/** The program of a strategy and what its operands refer to. */
export interface CompiledSignals {
  program: StrategyProgram
  /** what each slot reads */
  slots: Series[]
  /**
   * Arithmetic between parameters, worked out once a sample instead of once a bar: the program sees its results as
   * further parameters, behind those of the strategy. So `close > (1 + band) * sma(20)` still compares a column with
   * a parameter times a column.
   */
  derived: Numeric[]
}

const OPERATIONS: Record<Arithmetic | Comparison | 'and' | 'or', number> = {
  '+': Operation.ADD,
  '-': Operation.SUBTRACT,
  '*': Operation.MULTIPLY,
  '/': Operation.DIVIDE,
  '<': Operation.LESS,
  '<=': Operation.LESS_EQUAL,
  '>': Operation.GREATER,
  '>=': Operation.GREATER_EQUAL,
  '==': Operation.EQUAL,
  '!=': Operation.NOT_EQUAL,
  and: Operation.AND,
  or: Operation.OR,
}

/** @param parameterCount parameters of the strategy, without the derived ones */
export function compileSignals(signals: Record<Signal, Condition | null>, parameterCount: number): CompiledSignals {
  const writer = new Writer(parameterCount)
  const programs = {} as Record<Signal, Int32Array>
  for (const signal of SIGNALS) {
    const condition = signals[signal]
    programs[signal] = condition ? writer.write(condition) : new Int32Array(0)
  }
  const { constants, slots, derived } = writer
  return {
    program: {
      signals: programs,
      constants: Float64Array.from(constants),
      parameterCount: parameterCount + derived.length,
      slotCount: slots.length,
    },
    slots,
    derived,
  }
}

/** Writes trees as postfix: both sides, then what is done with them. Constants and slots are shared by all programs. */
class Writer {
  readonly constants: number[] = []
  readonly slots: Series[] = []
  readonly derived: Numeric[] = []
  readonly #parameterCount: number
  readonly #slotOf = new Map<string, number>()
  #words: number[] = []

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount
  }

  write(condition: Condition): Int32Array {
    this.#words = []
    this.#condition(condition)
    return Int32Array.from(this.#words)
  }

  #condition(condition: Condition): void {
    const { kind, left, right } = condition
    switch (kind) {
      case 'comparison':
        return this.#comparison(condition.operator, left, right, 0)
      case 'cross':
        this.#comparison(condition.now, left, right, 0)
        this.#comparison(condition.before, left, right, 1)
        return this.#push(OPERATIONS[condition.join])
      default:
        this.#condition(condition.left)
        this.#condition(condition.right)
        return this.#push(OPERATIONS[kind])
    }
  }

  /** @param back bars added to every offset */
  #comparison(operator: Comparison, left: Numeric, right: Numeric, back: number): void {
    this.#number(left, back)
    this.#number(right, back)
    this.#push(OPERATIONS[operator])
  }

  #number(expression: Numeric, back: number): void {
    switch (expression.kind) {
      case 'constant':
        return this.#push(Operation.CONSTANT, this.#constant(expression.value))
      case 'parameter':
        return this.#push(Operation.PARAMETER, expression.index)
      case 'series':
        return this.#push(Operation.COLUMN, this.#slot(expression.series), expression.offset + back)
      case 'arithmetic':
        if (!hasSeries(expression)) return this.#push(Operation.PARAMETER, this.#derive(expression))
        this.#number(expression.left, back)
        this.#number(expression.right, back)
        return this.#push(OPERATIONS[expression.operator])
    }
  }

  #push(operation: number, operand = 0, offset = 0): void {
    this.#words.push(operation, operand, offset)
  }

  /** Object.is, as a division tells 0 from −0. */
  #constant(value: number): number {
    const known = this.constants.findIndex((constant) => Object.is(constant, value))
    return known >= 0 ? known : this.constants.push(value) - 1
  }

  #slot(series: Series): number {
    const key = seriesKey(series)
    const known = this.#slotOf.get(key)
    if (known !== undefined) return known
    const slot = this.slots.push(series) - 1
    this.#slotOf.set(key, slot)
    return slot
  }

  /** The two bars of a crossing share their expressions, hence the look-up by identity. */
  #derive(expression: Numeric): number {
    const known = this.derived.indexOf(expression)
    return this.#parameterCount + (known >= 0 ? known : this.derived.push(expression) - 1)
  }
}
