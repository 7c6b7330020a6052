/** The jobs that are timed. */
import type { Candles } from '../../src/engine/candles.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { MINUTE } from './data.ts'

/** fees, slippage and leverage of the recorded backtests */
export const SETTINGS = { ...DEFAULT_EXECUTION, feeRate: 0.0004, makerFeeRate: 0.0004, slippage: 0.0002, leverage: 2 }

/** Nothing is lost by trading, so that an account lives through twenty thousand trades. */
export const FREE = { ...SETTINGS, feeRate: 0, makerFeeRate: 0, slippage: 0, leverage: 1 }

export type Job = ReturnType<typeof jobOf>

/** Latin hypercube samples of a strategy over all of the candles. */
export function jobOf(definition: StrategyDefinition, candles: Candles, samples: number, settings = SETTINGS) {
  const compiled = compileStrategy(definition)
  const { rows } = compiled.draw({ sampler: 'LATIN_HYPERCUBE', count: samples, seed: 1 })
  const bars = candles.openTime.length
  return {
    candles,
    timeframeMs: MINUTE,
    program: compiled.program,
    batch: compiled.bind(rows),
    settings,
    window: { start: 0, end: bars, firstSignal: compiled.warmupBars },
    rows,
  }
}

export function builtIn(name: string): StrategyDefinition {
  return BUILT_IN_STRATEGIES.find((strategy) => strategy.name === name)!
}

/** A trade every dozen bars: the worst for a design that counts in trades. */
export function dense(): StrategyDefinition {
  const base = builtIn('rsi-adx-volume')
  const bounds: Record<string, [number, number]> = {
    rsi_oversold: [52, 56],
    rsi_overbought: [56, 58],
    adx_min: [1, 3],
    volume_multiplier: [0.01, 0.05],
    sl: [0.002, 0.004],
    tp: [0.002, 0.004],
  }
  return {
    ...base,
    name: 'dense',
    parameterSpace: base.parameterSpace.map((spec) => {
      const [low, high] = bounds[spec.name] ?? [spec.low!, spec.high!]
      return { ...spec, low, high, default: null }
    }),
  }
}

/** rsi-adx-volume with the periods of its indicators among the parameters: hardly two samples share their columns. */
export function tunablePeriods(): StrategyDefinition {
  const base = builtIn('rsi-adx-volume')
  const period = (name: string): ParameterSpec => ({
    name,
    distribution: 'INTEGER',
    low: 7,
    high: 30,
    step: 1,
    default: 14,
  })
  const tuned = (rule: string): string =>
    rule.replaceAll('rsi(14)', 'rsi(rsi_period)').replaceAll('adx(14)', 'adx(adx_period)')
  return {
    ...base,
    name: 'tunable-periods',
    enterLong: tuned(base.enterLong!),
    exitLong: tuned(base.exitLong!),
    parameterSpace: [...base.parameterSpace, period('rsi_period'), period('adx_period')],
  }
}

/** ns per bar and sample. */
export function perBar(ms: number, { batch, window }: Job): number {
  return (ms * 1e6) / batch.count / (window.end - window.start)
}
