import type { SampleBatch } from '../engine/program.ts'
import { compileStrategy } from '../strategy/plan.ts'
import type { TuningSettings } from './settings.ts'

/** Samples that show whether a space can be drawn from, and what it asks of the engine. */
const TRIAL = 100

/**
 * A few samples, drawn as the job will draw its own: to find out in time whether enough of the space meets the
 * constraints, and whether stops, targets, leverage and the arguments of indicators are in their ranges there.
 *
 * @param anyDesign they need not be spread as well as the job's own: enough to find out, and cheaper
 * @throws ValidationError naming the constraint, or the expression and a sample for which it fails
 */
export function trialBatch(
  settings: Pick<TuningSettings, 'strategy' | 'sampler' | 'sampleCount' | 'seed'>,
  { anyDesign = false } = {},
): SampleBatch {
  const { strategy, sampler, sampleCount, seed } = settings
  const compiled = compileStrategy(strategy)
  const { rows } = compiled.draw({ sampler, count: Math.min(sampleCount, TRIAL), seed, anyDesign })
  return compiled.bind(rows)
}
