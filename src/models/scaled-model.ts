import { packArtifact, unpackModel, unreadable, type Artifact } from './artifact.ts'
import type { Algorithm, FittedModel, Hyperparameters, Matrix } from './estimator.ts'
import { type Scaling, type Standardisation, unstandardise } from './scaling.ts'

/** What every model that scales its features and its target has, whatever else it has learned. */
export interface ScaledParts {
  hyperparameters: Hyperparameters
  scaling: Scaling
  outcome: Standardisation
}

/** A model that has learned the standardised target from scaled features. */
export abstract class ScaledModel implements FittedModel {
  abstract readonly algorithm: Algorithm
  readonly outOfBag = null
  readonly #parts: ScaledParts

  constructor(parts: ScaledParts) {
    this.#parts = parts
  }

  get hyperparameters(): Hyperparameters {
    return this.#parts.hyperparameters
  }

  get columns(): number {
    return this.scaling.shift.length
  }

  predict(features: Matrix): Float64Array {
    return unstandardise(this.#parts.outcome, this.predictStandardised(features))
  }

  toBytes(): Uint8Array {
    const { hyperparameters, scaling, outcome } = this.#parts
    const { facts, columns } = this.learned()
    return packArtifact({
      facts: { algorithm: this.algorithm, hyperparameters, outcome, ...facts },
      columns: { shift: scaling.shift, factor: scaling.factor, ...columns },
    })
  }

  abstract describe(): Record<string, number>

  /** To be applied to features that are to be predicted. */
  protected get scaling(): Scaling {
    return this.#parts.scaling
  }

  /** @param features as they are @returns f64[rows], in standard deviations of the target from its mean */
  protected abstract predictStandardised(features: Matrix): Float64Array

  /** What is stored beside the parts. */
  protected abstract learned(): Artifact
}

/** What a scaled model wrote. @throws DomainError MODEL_UNREADABLE */
export function unpackScaled(bytes: Uint8Array, algorithm: Algorithm): Artifact & { parts: ScaledParts } {
  const { facts, columns, hyperparameters } = unpackModel(bytes, algorithm)
  const { shift, factor } = columns as { shift: Float64Array; factor: Float64Array }
  if (factor.length !== shift.length) throw unreadable('its scales differ in length')
  return {
    facts,
    columns,
    parts: { hyperparameters, scaling: { shift, factor }, outcome: facts.outcome as Standardisation },
  }
}
