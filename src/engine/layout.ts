import { EXIT_REASONS, type ExecutionSettings, type TradeRecord, type Window } from './execution.ts'
import type { Allocator } from './allocator.ts'
import {
  INSTRUCTION_WORDS,
  Operation,
  SIGNALS,
  type ColumnSpec,
  type SampleBatch,
  type StrategyProgram,
} from './program.ts'

/**
 * How the host and `assembly/backtest.ts` see the same bytes. A change here is a change there.
 */

/** Row width of the kernel's results: f64 values per sample, in the order of METRIC_NAMES. */
export const METRIC_COUNT = 26

/** f64 values of a full trade record, in the order of `decodeTrade`. */
export const TRADE_FIELDS = 18

/** Bars of one block of the signal programs; columns are padded by as many, since a block reads whole. */
export const BLOCK = 512

/** f64 words of `Settings`. */
export function encodeSettings(settings: ExecutionSettings, timeframeMs: number): number[] {
  return [
    settings.initialCapital,
    settings.feeRate,
    settings.makerFeeRate,
    settings.slippage,
    settings.leverage,
    settings.positionFraction,
    settings.fundingRate,
    settings.fundingIntervalMs,
    settings.maintenanceMarginRate,
    settings.riskPerTrade,
    timeframeMs,
  ]
}

/** The 32-bit words of `Run`, in order. */
export const RUN = [
  'settings',
  'openTime',
  'open',
  'high',
  'low',
  'close',
  'start',
  'end',
  'firstSignal',
  'enterLong',
  'enterLongWords',
  'exitLong',
  'exitLongWords',
  'enterShort',
  'enterShortWords',
  'exitShort',
  'exitShortWords',
  'constants',
  'parameters',
  'parameterCount',
  'slots',
  'slotCount',
  'columns',
  'stopLoss',
  'takeProfit',
  'trailingStop',
  'leverage',
  'results',
  'equityOut',
  'tradesOut',
  'flags',
  'stack',
  'stackDepth',
  'scratch',
  'givenFlags',
] as const

export type RunWords = Record<(typeof RUN)[number], number>

/** What the plain kernel is to run, and where the data set keeps what is read. */
export interface RunInput {
  dataSet: {
    length: number
    timeframeMs: number
    candles: { openTime: number; open: number; high: number; low: number; close: number }
    column(spec: ColumnSpec): number
  }
  program: StrategyProgram
  batch: SampleBatch
  settings: ExecutionSettings
  window: Window
}

/**
 * Put a Run for the plain kernel into a data set's memory, with room for the trades and the equity of one sample.
 *
 * @param flags u8[bars] of signals that stand in for the programs
 * @returns its words, and its own byte offset as `run`
 */
export function placeRun(arena: Allocator, input: RunInput, flags?: Uint8Array): RunWords & { run: number } {
  const { dataSet, program, batch, settings, window } = input
  const bars = window.end - window.start
  const words = Object.fromEntries(RUN.map((name) => [name, 0])) as RunWords
  for (const name of ['openTime', 'open', 'high', 'low', 'close'] as const) words[name] = dataSet.candles[name]
  words.settings = arena.putFloat64(encodeSettings(settings, dataSet.timeframeMs))
  words.start = window.start
  words.end = window.end
  words.firstSignal = window.firstSignal
  for (const signal of SIGNALS) {
    words[signal] = arena.putInt32(program.signals[signal])
    words[`${signal}Words`] = program.signals[signal].length
  }
  words.constants = arena.putFloat64(program.constants)
  words.parameters = arena.putFloat64(batch.parameters)
  words.parameterCount = program.parameterCount
  words.slots = arena.putInt32(batch.slots)
  words.slotCount = program.slotCount
  words.columns = arena.putInt32(batch.columns.map((spec) => dataSet.column(spec)))
  words.stopLoss = arena.putFloat64(batch.stopLoss)
  words.takeProfit = arena.putFloat64(batch.takeProfit)
  words.trailingStop = arena.putFloat64(batch.trailingStop)
  words.leverage = arena.putFloat64(batch.leverage)
  words.results = arena.alloc(batch.count * METRIC_COUNT * 8)
  words.equityOut = arena.alloc(bars * 8)
  words.tradesOut = arena.alloc(bars * TRADE_FIELDS * 8)
  words.flags = arena.alloc(dataSet.length)
  words.stackDepth = stackDepth(program)
  words.stack = arena.alloc(stackBytes(words.stackDepth))
  words.scratch = arena.alloc(scratchBytes(bars))
  if (flags) {
    words.givenFlags = arena.alloc(flags.length)
    arena.uint8(words.givenFlags, flags.length).set(flags)
  }
  return { ...words, run: arena.putInt32(RUN.map((name) => words[name])) }
}

/** Bytes of scratch that one thread needs behind `scratch`: a header and six f64 columns of the window. */
export function scratchBytes(windowBars: number): number {
  return 192 + 6 * 8 * windowBars
}

/** Bytes behind `stack`: a block for each value, and an i32 that says where it stands. */
export function stackBytes(depth: number): number {
  return depth * (BLOCK * 8 + 4)
}

/** The deepest stack that any of the programs needs. */
export function stackDepth(program: StrategyProgram): number {
  let deepest = 1
  for (const signal of SIGNALS) {
    const code = program.signals[signal]
    let depth = 0
    for (let at = 0; at < code.length; at += INSTRUCTION_WORDS) {
      depth += code[at] <= Operation.COLUMN ? 1 : -1
      deepest = Math.max(deepest, depth)
    }
  }
  return deepest
}

/** @param fields f64[18] as the kernel writes them */
export function decodeTrade(fields: Float64Array): TradeRecord {
  const [side, entryBar, exitBar, reason, entryTime, exitTime, entryPrice, exitPrice, leverage] =
    fields as unknown as number[]
  return {
    side: side > 0 ? 'LONG' : 'SHORT',
    entryBar: entryBar,
    exitBar: exitBar,
    exitReason: EXIT_REASONS[reason],
    entryTime: entryTime,
    exitTime: exitTime,
    entryPrice: entryPrice,
    exitPrice: exitPrice,
    leverage: leverage,
    quantity: fields[9],
    margin: fields[10],
    equityAtEntry: fields[11],
    fees: fields[12],
    funding: fields[13],
    profitAbs: fields[14],
    profitRatio: fields[15],
    maxAdverseExcursion: fields[16],
    maxFavorableExcursion: fields[17],
  }
}
