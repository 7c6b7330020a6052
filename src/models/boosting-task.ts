import { Random } from '../engine/random.ts'
import { localKernel } from '../engine/wasm.ts'
import { mean } from '../engine/statistics.ts'
import type { Hyperparameters, Matrix } from './estimator.ts'
import { layGrowth, putRecord, TreeStore, zeros, type WeightedForest } from './growth.ts'
import { selectRows, selectValues } from './matrix.ts'

export interface BoostingTask {
  features: Matrix
  target: Float64Array
  /** none of them left to "by sample count" */
  hyperparameters: Hyperparameters
  seed: number
}

export interface TrainedBoosting {
  forest: WeightedForest
  /** what the trees add to, a 32-bit number */
  baseScore: number
}

/** Share of the rows that is set aside to see when to stop. */
const VALIDATION_SHARE = 0.15

/** A stream of its own: rounds draw from the streams 0, 1, 2, … */
const VALIDATION_STREAM = 0x76616c69

/** Train a model in this thread. About 3 ns per row, feature and tree of depth 4. */
export function trainBoosting({ features, target, hyperparameters: h, seed }: BoostingTask): TrainedBoosting {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const patience = h.earlyStoppingRounds
  const { rows } = features
  const trainRows = patience > 0 ? rows - Math.max(1, Math.round(VALIDATION_SHARE * rows)) : rows
  const order = patience > 0 ? new Random(seed, VALIDATION_STREAM).permutation(rows) : null
  const x = order ? selectRows(features, order) : features
  const y = order ? selectValues(target, order) : target
  const train = y.subarray(0, trainRows)
  const baseScore = Math.fround(mean(train))

  const sampleColumns = Math.max(1, Math.round(h.columnSample * features.columns))
  const layout = layGrowth(
    x,
    {
      maxDepth: h.maxDepth,
      minSplit: Math.max(2, 2 * h.minChildWeight),
      minLeaf: Math.max(1, Math.ceil(h.minChildWeight)),
      lambda: h.lambda,
      featuresPerNode: features.columns,
      randomCuts: false,
    },
    sampleColumns,
  )
  const slots = layout.binning.columns.length
  const prediction = arena.alloc(rows * 4)
  new Float32Array(arena.memory.buffer, prediction, rows).fill(baseScore)
  const words = [
    layout.record,
    trainRows,
    rows,
    arena.putFloat64(y),
    prediction,
    Math.max(1, Math.round(h.subsample * trainRows)),
    Math.min(sampleColumns, slots),
    seed,
    layout.table,
    layout.width,
    slots,
    layout.slotBins,
    zeros(arena, rows * 4),
    arena.alloc(16 * Math.ceil(sampleColumns / 16) * Math.ceil(features.columns / 16)),
  ]
  const record = putRecord(arena, words, [h.learningRate, h.lambda, h.gamma * variance(train), 0])
  const store = new TreeStore(layout, rows)
  const validationError = arena.float64(record + Math.ceil(words.length / 2) * 8 + 24, 1)

  let best = { error: Infinity, trees: 0 }
  for (let round = 0; round < h.nEstimators; round++) {
    store.add(kernel.boostRound(record, round))
    if (validationError[0] < best.error) best = { error: validationError[0], trees: round + 1 }
    if (patience > 0 && round + 1 - best.trees >= patience) break
  }
  const forest = store.forest(patience > 0 ? best.trees : undefined)
  arena.release(mark)
  return { forest, baseScore }
}

/** of the population */
function variance(values: Float64Array): number {
  const center = mean(values)
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length
}
