import { packArtifact, unpackModel, unreadable, type Artifact } from './artifact.ts'
import type { Algorithm, Hyperparameters } from './estimator.ts'
import type { Scaling, Standardisation } from './scaling.ts'

/** What every model that scales its features and its target is stored with, whatever else it has learned. */
export interface ScaledParts {
  hyperparameters: Hyperparameters
  scaling: Scaling
  outcome: Standardisation
}

/** @param own what else the model has learned */
export function packScaled(algorithm: Algorithm, parts: ScaledParts, own: Artifact): Uint8Array {
  const { hyperparameters, scaling, outcome } = parts
  return packArtifact({
    facts: { algorithm, hyperparameters, outcome, ...own.facts },
    columns: { shift: scaling.shift, factor: scaling.factor, ...own.columns },
  })
}

/** @throws DomainError MODEL_UNREADABLE */
export function unpackScaled(bytes: Uint8Array, algorithm: Algorithm): ScaledParts & Artifact {
  const { facts, columns, hyperparameters } = unpackModel(bytes, algorithm)
  const { shift, factor } = columns as { shift: Float64Array; factor: Float64Array }
  if (factor.length !== shift.length) throw unreadable('its scales differ in length')
  return { facts, columns, hyperparameters, scaling: { shift, factor }, outcome: facts.outcome as Standardisation }
}
