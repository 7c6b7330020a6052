import { ESTIMATORS, getEstimator } from '../models/algorithms.ts'
import { bayesian } from '../models/bayesian.ts'
import { presetsFor } from '../models/presets.ts'
import { isVaried } from '../strategy/parameter-space.ts'
import { CURVE_SHARES, examinationPlan, FOLDS, MOST_TO_CHOOSE_BY } from './examination.ts'
import { knownSamples, PLACES, PROCESS_ROWS, roundSizes } from './rounds.ts'
import type { TuningSettings } from './settings.ts'

type Question = Pick<TuningSettings, 'algorithm' | 'hyperparameters' | 'sampleCount' | 'strategy' | 'features'>

/** Of a parameter set in the training part, and in what cross-validation may see. */
const TRAINING_SHARE = 0.7
const KNOWN_SHARE = 0.85
/** Features that are made of parameters, at a guess. */
const INTERACTIONS = 2
/** Market conditions: ten thousand rows, five fits, shuffles. */
const WINDOWS_SECONDS = 0.15

/**
 * What a job learns, in seconds on one core: presets against each other, the fit, its cross-validation, the learning
 * curve, market conditions. Analysis and search of the model are left out.
 */
export function learningSeconds({ algorithm, hyperparameters, sampleCount, strategy, features }: Question): number {
  const columns = strategy.parameterSpace.length + INTERACTIONS
  const fold = Math.ceil(KNOWN_SHARE * (1 - 1 / FOLDS) * sampleCount)
  const estimator = getEstimator(algorithm)
  const isGiven = Object.keys(hyperparameters).length > 0
  const presets = presetsFor(algorithm, KNOWN_SHARE * sampleCount)
  const tried = isGiven || presets.length === 1 ? [] : presets
  const choiceFold = Math.min(fold, Math.ceil((1 - 1 / FOLDS) * MOST_TO_CHOOSE_BY))
  const choosing = tried.reduce(
    (sum, preset) => sum + FOLDS * estimator.estimateSeconds(choiceFold, columns, preset),
    0,
  )
  const fitting = estimator.estimateSeconds(TRAINING_SHARE * sampleCount, columns, hyperparameters)

  const judged = FOLDS * judgedSeconds(algorithm, fold, columns, hyperparameters)
  const { repeats, hasCurve } = examinationPlan(judged)
  const curve = hasCurve ? judged * CURVE_SHARES.reduce((sum, share) => sum + share, 0) : 0
  const conditions = features.market || features.temporal ? WINDOWS_SECONDS : 0
  return choosing + fitting + repeats * judged + curve + conditions
}

/** What it takes to choose the samples of BAYESIAN, in seconds on one core: a Gaussian process each round. */
export function roundsSeconds({ sampleCount, strategy }: Question): number {
  const columns = strategy.parameterSpace.filter(isVaried).length
  return roundSizes(sampleCount, columns).reduce((sum, done) => {
    const known = knownSamples(done)
    const process = bayesian.estimateSeconds(known, columns, PROCESS_ROWS)
    return sum + process + PLACES * known * known * 0.1e-9
  }, 0)
}

/** One fit of what is cross-validated: of ENSEMBLE all members, of AUTO one of them. */
function judgedSeconds(
  algorithm: Question['algorithm'],
  rows: number,
  columns: number,
  options: Record<string, unknown>,
): number {
  if (algorithm !== 'ENSEMBLE' && algorithm !== 'AUTO')
    return getEstimator(algorithm).estimateSeconds(rows, columns, options)
  const members = ESTIMATORS.filter((each) => each.algorithm !== 'ENSEMBLE' && each.algorithm !== 'AUTO')
  const all = members.reduce((sum, member) => sum + member.estimateSeconds(rows, columns), 0)
  return algorithm === 'ENSEMBLE' ? all : all / members.length
}
