import { localKernel } from '../engine/wasm.ts'

/** How much better than the best a place must be expected to be before it counts, in deviations of the target. */
export const EXPLORATION = 0.01

/**
 * Expected improvement over the best value so far, for maximising (Mockus 1978; Jones, Schonlau, Welch 1998):
 * (μ − best − ξ) Φ(z) + σ φ(z) with z = (μ − best − ξ) / σ.
 *
 * @param mean, deviation of the surface at a place, without the noise of a sample; deviation ≥ 0
 */
export function expectedImprovement(mean: number, deviation: number, best: number, exploration = EXPLORATION): number {
  const ahead = mean - best - exploration
  if (deviation === 0) return Math.max(ahead, 0)
  const { kernel } = localKernel()
  const z = ahead / deviation
  return Math.max(0, ahead * kernel.normalCdf(z) + deviation * kernel.normalPdf(z))
}
