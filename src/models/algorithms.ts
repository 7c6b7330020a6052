import { ValidationError } from '../errors.ts'
import { artifactFacts, unreadable } from './artifact.ts'
import { autoOf } from './auto.ts'
import { bayesian } from './bayesian.ts'
import { ensembleOf } from './ensemble.ts'
import type { Algorithm, Estimator, FittedModel } from './estimator.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { neuralNetwork } from './neural-network.ts'
import { randomForest } from './random-forest.ts'
import { supportVector } from './support-vector.ts'

/** Those that learn by themselves. */
const SINGLE: readonly Estimator[] = [randomForest, gradientBoosting, neuralNetwork, supportVector, bayesian]

/** Every algorithm that a job can ask for. */
export const ESTIMATORS: readonly Estimator[] = [...SINGLE, ensembleOf(SINGLE), autoOf(SINGLE)]

/** @throws ValidationError for one that is not built in */
export function getEstimator(algorithm: Algorithm): Estimator {
  const found = ESTIMATORS.find((estimator) => estimator.algorithm === algorithm)
  if (found) return found
  const known = ESTIMATORS.map((estimator) => estimator.algorithm).join(', ')
  throw ValidationError.at('algorithm', `${algorithm} is not available in this version. Choose ${known}.`)
}

/** Read a model of any algorithm. @throws DomainError MODEL_UNREADABLE */
export function modelFromBytes(bytes: Uint8Array): FittedModel {
  const { algorithm } = artifactFacts(bytes)
  const found = ESTIMATORS.find((estimator) => estimator.algorithm === algorithm)
  if (!found) throw unreadable(`its algorithm ${String(algorithm)} is unknown to this version`)
  return found.fromBytes(bytes)
}
