/**
 * What the kernel is told of a strategy: columns, postfix programs over them, and the numbers that differ from
 * sample to sample. It never hears of RSI.
 */

/** A series with one value per bar: a candle column, or an indicator over one. */
export type ColumnSpec =
  | { kind: 'candle'; name: CandleColumn }
  /** `name` is an output of the registry in `indicators.ts`: `rsi`, `bollinger_upper`. */
  | { kind: 'indicator'; name: string; source?: ColumnSpec; args: number[] }

export type CandleColumn = 'open' | 'high' | 'low' | 'close' | 'volume'

/** The name by which equal columns are recognised: `rsi(close,14)`. */
export function columnKey(spec: ColumnSpec): string {
  if (spec.kind === 'candle') return spec.name
  return `${spec.name}(${[...(spec.source ? [columnKey(spec.source)] : []), ...spec.args].join(',')})`
}

/** The computed columns that one needs, each after those it stands on, itself last. */
export function columnsOf(spec: ColumnSpec): ColumnSpec[] {
  if (spec.kind === 'candle') return []
  return [...(spec.source ? columnsOf(spec.source) : []), spec]
}

/**
 * Postfix instructions of three 32-bit words each: operation, operand, offset. Values are f64, truth is 1 and 0.
 * A comparison with an undefined value (NaN) is false, NOT_EQUAL too; there is no NOT: the compiler moves it into
 * the comparisons (De Morgan), so that an undefined value never makes a condition true.
 */
export const Operation = {
  /** push constants[operand] */
  CONSTANT: 0,
  /** push the sample's parameters[operand] */
  PARAMETER: 1,
  /** push the column in slot `operand`, `offset` bars back; NaN before the first bar */
  COLUMN: 2,
  ADD: 3,
  SUBTRACT: 4,
  MULTIPLY: 5,
  DIVIDE: 6,
  LESS: 7,
  LESS_EQUAL: 8,
  GREATER: 9,
  GREATER_EQUAL: 10,
  EQUAL: 11,
  NOT_EQUAL: 12,
  AND: 13,
  OR: 14,
} as const

/** Words of one instruction. */
export const INSTRUCTION_WORDS = 3

export const SIGNALS = ['enterLong', 'exitLong', 'enterShort', 'exitShort'] as const
export type Signal = (typeof SIGNALS)[number]

/** The part of a strategy that all samples share. An empty program never fires. */
export interface StrategyProgram {
  signals: Record<Signal, Int32Array>
  constants: Float64Array
  parameterCount: number
  slotCount: number
}

/** The part that differs. Row-major matrices, one row per sample. */
export interface SampleBatch {
  count: number
  /** f64[count × parameterCount] */
  parameters: Float64Array
  /** The distinct columns that the batch needs. */
  columns: ColumnSpec[]
  /** i32[count × slotCount]: the index into `columns` that each slot means for this sample */
  slots: Int32Array
  /** f64[count] each, fractions of the entry price; NaN = none */
  stopLoss: Float64Array
  takeProfit: Float64Array
  trailingStop: Float64Array
  /** f64[count], ≥ 1; NaN = as in the execution settings */
  leverage: Float64Array
}
