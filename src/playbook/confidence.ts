import { bounded } from './caps.ts'

/**
 * Confidence in a recommendation, 0…100: how clearly more than half of the resamples point the same way, as far as
 * the data can be trusted.
 *
 * @param probability share of resamples in which the rule goes in the same direction
 * @param quality     data quality score, 0…100
 * @param forecasts   share of right forecasts in the regime where they are surely worse than a coin; else null
 */
export function recommendationConfidence(
  probability: number,
  quality: number,
  forecasts: number | null = null,
): number {
  const trust = forecasts === null ? 1 : bounded(forecasts / 0.5, { min: 0, max: 1 })
  return roundHalf(100 * bounded(2 * probability - 1, { min: 0, max: 1 }) * (quality / 100) * trust)
}

/** Half goes up; what misses the half by rounding alone counts as half. */
function roundHalf(value: number): number {
  return Math.floor(value + 0.5 + 1e-9)
}
