import { Random } from '../../src/engine/random.ts'
import { exactCut } from '../../src/models/binning.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import type { WeightedForest } from '../../src/models/growth.ts'

export interface RandomForestShape {
  columns: number
  trees: number
  /** of the deepest branches */
  depth: number
  seed: number
  /** different thresholds a feature; 20 where it is left out */
  thresholds?: number
}

/** Lopsided trees that nobody would grow, with leaves of 32 bits. */
export function randomForestOf({ columns, trees, depth, seed, thresholds = 20 }: RandomForestShape): WeightedForest {
  const random = new Random(seed)
  const roots: number[] = []
  const feature: number[] = []
  const number: number[] = []
  const left: number[] = []
  const cover: number[] = []
  const grow = (node: number, level: number): void => {
    if (level === depth || random.int(5) === 0) {
      feature[node] = -1
      number[node] = Math.fround(random.float() - 0.5)
      left[node] = node - 1
      cover[node] = 1 + random.int(30)
      return
    }
    feature[node] = random.int(columns)
    number[node] = exactCut(Math.fround((random.int(thresholds) + 0.5) / thresholds))
    const child = (left[node] = feature.length)
    feature.push(-1, -1)
    grow(child, level + 1)
    grow(child + 1, level + 1)
    cover[node] = cover[child] + cover[child + 1]
  }
  for (let tree = 0; tree < trees; tree++) {
    roots.push(feature.length)
    feature.push(-1)
    grow(feature.length - 1, 0)
  }
  return {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    number: Float64Array.from(number),
    left: Int32Array.from(left),
    cover: Float64Array.from(cover),
  }
}

/** Uniform in [0, 1), some cells on a threshold. */
export function randomRows(columns: number, rows: number, seed: number): Matrix {
  const random = new Random(seed, 1)
  const cell = (): number => (random.int(8) === 0 ? (random.int(20) + 0.5) / 20 : random.float())
  return { rows, columns, values: Float64Array.from({ length: rows * columns }, cell) }
}
