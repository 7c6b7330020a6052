import { localKernel, type Arena, type Kernel } from '../engine/wasm.ts'
import { binFeatures, MAX_BINS, type Binning } from './binning.ts'
import type { Matrix } from './estimator.ts'
import type { FlatForest } from './flat-forest.ts'

/** A forest that knows how many training rows reached each node. */
export interface WeightedForest extends FlatForest {
  /** f64[nodes] */
  cover: Float64Array
}

/** What all tree growers are told; `assembly/histogram.ts` says more. */
export interface GrowthOptions {
  maxDepth: number
  /** rows that a node needs to be split, and each of its children to exist */
  minSplit: number
  minLeaf: number
  lambda: number
  /** features that each node looks at, drawn anew for each; 1 … features */
  featuresPerNode: number
  randomCuts: boolean
}

/** A training set laid out in the memory of a kernel. Pointers are byte offsets. */
export interface GrowthLayout {
  /** of the Growth record */
  record: number
  binning: Binning
  /** u8[rows × width], codes of all slots, row-major */
  table: number
  width: number
  /** i32[slots], rounded up to whole blocks */
  slotBins: number
}

const NODE_BYTES = 40
/** Keys of eight features in a small node. */
const KEY_BLOCK_BYTES = 128 * 16
/** What belongs to the rows of a small node, behind the keys: their packed values and three numbers of 32 bits. */
const LOCAL_BYTES = 128 * (8 + 3 * 4)
/** What the sketch of each of eight features reaches. */
const REACH_BYTES = 8 * 4
/** Bins of a pair that are looked at together. */
const BIN_BLOCK = 4
/** Rows are read by whole registers: the last one needs something behind it. */
const SLACK = 32

/**
 * Bin a training set and lay it out for growing trees.
 *
 * @param sampled features that a tree is given; fewer than there are get a table of their own, filled anew for each tree
 */
export function layGrowth(features: Matrix, options: GrowthOptions, sampled = features.columns): GrowthLayout {
  const { kernel, arena } = localKernel()
  const { rows } = features
  const binning = binFeatures(features)
  const slots = binning.columns.length
  const width = evenWidth(slots)
  const cuts = arena.putFloat64(binning.cuts)
  const table = putCodes(kernel, arena, features, binning, cuts, width)

  const used = Math.min(sampled, slots)
  const usedWidth = evenWidth(used)
  const pairs = usedWidth / 2
  const histogramStride = pairs * MAX_BINS * 16
  const bytes = (count: number): number => arena.alloc(count)
  const record = putRecord(
    arena,
    [
      used === slots ? table : zeros(arena, rows * usedWidth + SLACK),
      usedWidth,
      pairs,
      used,
      arena.putInt32(pairBins(binning.bins.subarray(0, used))),
      bytes(rows * 8),
      bytes(rows * 4),
      bytes(rows * 4 + 4),
      bytes((options.maxDepth + 1) * histogramStride),
      histogramStride,
      0, // found out by the kernel
      bytes((KEY_BLOCK_BYTES + REACH_BYTES) * Math.ceil(used / 8) + LOCAL_BYTES),
      options.maxDepth,
      options.minSplit,
      options.minLeaf,
      options.featuresPerNode,
      options.randomCuts ? 1 : 0,
      bytes(used * 4),
      bytes((2 * rows + 1) * NODE_BYTES),
      0, // found out by the kernel
      arena.putInt32(binning.bins.subarray(0, used).map((_, slot) => slot)),
      arena.putInt32(binning.columns),
      cuts,
      arena.putFloat64(binning.ranges),
    ],
    [0, options.lambda],
  )
  return { record, binning, table, width, slotBins: arena.putInt32(binning.bins.map(wholeBlocks)) }
}

/** Write words of 32 bits and numbers of 64 behind them, as a class without managed fields has them. */
export function putRecord(arena: Arena, words: readonly number[], numbers: readonly number[]): number {
  const begin = Math.ceil(words.length / 2) * 8
  const record = arena.alloc(begin + numbers.length * 8)
  arena.int32(record, words.length).set(words)
  arena.float64(record + begin, numbers.length).set(numbers)
  return record
}

export function zeros(arena: Arena, bytes: number): number {
  const pointer = arena.alloc(bytes)
  arena.uint8(pointer, bytes).fill(0)
  return pointer
}

/** Two features make a pair. */
function evenWidth(features: number): number {
  return 2 * Math.ceil(features / 2)
}

/** Steps of a binary search among up to 2^levels − 1 cuts. */
export function searchLevels(cuts: number): number {
  return 32 - Math.clz32(cuts)
}

function putCodes(
  kernel: Kernel,
  arena: Arena,
  features: Matrix,
  binning: Binning,
  cuts: number,
  width: number,
): number {
  const table = zeros(arena, features.rows * width + SLACK)
  const mark = arena.mark()
  const values = arena.putFloat64(features.values)
  const reading = arena.putInt32([...binning.columns, ...binning.bins.map((bins) => searchLevels(bins - 1))])
  kernel.quantise(values, features.rows, features.columns, binning.columns.length, reading, cuts, table, width, 1, 0)
  arena.release(mark)
  return table
}

function pairBins(bins: Int32Array): Int32Array {
  return Int32Array.from({ length: Math.ceil(bins.length / 2) }, (_, pair) =>
    wholeBlocks(Math.max(bins[2 * pair], bins[2 * pair + 1] ?? 0)),
  )
}

function wholeBlocks(bins: number): number {
  return BIN_BLOCK * Math.ceil(bins / BIN_BLOCK)
}

/** Takes up the trees of a kernel one after the other. */
export class TreeStore {
  readonly #layout: GrowthLayout
  readonly #columns: number[]
  #capacity = 4096
  #nodes = 0
  readonly #roots: number[] = []
  #feature = new Int32Array(this.#capacity)
  #left = new Int32Array(this.#capacity)
  #number = new Float64Array(this.#capacity)
  #cover = new Float64Array(this.#capacity)

  /** @param rows of the training set; a tree has at most twice as many nodes */
  constructor(layout: GrowthLayout, rows: number) {
    const { arena } = localKernel()
    const most = 2 * rows + 1
    this.#layout = layout
    this.#columns = [4, 8, 4, 8].map((bytes) => arena.alloc(most * bytes))
  }

  /** Fetch the tree that has just been grown. */
  add(nodes: number): void {
    const { kernel, arena } = localKernel()
    const [feature, number, left, cover] = this.#columns
    const base = this.#nodes
    kernel.emitTree(this.#layout.record, base, feature, number, left, cover)
    this.#reserve(base + nodes)
    this.#feature.set(arena.int32(feature, nodes), base)
    this.#number.set(arena.float64(number, nodes), base)
    this.#left.set(arena.int32(left, nodes), base)
    this.#cover.set(arena.float64(cover, nodes), base)
    this.#roots.push(base)
    this.#nodes += nodes
  }

  /** @param trees the first so many; all where it is left out */
  forest(trees = this.#roots.length): WeightedForest {
    const nodes = this.#roots[trees] ?? this.#nodes
    return {
      roots: Int32Array.from(this.#roots.slice(0, trees)),
      feature: this.#feature.slice(0, nodes),
      number: this.#number.slice(0, nodes),
      left: this.#left.slice(0, nodes),
      cover: this.#cover.slice(0, nodes),
    }
  }

  #reserve(nodes: number): void {
    if (nodes <= this.#capacity) return
    this.#capacity = Math.max(nodes, 2 * this.#capacity)
    const grown = <T extends Int32Array | Float64Array>(larger: T, column: T): T => (larger.set(column), larger)
    this.#feature = grown(new Int32Array(this.#capacity), this.#feature)
    this.#left = grown(new Int32Array(this.#capacity), this.#left)
    this.#number = grown(new Float64Array(this.#capacity), this.#number)
    this.#cover = grown(new Float64Array(this.#capacity), this.#cover)
  }
}
