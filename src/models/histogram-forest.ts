import { localKernel } from '../engine/wasm.ts'
import { mean } from '../engine/statistics.ts'
import type { Hyperparameters, Matrix } from './estimator.ts'
import type { TrainedChunk } from './forest-task.ts'
import { impurityDecrease } from './impurity.ts'
import { layGrowth, putRecord, TreeStore, zeros } from './growth.ts'

/** Some neighbouring trees of a forest, grown in one go by one thread. */
export interface HistogramChunk {
  features: Matrix
  target: Float64Array
  hyperparameters: Hyperparameters
  seed: number
  /** index of the first tree: a tree depends on nothing but the seed and its index */
  first: number
  trees: number
}

/** Grow them with our own kernel, in this thread. */
export function growChunk({ features, target, hyperparameters: h, seed, first, trees }: HistogramChunk): TrainedChunk {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const { rows, columns } = features
  const layout = layGrowth(features, {
    maxDepth: h.maxDepth,
    minSplit: Math.max(2, h.minNumSamples + 1),
    minLeaf: 1,
    lambda: 0,
    featuresPerNode: Math.max(1, Math.round(h.maxFeatures * columns)),
    randomCuts: h.extraTrees === 1,
  })
  const center = mean(target)
  const sum = zeros(arena, rows * 8)
  const count = zeros(arena, rows * 4)
  const centred = arena.putFloat64(target.map((value) => value - center))
  const words = [layout.record, rows, seed, h.bootstrap, centred, arena.alloc(rows * 4), sum, count]
  const record = putRecord(arena, words, [center])
  const store = new TreeStore(layout, rows)
  for (let tree = first; tree < first + trees; tree++) store.add(kernel.growForestTree(record, tree))
  const forest = store.forest()
  const chunk = {
    forest,
    decreases: impurityDecrease(forest, columns),
    outOfBagSum: arena.float64(sum, rows).slice(),
    outOfBagCount: arena.int32(count, rows).slice(),
  }
  arena.release(mark)
  return chunk
}
