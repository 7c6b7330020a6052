import { ESTIMATORS, getEstimator } from '../models/algorithms.ts'
import { bayesian } from '../models/bayesian.ts'
import type { Algorithm } from '../models/estimator.ts'
import { presetsFor } from '../models/presets.ts'
import { isVaried } from '../strategy/parameter-space.ts'
import { CURVE_SHARES, examinationPlan, FOLDS, MOST_TO_CHOOSE_BY, SHUFFLES } from './examination.ts'
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
/** Rows that a model is asked about in analysis and search: SHAP values, indices, curves, candidates. */
const ASKED = 110_000
/** Of one row, for each row that was learned from; what other algorithms take is in the fixed part of the estimate. */
const ASKING_SECONDS: Partial<Record<Algorithm, number>> = { SVR: 6e-9, BAYESIAN: 9e-9 }

/**
 * What a job learns, in seconds on one core: presets against each other, the fit, its cross-validation, the learning
 * curve, market conditions, and what is asked of a model that is slow to answer.
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
  const fits = FOLDS * (tried.length + repeats)
  const asking = askingSeconds(algorithm, TRAINING_SHARE * sampleCount) * ASKED
  const scoring = askingSeconds(algorithm, fold) * fold * (1.25 * fits + SHUFFLES * columns)
  return choosing + fitting + repeats * judged + curve + conditions + asking + scoring
}

/** To predict one row, by a model of so many; of those that combine algorithms a middling one. */
function askingSeconds(algorithm: Algorithm, rows: number): number {
  const own = ASKING_SECONDS[algorithm]
  if (own !== undefined) return own * rows
  const all = Object.values(ASKING_SECONDS).reduce((sum, each) => sum + each, 0)
  return (algorithm === 'ENSEMBLE' ? 0.3 : algorithm === 'AUTO' ? 0.2 : 0) * all * rows
}

/** What it takes to choose the samples of BAYESIAN, in seconds on one core: a Gaussian process each round. */
export function roundsSeconds({ sampleCount, strategy }: Question): number {
  const columns = strategy.parameterSpace.filter(isVaried).length
  const sizes = roundSizes(sampleCount, columns)
  const batch = sampleCount / Math.max(1, sizes.length)
  return sizes.reduce((sum, done) => {
    const known = knownSamples(done)
    const process = bayesian.estimateSeconds(known, columns, PROCESS_ROWS)
    const places = PLACES * known * (known * 0.1e-9 + 12e-9 + 1.4e-9 * batch)
    return sum + process + places
  }, 0)
}

/** One fit of what is cross-validated: of ENSEMBLE all members, of AUTO one of them. */
function judgedSeconds(algorithm: Algorithm, rows: number, columns: number, options: Record<string, unknown>): number {
  if (algorithm !== 'ENSEMBLE' && algorithm !== 'AUTO')
    return getEstimator(algorithm).estimateSeconds(rows, columns, options)
  const members = ESTIMATORS.filter((each) => each.algorithm !== 'ENSEMBLE' && each.algorithm !== 'AUTO')
  const all = members.reduce((sum, member) => sum + member.estimateSeconds(rows, columns), 0)
  return algorithm === 'ENSEMBLE' ? all : all / members.length
}
