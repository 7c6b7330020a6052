import { type Artifact, unreadable } from './artifact.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type HyperparameterInfo,
  type Matrix,
} from './estimator.ts'
import { selectRows, selectValues } from './matrix.ts'
import { applyScaling, standardisation, standardise, standardScaling, type Scaling } from './scaling.ts'
import { ScaledModel, type ScaledParts, unpackScaled } from './scaled-model.ts'
import { byColumns, padded, padVector, predictInParts, withKernel } from './scratch.ts'
import type { SupportVectorTask, TrainedSupportVectors } from './support-vector-task.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  {
    name: 'c',
    description: 'What an error costs against a bend of the surface. Larger follows the samples more closely.',
    default: 2,
    min: 0.001,
    max: 10_000,
    integer: false,
  },
  {
    name: 'gamma',
    description: 'Sharpness of the kernel, in units of 1 / features. Larger sees less far.',
    default: 0.6,
    min: 0.001,
    max: 1000,
    integer: false,
  },
  {
    name: 'epsilon',
    description: 'Errors up to here cost nothing, in standard deviations of the target.',
    default: 0.1,
    min: 0,
    max: 2,
    integer: false,
  },
  {
    name: 'tolerance',
    description: 'How far from the optimum training may stop, in standard deviations of the target.',
    default: 0.001,
    min: 0.000001,
    max: 0.1,
    integer: false,
  },
]

/** More rows and training takes minutes. */
const ROW_LIMITS = { minRows: 20, maxRows: 20_000 }

/** Support vector regression with a radial kernel: e^(−gamma d² / features) on standardised features. */
export const supportVector: Estimator = {
  algorithm: 'SVR',
  description: 'A smooth surface spanned by the samples that it cannot do without. Needs few samples.',
  hyperparameters: HYPERPARAMETERS,

  estimateSeconds(rows, columns, options = {}) {
    const { c } = resolveHyperparameters(HYPERPARAMETERS, options)
    return 0.5e-3 + 1e-9 * rows * rows * (0.7 * columns + 9 * Math.sqrt(c))
  },

  async fit(features, target, options, _seed, run) {
    const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
    checkTrainingSet(features, target, ROW_LIMITS)
    const scaling = kernelScaling(features, hyperparameters.gamma)
    const outcome = standardisation(target)
    const scaled = applyScaling(scaling, features)
    const data: SupportVectorTask = { features: scaled, target: standardise(outcome, target), hyperparameters }
    const module = new URL('./support-vector-task.ts', import.meta.url).href
    const { beta, intercept, steps } = await run<TrainedSupportVectors>({ module, name: 'trainSupportVectors', data })
    const rows = Int32Array.from(beta.keys()).filter((row) => beta[row] !== 0)
    const machine = { vectors: selectRows(scaled, rows), beta: selectValues(beta, rows), intercept, steps }
    return new SupportVectorMachine({ hyperparameters, scaling, outcome }, machine)
  },

  fromBytes(bytes) {
    const { parts, facts, columns } = unpackScaled(bytes, 'SVR')
    const { values, beta } = columns as Record<string, Float64Array>
    const vectors = { rows: beta.length, columns: parts.scaling.shift.length, values }
    if (values.length !== vectors.rows * vectors.columns) {
      throw unreadable('its support vectors do not fit its features')
    }
    const machine = { vectors, beta, intercept: facts.intercept as number, steps: facts.steps as number }
    return new SupportVectorMachine(parts, machine)
  },
}

interface Machine {
  /** scaled */
  vectors: Matrix
  /** f64[vectors] */
  beta: Float64Array
  intercept: number
  steps: number
}

class SupportVectorMachine extends ScaledModel {
  readonly algorithm = 'SVR'
  readonly #machine: Machine

  constructor(parts: ScaledParts, machine: Machine) {
    super(parts)
    this.#machine = machine
  }

  protected predictStandardised(features: Matrix): Float64Array {
    const { vectors, beta, intercept } = this.#machine
    const n = padded(vectors.rows)
    return withKernel(0, (kernel, arena) => {
      const points = arena.putFloat64(byColumns(vectors))
      const coefficients = arena.putFloat64(padVector(beta))
      const scratch = arena.alloc(8 * n)
      const mark = arena.mark()
      return predictInParts(this.columns, features, (part, out) => {
        arena.release(mark)
        const rows = arena.putFloat64(applyScaling(this.scaling, part).values)
        const results = arena.alloc(8 * part.rows)
        kernel.predictSvr(rows, part.rows, points, n, this.columns, coefficients, intercept, scratch, results)
        out.set(arena.float64(results, part.rows))
      })
    })
  }

  protected learned(): Artifact {
    const { vectors, beta, intercept, steps } = this.#machine
    return { facts: { intercept, steps }, columns: { values: vectors.values, beta } }
  }

  describe(): Record<string, number> {
    const { vectors, steps } = this.#machine
    return { supportVectors: vectors.rows, steps, features: this.columns }
  }
}

/** Standardised, and divided by the width of the kernel, so that it is e^(−d²). */
function kernelScaling(features: Matrix, gamma: number): Scaling {
  const { shift, factor } = standardScaling(features)
  const root = Math.sqrt(gamma / features.columns)
  return { shift, factor: factor.map((value) => value * root) }
}
