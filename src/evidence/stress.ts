import type { ExecutionSettings } from '../engine/execution.ts'
import type { ParameterSpec } from '../strategy/parameter-space.ts'
import { neighbourhood } from './neighbourhood.ts'
import { stream } from './streams.ts'

/** What to backtest again in order to see whether a result hangs by a thread. */

/** Share of each range. */
const JITTER = 0.05
const JITTERED_RUNS = 200
const COST_FACTOR = 2

/**
 * Parameter sets that differ a little from the chosen one; `summariseRuns` makes quantiles of their backtests.
 *
 * @returns f64[200 × parameters], within ±5 % of each range, fewer where the constraints refuse too much
 */
export function jitteredRows(
  specs: readonly ParameterSpec[],
  centre: ArrayLike<number>,
  options: { seed: number; runs?: number; satisfies?: (row: Float64Array) => boolean },
): Float64Array {
  const { seed, runs = JITTERED_RUNS, satisfies } = options
  return neighbourhood(specs, centre, {
    count: runs,
    reach: JITTER,
    random: stream(seed, 'jitter'),
    ...(satisfies ? { satisfies } : {}),
  })
}

/** Twice the fees and twice the slippage. What costs nothing now costs nothing then. */
export function stressedCosts(settings: ExecutionSettings, factor: number = COST_FACTOR): ExecutionSettings {
  return {
    ...settings,
    feeRate: factor * settings.feeRate,
    makerFeeRate: factor * settings.makerFeeRate,
    slippage: factor * settings.slippage,
  }
}
