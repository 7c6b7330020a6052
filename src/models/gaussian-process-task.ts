import type { Matrix } from './estimator.ts'
import { climbFromStart, polish, Posterior, subset, type Climbed, type KernelParameters } from './gaussian-process.ts'

/** A training set, scaled: features to 0…1, the target to mean 0 and deviation 1. */
interface Scaled {
  features: Matrix
  target: Float64Array
  seed: number
}

/** One restart, in this thread. */
export function restartTask({ features, target, seed, restart }: Scaled & { restart: number }): Climbed {
  return climbFromStart(features, target, seed, restart)
}

export interface ConditionTask extends Scaled {
  climbed: Climbed[]
  /** rows that decide the hyperparameters, and rows that the process is given, at most */
  tuningRows: number
  trainingRows: number
}

export interface Conditioned {
  parameters: KernelParameters
  logLikelihood: number
  /** the rows that the process was given */
  points: Matrix
  /** f64[points] */
  weights: Float64Array
}

/** Polish the best restart and condition the process on the samples, in this thread. */
export function conditionTask(task: ConditionTask): Conditioned {
  const { features, target, seed, climbed, tuningRows, trainingRows } = task
  const { parameters, logLikelihood } = polish(features, target, seed, climbed, tuningRows)
  const { x, y } = subset(features, target, trainingRows, seed)
  return { parameters, logLikelihood, points: x, weights: new Posterior(x, y, parameters).weights }
}
