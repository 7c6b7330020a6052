import { type Artifact, unreadable } from './artifact.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type HyperparameterInfo,
  type Matrix,
} from './estimator.ts'
import { narrow, parameterCount, shapeOf, up, type NetworkTask, type TrainedNetwork } from './network-task.ts'
import { applyScaling, standardisation, standardise, standardScaling } from './scaling.ts'
import { ScaledModel, type ScaledParts, unpackScaled } from './scaled-model.ts'
import { predictInParts, withKernel } from './scratch.ts'

const HYPERPARAMETERS: readonly HyperparameterInfo[] = [
  {
    name: 'hiddenUnits',
    description: 'Units of the first hidden layer.',
    default: 64,
    min: 4,
    max: 256,
    integer: true,
  },
  {
    name: 'secondHiddenUnits',
    description: 'Units of the second hidden layer.',
    default: 32,
    min: 4,
    max: 256,
    integer: true,
  },
  {
    name: 'alpha',
    description: 'Strength of the L2 penalty on the weights. Few samples need a strong one.',
    default: 1,
    min: 0,
    max: 1000,
    integer: false,
  },
  {
    name: 'learningRate',
    description: 'Length of a step of Adam.',
    default: 0.001,
    min: 0.00001,
    max: 0.1,
    integer: false,
  },
  {
    name: 'epochs',
    description: 'Passes over the training rows, at most.',
    default: 200,
    min: 1,
    max: 5000,
    integer: true,
  },
  {
    name: 'batchSize',
    description: 'Rows between two steps. Smaller batches make more steps of an epoch.',
    default: 64,
    min: 2,
    max: 1000,
    integer: true,
  },
  {
    name: 'patience',
    description: 'Epochs without progress on 15 % of the rows, held out, after which training stops. 0 = never.',
    default: 0,
    min: 0,
    max: 1000,
    integer: true,
  },
]

const ROW_LIMITS = { minRows: 20, maxRows: 200_000 }

/** A neural network with two hidden layers. Good on smooth surfaces with some hundred samples or more. */
export const neuralNetwork: Estimator = {
  algorithm: 'NEURAL_NETWORK',
  description: 'Two hidden layers trained by Adam under a strong penalty. Good on smooth surfaces; fast to predict.',
  hyperparameters: HYPERPARAMETERS,

  estimateSeconds(rows, columns, options = {}) {
    const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
    const size = parameterCount(shapeOf(columns, hyperparameters))
    const { epochs, batchSize } = hyperparameters
    return epochs * size * (rows * 0.21e-9 + Math.ceil(rows / batchSize) * 1.5e-9)
  },

  async fit(features, target, options, seed, run) {
    const hyperparameters = resolveHyperparameters(HYPERPARAMETERS, options)
    checkTrainingSet(features, target, ROW_LIMITS)
    const scaling = standardScaling(features)
    const outcome = standardisation(target)
    const data: NetworkTask = {
      features: applyScaling(scaling, features),
      target: standardise(outcome, target),
      hyperparameters,
      seed,
    }
    const module = new URL('./network-task.ts', import.meta.url).href
    const trained = await run<TrainedNetwork>({ module, name: 'trainNetwork', data })
    return new NeuralNetwork({ hyperparameters, scaling, outcome }, trained)
  },

  fromBytes(bytes) {
    const { parts, facts, columns } = unpackScaled(bytes, 'NEURAL_NETWORK')
    const { bits } = columns as { bits: Int32Array }
    const parameters = new Float32Array(bits.buffer, bits.byteOffset, bits.length)
    if (bits.length !== parameterCount(shapeOf(parts.scaling.shift.length, parts.hyperparameters))) {
      throw unreadable('its weights do not fit its layers')
    }
    return new NeuralNetwork(parts, { parameters, epochs: facts.epochs as number })
  },
}

class NeuralNetwork extends ScaledModel {
  readonly algorithm = 'NEURAL_NETWORK'
  readonly #trained: TrainedNetwork

  constructor(parts: ScaledParts, trained: TrainedNetwork) {
    super(parts)
    this.#trained = trained
  }

  protected predictStandardised(features: Matrix): Float64Array {
    const { parameters } = this.#trained
    const { inputs, first, second } = shapeOf(this.columns, this.hyperparameters)
    return withKernel(0, (kernel, arena) => {
      const weights = arena.alloc(parameters.byteLength)
      new Float32Array(arena.memory.buffer, weights, parameters.length).set(parameters)
      const mark = arena.mark()
      return predictInParts(this.columns, features, (part, out) => {
        arena.release(mark)
        const count = up(part.rows, 2)
        const rows = arena.alloc(4 * count * inputs)
        const scratch = arena.alloc(4 * count * (first + second))
        const results = arena.alloc(4 * count)
        const cells = new Float32Array(arena.memory.buffer, rows, count * inputs)
        cells.set(narrow(applyScaling(this.scaling, part), inputs))
        cells.fill(0, part.rows * inputs)
        kernel.predictNetwork(weights, inputs, first, second, rows, count, scratch, results)
        const predicted = new Float32Array(arena.memory.buffer, results, part.rows)
        out.set(predicted)
      })
    })
  }

  protected learned(): Artifact {
    const { parameters, epochs } = this.#trained
    const bits = new Int32Array(parameters.buffer, parameters.byteOffset, parameters.length)
    return { facts: { epochs }, columns: { bits } }
  }

  describe(): Record<string, number> {
    const { hiddenUnits, secondHiddenUnits } = this.hyperparameters
    const weights = (this.columns + 1) * hiddenUnits + (hiddenUnits + 1) * secondHiddenUnits + secondHiddenUnits + 1
    return { hiddenUnits, secondHiddenUnits, weights, epochs: this.#trained.epochs, features: this.columns }
  }
}
