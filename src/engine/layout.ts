import { EXIT_REASONS, type ExecutionSettings, type TradeRecord } from './execution.ts'
import { INSTRUCTION_WORDS, Operation, SIGNALS, type StrategyProgram } from './program.ts'

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
      depth += code[at]! <= Operation.COLUMN ? 1 : -1
      deepest = Math.max(deepest, depth)
    }
  }
  return deepest
}

/** @param fields f64[18] as the kernel writes them */
export function decodeTrade(fields: Float64Array): TradeRecord {
  const [side, entryBar, exitBar, reason, entryTime, exitTime, entryPrice, exitPrice, leverage] = fields as unknown as number[]
  return {
    side: side! > 0 ? 'LONG' : 'SHORT',
    entryBar: entryBar!,
    exitBar: exitBar!,
    exitReason: EXIT_REASONS[reason!]!,
    entryTime: entryTime!,
    exitTime: exitTime!,
    entryPrice: entryPrice!,
    exitPrice: exitPrice!,
    leverage: leverage!,
    quantity: fields[9]!,
    margin: fields[10]!,
    equityAtEntry: fields[11]!,
    fees: fields[12]!,
    funding: fields[13]!,
    profitAbs: fields[14]!,
    profitRatio: fields[15]!,
    maxAdverseExcursion: fields[16]!,
    maxFavorableExcursion: fields[17]!,
  }
}
