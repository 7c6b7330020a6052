import { localKernel } from '../engine/wasm.ts'
import { unreadable } from './artifact.ts'
import type { Matrix } from './estimator.ts'
import { rowOf } from './matrix.ts'

/**
 * A forest of regression trees as columns with one entry per node; the two children of a node stand side by side,
 * and after it. `assembly/trees.ts` tells why a leaf looks as it does.
 */
export interface FlatForest {
  /** i32[trees], the first node of each tree */
  roots: Int32Array
  /** i32[nodes], the feature that is compared; −1 in a leaf */
  feature: Int32Array
  /** f64[nodes], the threshold (x < threshold goes left); in a leaf its value */
  number: Float64Array
  /** i32[nodes], the left child, the right one is next to it; in a leaf its own index − 1 */
  left: Int32Array
}

/** A node of ml-cart. A leaf may carry a split that was tried and dropped. */
export interface CartNode {
  splitColumn?: number
  splitValue?: number
  left?: CartNode
  right?: CartNode
  distribution?: number
}

/**
 * Bring the trees of ml-random-forest into columns, bit by bit.
 *
 * @param trees   the roots
 * @param indexes for each tree the feature behind each `splitColumn`: every tree knows some of the features only
 */
export function flattenTrees(trees: readonly CartNode[], indexes: readonly ArrayLike<number>[]): FlatForest {
  const roots: number[] = []
  const feature: number[] = []
  const number: number[] = []
  const left: number[] = []
  trees.forEach((tree, at) => {
    const base = feature.length
    roots.push(base)
    const nodes = [tree] // breadth first: it grows while it is walked
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]
      const isInner = node.left !== undefined && node.right !== undefined
      feature.push(isInner ? indexes[at][node.splitColumn!] : -1)
      number.push(isInner ? node.splitValue! : node.distribution!)
      left.push(base + (isInner ? nodes.length : i - 1))
      if (isInner) nodes.push(node.left!, node.right!)
    }
  })
  return {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    number: Float64Array.from(number),
    left: Int32Array.from(left),
  }
}

/** One forest with the trees of all, in order. */
export function joinForests(parts: readonly FlatForest[]): FlatForest {
  const trees = parts.reduce((sum, { roots }) => sum + roots.length, 0)
  const nodes = parts.reduce((sum, { feature }) => sum + feature.length, 0)
  const joined = {
    roots: new Int32Array(trees),
    feature: new Int32Array(nodes),
    number: new Float64Array(nodes),
    left: new Int32Array(nodes),
  }
  let tree = 0
  let node = 0
  for (const part of parts) {
    const base = node
    joined.roots.set(
      part.roots.map((root) => root + base),
      tree,
    )
    joined.feature.set(part.feature, node)
    joined.number.set(part.number, node)
    joined.left.set(
      part.left.map((child) => child + base),
      node,
    )
    tree += part.roots.length
    node += part.feature.length
  }
  return joined
}

/** Levels of comparisons of the deepest tree. */
export function forestDepth({ feature, left }: FlatForest): number {
  const depth = new Int32Array(feature.length)
  let deepest = 0
  for (let node = 0; node < feature.length; node++) {
    if (feature[node] === -1) continue
    const child = left[node]
    depth[child] = depth[child + 1] = depth[node] + 1
    deepest = Math.max(deepest, depth[child])
  }
  return deepest
}

/**
 * Make sure that a walk through a forest read from somewhere stays inside it and ends.
 *
 * @throws DomainError MODEL_UNREADABLE
 */
export function checkForest({ roots, feature, number, left }: FlatForest, columns: number): void {
  const nodes = feature.length
  if (number.length !== nodes || left.length !== nodes) throw unreadable('its columns differ in length')
  if (!roots.every((root) => root >= 0 && root < nodes)) throw unreadable('the root of a tree is missing')
  for (let node = 0; node < nodes; node++) {
    const isLeaf = feature[node] === -1
    const isFeature = feature[node] >= 0 && feature[node] < columns
    const isChild = isLeaf ? left[node] === node - 1 : left[node] > node && left[node] < nodes - 1
    if (!(isLeaf || isFeature) || !isChild) throw unreadable(`node ${node} leads out of the forest`)
  }
}

/** Rows that are copied into the memory of the kernel at a time. */
const ROWS_AT_ONCE = 8192

/**
 * Predict by the mean of the trees: leaves added in the order of the trees, then divided by their number, which is
 * what ml-random-forest does, so that the bits are the same.
 *
 * @returns f64[rows]
 *
 * 10,000 rows and 100 trees of 900 nodes take about 18 ms.
 */
export function scoreForest(forest: FlatForest, features: Matrix): Float64Array {
  return walkForest(forest, features).map((sum) => sum / forest.roots.length)
}

/**
 * Add up the leaves that each row reaches, in the order of the trees, by walking every tree: slower than
 * `ForestScorer`, but for forests of any depth and width.
 *
 * @param base   what the sums begin with
 * @param single round every sum to 32 bits, as XGBoost does; leaves and base are such numbers then
 * @returns f64[rows]
 */
export function walkForest(forest: FlatForest, features: Matrix, base = 0, single = false): Float64Array {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const feature = arena.putInt32(forest.feature)
  const number = arena.putFloat64(forest.number)
  const left = arena.putInt32(forest.left)
  const roots = arena.putInt32(forest.roots)
  const trees = forest.roots.length

  const capacity = padded(Math.min(ROWS_AT_ONCE, features.rows))
  const width = features.columns + 1
  const rows = arena.alloc(capacity * width * 8)
  const out = arena.alloc(capacity * 8)
  const cells = arena.float64(rows, capacity * width).fill(NaN) // the cell in front of each row, and the padding
  const sums = arena.float64(out, capacity)

  const result = new Float64Array(features.rows)
  for (let from = 0; from < features.rows; from += capacity) {
    const count = Math.min(capacity, features.rows - from)
    for (let row = 0; row < count; row++) cells.set(rowOf(features, from + row), row * width + 1)
    sums.fill(base)
    // prettier-ignore
    kernel.sumLeaves(feature, number, left, roots, trees, rows, padded(count), features.columns, single ? 1 : 0, out)
    result.set(sums.subarray(0, count), from)
  }
  arena.release(mark)
  return result
}

function padded(rows: number): number {
  return Math.ceil(rows / 8) * 8
}
