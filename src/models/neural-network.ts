import { unreadable } from './artifact.ts'
import {
  checkTrainingSet,
  resolveHyperparameters,
  type Estimator,
  type FittedModel,
  type HyperparameterInfo,
  type Hyperparameters,
  type Matrix,
} from './estimator.ts'
import { narrow, parameterCount, shapeOf, up, type NetworkTask, type TrainedNetwork } from './network-task.ts'
import {
  applyScaling,
  standardisation,
  standardise,
  standardScaling,
  type Scaling,
  type Standardisation,
} from './scaling.ts'
import { packScaled, unpackScaled } from './scaled-artifact.ts'
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
    return new NeuralNetwork(hyperparameters, scaling, outcome, trained)
  },

  fromBytes(bytes) {
    const { hyperparameters, scaling, outcome, facts, columns } = unpackScaled(bytes, 'NEURAL_NETWORK')
    const { bits } = columns as { bits: Int32Array }
    const parameters = new Float32Array(bits.buffer, bits.byteOffset, bits.length)
    if (bits.length !== parameterCount(shapeOf(scaling.shift.length, hyperparameters))) {
      throw unreadable('its weights do not fit its layers')
    }
    return new NeuralNetwork(hyperparameters, scaling, outcome, { parameters, epochs: facts.epochs as number })
  },
}

class NeuralNetwork implements FittedModel {
  readonly algorithm = 'NEURAL_NETWORK'
  readonly hyperparameters: Hyperparameters
  readonly columns: number
  readonly outOfBag = null
  readonly #scaling: Scaling
  readonly #outcome: Standardisation
  readonly #trained: TrainedNetwork

  constructor(hyperparameters: Hyperparameters, scaling: Scaling, outcome: Standardisation, trained: TrainedNetwork) {
    this.hyperparameters = hyperparameters
    this.columns = scaling.shift.length
    this.#scaling = scaling
    this.#outcome = outcome
    this.#trained = trained
  }

  predict(features: Matrix): Float64Array {
    const { parameters } = this.#trained
    const { inputs, first, second } = shapeOf(this.columns, this.hyperparameters)
    const { centre, deviation } = this.#outcome
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
        cells.set(narrow(applyScaling(this.#scaling, part), inputs))
        cells.fill(0, part.rows * inputs)
        kernel.predictNetwork(weights, inputs, first, second, rows, count, scratch, results)
        const predicted = new Float32Array(arena.memory.buffer, results, part.rows)
        for (let row = 0; row < part.rows; row++) out[row] = centre + deviation * predicted[row]
      })
    })
  }

  toBytes(): Uint8Array {
    const { parameters, epochs } = this.#trained
    const bits = new Int32Array(parameters.buffer, parameters.byteOffset, parameters.length)
    const parts = { hyperparameters: this.hyperparameters, scaling: this.#scaling, outcome: this.#outcome }
    return packScaled(this.algorithm, parts, { facts: { epochs }, columns: { bits } })
  }

  describe(): Record<string, number> {
    const { hiddenUnits, secondHiddenUnits } = this.hyperparameters
    const weights = (this.columns + 1) * hiddenUnits + (hiddenUnits + 1) * secondHiddenUnits + secondHiddenUnits + 1
    return { hiddenUnits, secondHiddenUnits, weights, epochs: this.#trained.epochs, features: this.columns }
  }
}
