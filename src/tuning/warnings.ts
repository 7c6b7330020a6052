import { metricValues } from '../backtest/metrics.ts'
import type { SampleBatch } from '../engine/program.ts'
import { isVaried, scaleRange, scaleToUnit, type ParameterSpec } from '../strategy/parameter-space.ts'
import { GATES } from '../evidence/thresholds.ts'
import { blockingConditions } from './blocked.ts'
import type { Evaluator } from './evaluator.ts'
import type { Parameters } from './job.ts'
import type { Stress } from './monte-carlo.ts'
import { DEFAULT_RUNS, placeboRunsFor } from './placebo.ts'
import { smallestRelaxation } from './relaxation.ts'
import type { Tried } from './search.ts'
import { minTrades, type TuningSettings } from './settings.ts'
import type { Validation } from './validating.ts'

/** A best value this close to a bound, as a share of the range, asks for a wider range. */
const EDGE = 0.01

/**
 * Samples that never traded, and what kept them from it; samples that traded too little to tell.
 *
 * @param rows    f64[count × parameters]
 * @param metrics f64[count × 26]
 */
export async function tradeWarnings(
  evaluator: Evaluator,
  rows: Float64Array,
  metrics: Float64Array,
  settings: TuningSettings,
): Promise<string[]> {
  const { width } = evaluator
  const enough = minTrades(settings)
  const tradeCounts = metricValues(metrics, 'tradeCount')
  const total = tradeCounts.length
  const few = tradeCounts.filter((count) => count > 0 && count < enough).length
  const none = [...tradeCounts.keys()].filter((at) => tradeCounts[at] === 0)
  const beyond = metricValues(metrics, 'finalEquity').filter(Number.isNaN).length
  const warnings: string[] = []
  if (beyond > 0) {
    warnings.push(
      `In ${beyond} of ${total} samples the equity grows beyond all numbers; they have no figures and were not learned from. Check the funding rate and the leverage.`,
    )
  }
  if (none.length > 0) {
    const silent = Float64Array.from(none.flatMap((at) => [...rows.subarray(at * width, (at + 1) * width)]))
    const why = await blockingConditions(evaluator, silent, settings)
    const least = await smallestRelaxation(evaluator, silent, settings)
    warnings.push([`${none.length} of ${total} samples made no trade at all.`, ...why, least].join(' '))
  }
  if (few > 0) {
    const remedy = 'Train on a longer period, or loosen the entry conditions.'
    warnings.push(`${few} of ${total} samples made fewer than ${enough} trades and were not learned from. ${remedy}`)
  }
  return warnings
}

/** Stops that can never work, because the position is liquidated before. */
export function liquidationWarnings(batch: SampleBatch, { execution, strategy }: TuningSettings): string[] {
  const { maintenanceMarginRate: margin } = execution
  const beyond = batch.stopLoss.filter((stop, at) => {
    const leverage = Number.isNaN(batch.leverage[at]) ? execution.leverage : batch.leverage[at]
    // A short is liquidated a little earlier than a long.
    const distance = (1 / leverage - margin) / (strategy.enterShort ? 1 + margin : 1 - margin)
    return leverage > 1 && stop >= distance
  }).length
  if (beyond === 0) return []
  return [
    `In ${beyond} of ${batch.count} samples the stop lies beyond the liquidation price. Lower the leverage or tighten the stop.`,
  ]
}

/** What the evidence says that a user can act on. */
export function evidenceWarnings({ robustness, stress, outOfSample }: Validation, settings: TuningSettings): string[] {
  const uses = robustness?.oosUses ?? 1
  const runs = placeboRunsFor(settings)
  const trades = outOfSample?.metrics.tradeCount ?? Infinity
  const warnings: [applies: boolean, text: string][] = [
    [
      uses > 1,
      `Candles of this test period have judged ${uses} results, this one with them. Each look makes it less of a surprise: keep a later period for the last word.`,
    ],
    [
      robustness !== null && runs > 0 && runs < DEFAULT_RUNS && settings.placeboRuns === null,
      `The placebo made ${runs} runs instead of ${DEFAULT_RUNS}, which would take too long here. Ask for more with placeboRuns.`,
    ],
    [
      trades < GATES.outOfSampleTrades,
      `The best parameters made only ${trades} trades out of sample; fewer than ${GATES.outOfSampleTrades} prove nothing. Test on a longer period.`,
    ],
    ...stress.flatMap(stressWarnings),
  ]
  return warnings.filter(([applies]) => applies).map(([, text]) => text)
}

function stressWarnings(stress: Stress): [applies: boolean, text: string][] {
  const where = stress.period === 'IN_SAMPLE' ? 'in sample' : 'out of sample'
  const { roiStopFirst: roi, roiTargetFirst, ambiguous, doubleCosts } = stress
  const share = (value: number): string => `${Number((100 * value).toPrecision(3))} %`
  return [
    [
      roi > 0 && doubleCosts.roi! <= 0,
      `With double costs the best parameters lose ${where}: ${share(doubleCosts.roi!)} instead of ${share(roi)}.`,
    ],
    [
      roi <= 0 && roiTargetFirst > 0,
      `In ${ambiguous} trades ${where} one bar reached both the stop and the target. The stop was taken (${share(roi)}); with the target it would be ${share(roiTargetFirst)}. Finer candles decide.`,
    ],
  ]
}

/** A best value on the edge of its range: better ones may lie outside. */
export function edgeWarnings(specs: readonly ParameterSpec[], best: Parameters): string[] {
  return specs.flatMap((spec) => {
    if (!isVaried(spec) || spec.distribution === 'BOOLEAN' || spec.distribution === 'DISCRETE') return []
    const place = scaleToUnit(spec, best[spec.name])
    if (place > EDGE && place < 1 - EDGE) return []
    const { low, high } = scaleRange(spec)
    return [`The best ${spec.name} lies on the edge of its range (${low} to ${high}). Widen it on that side.`]
  })
}

/** No candidate keeps the risk limits: how near they come. */
export function limitWarnings({ violations }: Tried): string[] {
  const nearest = violations.find((violation) => violation > 0)
  const near = nearest === undefined ? '' : ` The nearest exceeds them by ${(100 * nearest).toFixed(0)} % in all.`
  return [`No candidate of the search keeps the risk limits in sample.${near} Loosen the limits or widen the space.`]
}
