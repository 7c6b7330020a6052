import type { Candles } from '../../src/engine/candles.ts'
import type { ExecutionSettings, Window } from '../../src/engine/execution.ts'
import type { BacktestDetail, Engine } from '../../src/engine/pool.ts'
import type { SampleBatch, StrategyProgram } from '../../src/engine/program.ts'
import type { Risk, Signals } from './plain-backtest.ts'

const NO_PROGRAM: StrategyProgram = {
  signals: {
    enterLong: new Int32Array(),
    exitLong: new Int32Array(),
    enterShort: new Int32Array(),
    exitShort: new Int32Array(),
  },
  constants: new Float64Array(),
  parameterCount: 0,
  slotCount: 0,
}

/** The kernel on signals that somebody else made, as the plain twin takes them. */
export function kernelBacktest(
  engine: Engine,
  candles: Candles,
  timeframeMs: number,
  signals: Signals,
  risk: Risk,
  settings: ExecutionSettings,
  window: Window,
): Promise<BacktestDetail> {
  const flags = Uint8Array.from(
    candles.openTime,
    (_, bar) =>
      (signals.enterLong[bar] && 1) |
      (signals.exitLong[bar] && 2) |
      (signals.enterShort[bar] && 4) |
      (signals.exitShort[bar] && 8),
  )
  const batch: SampleBatch = {
    count: 1,
    parameters: new Float64Array(),
    columns: [],
    slots: new Int32Array(),
    stopLoss: Float64Array.of(risk.stopLoss),
    takeProfit: Float64Array.of(risk.takeProfit),
    trailingStop: Float64Array.of(risk.trailingStop),
    leverage: Float64Array.of(risk.leverage),
  }
  const dataSet = engine.dataSet(candles, timeframeMs)
  return engine.detail({ dataSet, program: NO_PROGRAM, batch, settings, window }, { flags })
}
