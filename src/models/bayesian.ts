import { type Artifact, unreadable } from './artifact.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type HyperparameterInfo,
  type Matrix,
} from './estimator.ts'
import { BLOCK_ROWS, CONTENDERS, divideByLengths, EVALUATIONS, RESTART_ROWS, type Climbed } from './gaussian-process.ts'
import type { Conditioned, ConditionTask } from './gaussian-process-task.ts'
import { applyScaling, standardisation, standardise, unitScaling } from './scaling.ts'
import { ScaledModel, type ScaledParts, unpackScaled } from './scaled-model.ts'
import { byColumns, padded, padVector, predictInParts, withKernel } from './scratch.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  {
    name: 'restarts',
    description: 'Places from which the search for the best length scales begins.',
    default: 2,
    min: 1,
    max: 50,
    integer: true,
  },
  {
    name: 'tuningRows',
    description: 'Samples that decide the length scales, at most; drawn from all, looked at in blocks of about 250.',
    default: 1000,
    min: 50,
    max: 2000,
    integer: true,
  },
  {
    name: 'trainingRows',
    description: 'Samples that the process is given, at most; drawn from all. Time grows with the cube.',
    default: 2000,
    min: 50,
    max: 4000,
    integer: true,
  },
]

const ROW_LIMITS = { minRows: 10, maxRows: 200_000 }

/** A Gaussian process with a Matérn 5/2 kernel, its length scales by maximum likelihood. */
export const bayesian: Estimator = {
  algorithm: 'BAYESIAN',
  description: 'A Gaussian process that learns how much each feature matters. Best on smooth surfaces.',
  hyperparameters: HYPERPARAMETERS,

  estimateSeconds(rows, columns, options = {}) {
    const { restarts, tuningRows, trainingRows } = resolveHyperparameters(HYPERPARAMETERS, options)
    const evaluation = (count: number): number => count ** 2 * (count * 0.1e-9 + (columns + 10) * 0.4e-9)
    const tuned = Math.min(rows, tuningRows)
    const climb = EVALUATIONS + 1 // and a look at where it ends
    const blocks = rows > RESTART_ROWS ? Math.max(1, Math.round(tuned / BLOCK_ROWS)) : 0
    const polishing = (Math.min(restarts, CONTENDERS) + climb) * blocks * evaluation(tuned / Math.max(1, blocks))
    const restarting = restarts * climb * evaluation(Math.min(rows, RESTART_ROWS))
    return restarting + polishing + evaluation(Math.min(rows, trainingRows)) / 2
  },

  async fit(features, target, options, seed, run) {
    const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
    checkTrainingSet(features, target, ROW_LIMITS)
    const scaling = unitScaling(features)
    const outcome = standardisation(target)
    const scaled = { features: applyScaling(scaling, features), target: standardise(outcome, target), seed }
    const module = new URL('./gaussian-process-task.ts', import.meta.url).href
    const { restarts, tuningRows, trainingRows } = hyperparameters
    const climbed = await Promise.all(
      Array.from({ length: restarts }, (_, restart) =>
        run<Climbed>({ module, name: 'restartTask', data: { ...scaled, restart } }),
      ),
    )
    const data: ConditionTask = { ...scaled, climbed, tuningRows, trainingRows }
    const process = await run<Conditioned>({ module, name: 'conditionTask', data })
    return new GaussianProcess({ hyperparameters, scaling, outcome }, process)
  },

  fromBytes(bytes) {
    const { parts, facts, columns } = unpackScaled(bytes, 'BAYESIAN')
    const { lengths, values, weights } = columns as Record<string, Float64Array>
    const points = { rows: weights.length, columns: parts.scaling.shift.length, values }
    if (lengths.length !== points.columns || values.length !== points.rows * points.columns) {
      throw unreadable('its samples do not fit its features')
    }
    const { signal, noise, logLikelihood } = facts as Record<string, number>
    const process = { parameters: { lengths, signal, noise }, logLikelihood, points, weights }
    return new GaussianProcess(parts, process)
  },
}

class GaussianProcess extends ScaledModel {
  readonly algorithm = 'BAYESIAN'
  readonly #process: Conditioned

  constructor(parts: ScaledParts, process: Conditioned) {
    super(parts)
    this.#process = process
  }

  protected predictStandardised(features: Matrix): Float64Array {
    const { points, weights, parameters } = this.#process
    const { lengths, signal } = parameters
    const n = padded(points.rows)
    return withKernel(0, (kernel, arena) => {
      const columns = arena.putFloat64(byColumns(divideByLengths(points, lengths)))
      const coefficients = arena.putFloat64(padVector(weights))
      const scratch = arena.alloc(8 * n)
      const mark = arena.mark()
      return predictInParts(this.columns, features, (part, out) => {
        arena.release(mark)
        const rows = arena.putFloat64(divideByLengths(applyScaling(this.scaling, part), lengths).values)
        const results = arena.alloc(8 * part.rows)
        kernel.maternMeans(rows, part.rows, columns, n, this.columns, signal, coefficients, scratch, results)
        out.set(arena.float64(results, part.rows))
      })
    })
  }

  protected learned(): Artifact {
    const { points, weights, parameters, logLikelihood } = this.#process
    const { lengths, signal, noise } = parameters
    return { facts: { signal, noise, logLikelihood }, columns: { lengths, values: points.values, weights } }
  }

  describe(): Record<string, number> {
    const { parameters, points, logLikelihood } = this.#process
    const { lengths, signal, noise } = parameters
    return {
      samples: points.rows,
      features: this.columns,
      shortestLength: Math.min(...lengths),
      longestLength: Math.max(...lengths),
      signalVariance: signal,
      noiseVariance: noise,
      logLikelihood,
    }
  }
}
