import { Random } from '../engine/random.ts'
import type { Hyperparameters, Matrix } from './estimator.ts'
import { withKernel } from './scratch.ts'

/** Everything that one thread needs to train a network. */
export interface NetworkTask {
  /** standardised */
  features: Matrix
  /** f64[rows], standardised */
  target: Float64Array
  hyperparameters: Hyperparameters
  seed: number
}

/** Widths of the layers as the kernel wants them, see `assembly/network.ts`. */
export interface NetworkShape {
  /** even */
  inputs: number
  /** multiples of 16 */
  first: number
  second: number
}

export interface TrainedNetwork {
  /** f32[`parameterCount`] */
  parameters: Float32Array
  epochs: number
}

/** Streams of their own, so that neither repeats a draw of a sampler with the same seed. */
const WEIGHT_STREAM = 0x77656967
const ORDER_STREAM = 0x6f726465
const HOLD_OUT_STREAM = 0x686f6c64

/** Rows that decide when to stop, as a share of all. */
const HELD_OUT = 0.15

export function shapeOf(columns: number, { hiddenUnits, secondHiddenUnits }: Hyperparameters): NetworkShape {
  return { inputs: up(columns, 2), first: up(hiddenUnits, 16), second: up(secondHiddenUnits, 16) }
}

export function parameterCount({ inputs, first, second }: NetworkShape): number {
  return up(inputs * first + first + first * second + second + second + 1, 16)
}

/** Train a network in this thread. */
export function trainNetwork({ features, target, hyperparameters, seed }: NetworkTask): TrainedNetwork {
  const { alpha, learningRate, epochs, batchSize, patience } = hyperparameters
  const shape = shapeOf(features.columns, hyperparameters)
  const size = parameterCount(shape)
  const all = new Random(seed, HOLD_OUT_STREAM).permutation(features.rows)
  const held = patience > 0 ? Math.max(1, Math.floor(HELD_OUT * features.rows)) : 0
  const rows = all.slice(held).sort()
  const batch = up(Math.min(batchSize, rows.length), 2)

  return withKernel(8 * size + 4 * features.rows * shape.inputs, (kernel, arena) => {
    const parameters = arena.alloc(4 * size)
    const weights = new Float32Array(arena.memory.buffer, parameters, size)
    weights.set(initialParameters(features.columns, shape, hyperparameters, seed))
    const moments = arena.alloc(8 * size)
    arena.uint8(moments, 8 * size).fill(0)
    const state = arena.putFloat64([1, 1])
    const [x, y] = [arena.alloc(4 * features.rows * shape.inputs), arena.alloc(4 * features.rows)]
    new Float32Array(arena.memory.buffer, x, features.rows * shape.inputs).set(narrow(features, shape.inputs))
    new Float32Array(arena.memory.buffer, y, features.rows).set(target)
    const order = arena.putInt32(rows)
    const { inputs, first, second } = shape
    const scratch = arena.alloc(4 * (size + batch * (inputs + 2 * first + 2 * second + 4) + first * second))
    const examine = examiner()

    let best: TrainedNetwork & { error: number } = { parameters: weights.slice(), epochs: 0, error: Infinity }
    let epoch = 0
    while (epoch < epochs) {
      const shuffled = new Random(seed, ORDER_STREAM + epoch).permutation(rows.length)
      arena.int32(order, rows.length).set(shuffled.map((at) => rows[at]))
      // prettier-ignore
      kernel.trainEpoch(parameters, moments, state, size, inputs, first, second, x, y, order, rows.length, batch, alpha, learningRate, scratch)
      epoch++
      if (!examine) continue
      const error = examine()
      if (error < best.error) best = { parameters: weightsNow(), epochs: epoch, error }
      if (epoch - best.epochs >= patience) break
    }
    return examine ? { parameters: best.parameters, epochs: best.epochs } : { parameters: weightsNow(), epochs: epoch }

    function weightsNow(): Float32Array {
      return new Float32Array(arena.memory.buffer, parameters, size).slice()
    }

    /** Measures the squared error on the rows that are held out; null where none are. */
    function examiner(): (() => number) | null {
      if (held === 0) return null
      const count = up(held, 2)
      const [places, work, out] = [4 * count * inputs, 4 * count * (first + second), 4 * count].map((bytes) =>
        arena.alloc(bytes),
      )
      const heldRows = all.subarray(0, held)
      const cells = new Float32Array(arena.memory.buffer, places, count * inputs).fill(0)
      const known = new Float32Array(arena.memory.buffer, x, features.rows * inputs)
      heldRows.forEach((row, at) => cells.set(known.subarray(row * inputs, (row + 1) * inputs), at * inputs))
      return () => {
        kernel.predictNetwork(parameters, inputs, first, second, places, count, work, out)
        const predicted = new Float32Array(arena.memory.buffer, out, held)
        return heldRows.reduce((sum, row, at) => sum + (predicted[at] - target[row]) ** 2, 0)
      }
    }
  })
}

/** The features as the kernel reads them: f32, an even number of columns. */
export function narrow({ rows, columns, values }: Matrix, inputs: number): Float32Array {
  if (inputs === columns) return Float32Array.from(values)
  const out = new Float32Array(rows * inputs)
  for (let row = 0; row < rows; row++) out.set(values.subarray(row * columns, (row + 1) * columns), row * inputs)
  return out
}

export function up(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}

/**
 * Uniform within ±√(6 / (units before + units after)), offsets too: Glorot & Bengio (2010), as scikit-learn draws
 * them. Padding is zero.
 */
function initialParameters(
  columns: number,
  { inputs, first, second }: NetworkShape,
  { hiddenUnits, secondHiddenUnits }: Hyperparameters,
  seed: number,
): Float32Array {
  const random = new Random(seed, WEIGHT_STREAM)
  const out = new Float32Array(parameterCount({ inputs, first, second }))
  let at = 0
  const layer = (from: number, to: number, rows: number, width: number): void => {
    const bound = Math.sqrt(6 / (from + to))
    const draw = (): number => bound * (2 * random.float() - 1)
    for (let row = 0; row < from; row++) for (let unit = 0; unit < to; unit++) out[at + row * width + unit] = draw()
    at += rows * width
    for (let unit = 0; unit < to; unit++) out[at + unit] = draw()
    at += width
  }
  layer(columns, hiddenUnits, inputs, first)
  layer(hiddenUnits, secondHiddenUnits, first, second)
  layer(secondHiddenUnits, 1, second, 1)
  return out
}
