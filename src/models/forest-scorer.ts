import { localKernel } from '../engine/wasm.ts'
import { MAX_BINS } from './binning.ts'
import type { Matrix } from './estimator.ts'
import { forestDepth, walkForest, type FlatForest } from './flat-forest.ts'
import { putRecord, searchLevels } from './growth.ts'

/** Bytes of a step: which codes, and their thresholds. */
const STEP = 32

/** No code is above it: the place of a comparison that is not made. */
const NEVER = 127

/** Levels of a tree above and below its cut; without lower ones its leaves follow the upper ones. */
interface Form {
  upper: number
  lower: number
}

/** From the shallowest. */
const FORMS: readonly Form[] = [
  { upper: 4, lower: 0 },
  { upper: 3, lower: 3 },
  { upper: 4, lower: 4 },
]

/** A forest in the form of `assembly/score.ts`. */
interface CompiledForest {
  form: Form
  /** i32[2 × slots]: the column of each slot, then the levels of its search */
  reading: Int32Array
  /** f64[slots × 256] */
  cuts: Float64Array
  trees: Uint8Array
  /** those that add nothing included */
  treeCount: number
}

/** Rows that are copied into the memory of the kernel at a time, rows that it scores at a time, and side by side. */
const ROWS_AT_ONCE = 8192
const BLOCK = 512
const LANES = 16
/** Trees that a row walks at a time. */
const TOGETHER = 4
const MAX_SLOTS = 32
const COMPARISONS = 15

let exits: Uint8Array | undefined

/**
 * Adds up the leaves that rows reach, in the order of the trees, by the fastest way that a forest allows.
 *
 * Trees of up to 8 levels on up to 32 features with up to 255 thresholds each are scored on codes; all others are
 * walked. The bits are the same.
 */
export class ForestScorer {
  readonly #forest: FlatForest
  readonly #single: boolean
  #compiled: CompiledForest | null | undefined

  /** @param single leaves are 32-bit numbers and are added as such, as XGBoost does */
  constructor(forest: FlatForest, { single }: { single: boolean }) {
    this.#forest = forest
    this.#single = single
  }

  /** @param base what every sum begins with @returns f64[rows] */
  sum(features: Matrix, base = 0): Float64Array {
    const compiled = this.#compile()
    if (!compiled) return walkForest(this.#forest, features, base, this.#single)
    return score(compiled, features, base, this.#single)
  }

  /** Whether rows are scored on codes. */
  get isCompiled(): boolean {
    return this.#compile() !== null
  }

  /** Once: to find out that it cannot be done takes as long as to do it. */
  #compile(): CompiledForest | null {
    if (this.#compiled === undefined) this.#compiled = compile(this.#forest, this.#single)
    return this.#compiled
  }
}

function score(forest: CompiledForest, features: Matrix, base: number, single: boolean): Float64Array {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  exits ??= makeExits()
  const capacity = padded(Math.min(ROWS_AT_ONCE, features.rows), LANES)
  const values = arena.alloc(capacity * features.columns * 8)
  const out = arena.alloc(capacity * 8)
  const record = putRecord(
    arena,
    [
      arena.putUint8(exits),
      arena.putUint8(forest.trees),
      forest.treeCount,
      forest.form.upper + forest.form.lower,
      values,
      features.columns,
      forest.reading.length / 2,
      arena.putInt32(forest.reading),
      arena.putFloat64(forest.cuts),
      arena.alloc(MAX_SLOTS * BLOCK),
      arena.alloc(MAX_SLOTS * BLOCK),
      arena.alloc(TOGETHER * BLOCK),
      arena.alloc(2 * LANES * LANES),
      out,
    ],
    [],
  )
  const cells = arena.float64(values, capacity * features.columns)
  const sums = single ? new Float32Array(arena.memory.buffer, out, capacity) : arena.float64(out, capacity)

  const result = new Float64Array(features.rows)
  for (let from = 0; from < features.rows; from += capacity) {
    const count = Math.min(capacity, features.rows - from)
    cells.set(features.values.subarray(from * features.columns, (from + count) * features.columns))
    sums.fill(base)
    if (single) kernel.scoreSingle(record, padded(count, LANES))
    else kernel.scoreDouble(record, padded(count, LANES))
    result.set(sums.subarray(0, count), from)
  }
  arena.release(mark)
  return result
}

function makeExits(): Uint8Array {
  const { kernel, arena } = localKernel()
  const mark = arena.mark()
  const table = arena.alloc(1 << COMPARISONS)
  kernel.fillExits(table)
  const filled = arena.uint8(table, 1 << COMPARISONS).slice()
  arena.release(mark)
  return filled
}

function padded(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple
}

/** @returns null for a forest that is too deep, too wide or too fine */
function compile(forest: FlatForest, single: boolean): CompiledForest | null {
  const depth = forestDepth(forest)
  const form = FORMS.find(({ upper, lower }) => depth <= upper + lower)
  if (!form) return null
  const thresholds = thresholdsOf(forest)
  if (thresholds.size > MAX_SLOTS || [...thresholds.values()].some((of) => of.length >= MAX_BINS)) return null

  const slots = [...thresholds.keys()].sort((a, b) => a - b)
  const cuts = new Float64Array(slots.length * MAX_BINS).fill(Infinity)
  slots.forEach((column, slot) => cuts.set(thresholds.get(column)!, slot * MAX_BINS))
  const codeOf = new Map(
    slots.map((column, slot) => [
      column,
      { slot, codes: new Map(Array.from(thresholds.get(column)!, (cut, code) => [cut, code])) },
    ]),
  )

  const { upper, lower } = form
  const leafBytes = single ? 4 : 8
  const exitCount = 2 ** upper
  const leafCount = 2 ** lower
  const exitBytes = lower > 0 ? STEP + leafCount * leafBytes : leafBytes
  const treeBytes = STEP + exitCount * exitBytes
  const treeCount = lower > 0 ? padded(forest.roots.length, TOGETHER) : forest.roots.length
  const trees = new Uint8Array(treeCount * treeBytes)
  const view = new DataView(trees.buffer)
  for (let tree = 0; tree < treeCount; tree++) writeTree(forest.roots[tree], tree * treeBytes)
  return {
    form,
    reading: Int32Array.from([...slots, ...slots.map((column) => searchLevels(thresholds.get(column)!.length))]),
    cuts,
    trees,
    treeCount,
  }

  /** @param root `undefined` for a tree that adds −0 to every sum, and so leaves it as it is */
  function writeTree(root: number | undefined, begin: number): void {
    writeStep(root, begin, upper).forEach((node, exit) => {
      const at = begin + STEP + exit * exitBytes
      if (lower > 0) writeStep(node, at, lower).forEach((leaf, e) => writeLeaf(leaf, at + STEP + e * leafBytes))
      else if (!single) writeLeaf(node, at)
      else writeBytes(node, begin + STEP + exit)
    })
  }

  /** Write some levels below a node. @returns the node behind each exit, `undefined` where none leads */
  function writeStep(root: number | undefined, at: number, levels: number): (number | undefined)[] {
    trees.fill(NEVER, at + 16, at + STEP)
    const comparisons = 2 ** levels - 1
    const behind = Array.from<number | undefined>({ length: comparisons + 1 })
    const descend = (node: number, place: number): void => {
      if (place >= comparisons) behind[place - comparisons] = node
      else if (forest.feature[node] < 0) descend(node, 2 * place + 1)
      else {
        const { slot, codes } = codeOf.get(forest.feature[node])!
        trees[at + place] = slot
        trees[at + 16 + place] = codes.get(forest.number[node])! - 128
        descend(forest.left[node], 2 * place + 1)
        descend(forest.left[node] + 1, 2 * place + 2)
      }
    }
    if (root !== undefined) descend(root, 0)
    return behind
  }

  function writeLeaf(node: number | undefined, at: number): void {
    const value = node === undefined ? -0 : forest.number[node]
    if (single) view.setFloat32(at, value, true)
    else view.setFloat64(at, value, true)
  }

  /** The first byte of all leaves of a tree stands in front of the second of all. */
  function writeBytes(node: number | undefined, at: number): void {
    if (node === undefined) return
    bytes.setFloat32(0, forest.number[node], true)
    for (let byte = 0; byte < 4; byte++) trees[at + byte * exitCount] = bytes.getUint8(byte)
  }
}

const bytes = new DataView(new ArrayBuffer(4))

/** @returns for each feature that occurs its thresholds, ascending */
function thresholdsOf({ feature, number }: FlatForest): Map<number, Float64Array> {
  const sets = new Map<number, Set<number>>()
  feature.forEach((column, node) => {
    if (column < 0) return
    const known = sets.get(column)
    if (known) known.add(number[node])
    else sets.set(column, new Set([number[node]]))
  })
  return new Map(Array.from(sets, ([column, set]) => [column, Float64Array.from(set).sort()]))
}
