import type { Objective } from '../backtest/metrics.ts'
import type { SampleBatch } from '../engine/program.ts'
import { bounds, isVaried, type ParameterSpec } from '../strategy/parameter-space.ts'
import type { Parameters } from './job.ts'
import type { TuningSettings } from './settings.ts'

/** A best value this close to a bound, as a share of the range, asks for a wider range. */
const EDGE = 0.01

/** Samples that never traded, or too little to tell. */
export function tradeWarnings(tradeCounts: readonly number[], enough: number): string[] {
  const none = tradeCounts.filter((count) => count === 0).length
  const few = tradeCounts.filter((count) => count > 0 && count < enough).length
  const total = tradeCounts.length
  return [
    ...(none > 0
      ? [`${none} of ${total} samples made no trade at all. Loosen the entry conditions or widen their ranges.`]
      : []),
    ...(few > 0
      ? [
          `${few} of ${total} samples made fewer than ${enough} trades and were not learned from. Train on a longer period.`,
        ]
      : []),
  ]
}

/** Stops that can never work, because the position is liquidated before. */
export function liquidationWarnings(batch: SampleBatch, { execution }: TuningSettings): string[] {
  const beyond = [...batch.stopLoss].filter((stop, at) => {
    const leverage = Number.isNaN(batch.leverage[at]!) ? execution.leverage : batch.leverage[at]!
    const distance = 1 - (1 - 1 / leverage) / (1 - execution.maintenanceMarginRate)
    return leverage > 1 && stop >= distance
  }).length
  if (beyond === 0) return []
  return [
    `In ${beyond} of ${batch.count} samples the stop lies beyond the liquidation price. Lower the leverage or tighten the stop.`,
  ]
}

/** A best value on the edge of its range: better ones may lie outside. */
export function edgeWarnings(specs: readonly ParameterSpec[], best: Parameters): string[] {
  return specs.flatMap((spec) => {
    if (!isVaried(spec) || spec.distribution === 'BOOLEAN' || spec.distribution === 'DISCRETE') return []
    const { low, high } = bounds(spec)
    if (!Number.isFinite(high - low)) return []
    const place = (best[spec.name]! - low) / (high - low)
    if (place > EDGE && place < 1 - EDGE) return []
    return [`The best ${spec.name} lies on the edge of its range (${low} to ${high}). Widen it on that side.`]
  })
}

/** Nothing could be learned; what there is to do about it. */
export function nothingLearned(telling: number, needed: number, objective: Objective): string {
  return `Only ${telling} samples have enough trades and a defined ${objective}; a model needs ${needed} that differ. Run more samples, train on a longer period, or loosen the entry conditions.`
}
