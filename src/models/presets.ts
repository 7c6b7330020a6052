import type { Algorithm } from './estimator.ts'

/** Hyperparameters by name; what is left out takes its default. */
export type Preset = Readonly<Record<string, number>>

/** From here on deeper trees pay off on rough surfaces. */
const MANY_ROWS = 1000

/**
 * Settings worth trying where the user gives none, from free to strict; one of them is chosen by the
 * one-standard-error rule. A Gaussian process finds its own by maximum likelihood, and what combines algorithms takes
 * each with its defaults: there is nothing to choose.
 *
 * @param rows that are learned from
 */
export function presetsFor(algorithm: Algorithm, rows: number): readonly Preset[] {
  switch (algorithm) {
    case 'RANDOM_FOREST':
      return [{}, { extraTrees: 1 }, { maxFeatures: 0.5, minNumSamples: 5 }, { minNumSamples: 10 }]
    case 'XGBOOST':
      return [
        rows < MANY_ROWS ? {} : { maxDepth: 6 },
        { maxDepth: 4, nEstimators: 150 },
        { maxDepth: 3, nEstimators: 100 },
        { maxDepth: 3, nEstimators: 100, lambda: 10 },
      ]
    case 'NEURAL_NETWORK':
      return [{ alpha: 0.1 }, {}, { alpha: 5 }]
    case 'SVR':
      return [{ c: 10, gamma: 0.3 }, {}, { c: 1, gamma: 0.3 }, { c: 0.5, gamma: 0.1 }]
    default:
      return [{}]
  }
}
