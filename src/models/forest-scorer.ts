import { localKernel } from '../engine/wasm.ts'
import { MAX_BINS } from './binning.ts'
import type { Matrix } from './estimator.ts'
import { walkForest, type FlatForest } from './flat-forest.ts'
import { searchLevels } from './growth.ts'

/** Bytes of a step: which codes, and their thresholds. */
const STEP = 32
const COMPARISONS = 15
const EXITS = 16

/** No code is above it: the place of a comparison that is not made. */
const NEVER = 127

/** A forest in the form of `assembly/score.ts`. */
interface CompiledForest {
  /** i32[2 × slots]: the column of each slot, then the levels of its search */
  reading: Int32Array
  /** f64[slots × 256] */
  cuts: Float64Array
  /** registers of 16 codes that a row takes: 1 or 2 */
  registers: number
  trees: Uint8Array
  /** u32[trees], where each begins; odd where it has two steps */
  offsets: Uint32Array
}

/** Rows that are copied into the memory of the kernel at a time. */
const ROWS_AT_ONCE = 8192

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
  const capacity = padded(Math.min(ROWS_AT_ONCE, features.rows))
  const stride = 16 * forest.registers
  const table = arena.alloc(exits.length)
  const trees = arena.alloc(forest.trees.length)
  const offsets = arena.putInt32(forest.offsets)
  const reading = arena.putInt32(forest.reading)
  const cuts = arena.putFloat64(forest.cuts)
  const values = arena.alloc(capacity * features.columns * 8)
  const codes = arena.alloc(capacity * stride)
  const out = arena.alloc(capacity * 8)
  arena.uint8(table, exits.length).set(exits)
  arena.uint8(trees, forest.trees.length).set(forest.trees)
  const cells = arena.float64(values, capacity * features.columns)
  const sums = single ? new Float32Array(arena.memory.buffer, out, capacity) : arena.float64(out, capacity)

  const result = new Float64Array(features.rows)
  for (let from = 0; from < features.rows; from += capacity) {
    const count = Math.min(capacity, features.rows - from)
    cells.set(features.values.subarray(from * features.columns, (from + count) * features.columns))
    kernel.quantise(values, count, features.columns, forest.reading.length / 2, reading, cuts, codes, stride, 128)
    sums.fill(base)
    const given = [table, trees, offsets, forest.offsets.length, codes, forest.registers, padded(count), out] as const
    if (single) kernel.scoreSingle(...given)
    else kernel.scoreDouble(...given)
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

function padded(rows: number): number {
  return Math.ceil(rows / 4) * 4
}

/** @returns null for a forest that is too deep, too wide or too fine */
function compile(forest: FlatForest, single: boolean): CompiledForest | null {
  const depths = treeDepths(forest)
  if (depths.some((depth) => depth > 8)) return null
  const thresholds = thresholdsOf(forest)
  if (thresholds.size > 32 || [...thresholds.values()].some((of) => of.length >= MAX_BINS)) return null

  const slots = [...thresholds.keys()].sort((a, b) => a - b)
  const cuts = new Float64Array(slots.length * MAX_BINS).fill(Infinity)
  slots.forEach((column, slot) => cuts.set(thresholds.get(column)!, slot * MAX_BINS))
  const codeOf = new Map(
    slots.map((column, slot) => [
      column,
      { slot, codes: new Map(Array.from(thresholds.get(column)!, (cut, code) => [cut, code])) },
    ]),
  )

  const leafBytes = single ? 4 : 8
  const bytes = depths.map((depth) => (depth <= 4 ? STEP + EXITS * leafBytes : 17 * STEP + EXITS * EXITS * leafBytes))
  const begins = new Float64Array(bytes.length + 1)
  bytes.forEach((size, tree) => (begins[tree + 1] = begins[tree] + size))
  const trees = new Uint8Array(begins.at(-1)!)
  const view = new DataView(trees.buffer)

  depths.forEach((depth, tree) => {
    const begin = begins[tree]
    const isOne = depth <= 4
    const leaves = begin + (isOne ? STEP : 17 * STEP)
    const writeLeaf = (node: number, exit: number): void => {
      const at = leaves + exit * leafBytes
      if (single) view.setFloat32(at, forest.number[node], true)
      else view.setFloat64(at, forest.number[node], true)
    }
    const below = writeStep(forest.roots[tree], begin)
    below.forEach((node, exit) => {
      if (node < 0) return
      if (isOne) writeLeaf(node, exit)
      else
        writeStep(node, begin + STEP * (1 + exit)).forEach((leaf, e) => leaf >= 0 && writeLeaf(leaf, exit * EXITS + e))
    })
  })
  return {
    reading: Int32Array.from([...slots, ...slots.map((column) => searchLevels(thresholds.get(column)!.length))]),
    cuts,
    registers: slots.length > 16 ? 2 : 1,
    trees,
    offsets: Uint32Array.from(depths, (depth, tree) => begins[tree] + (depth > 4 ? 1 : 0)),
  }

  /** Write the four levels below a node. @returns the node behind each exit, −1 where none leads */
  function writeStep(root: number, at: number): Int32Array {
    trees.fill(NEVER, at + 16, at + STEP)
    const behind = new Int32Array(EXITS).fill(-1)
    const descend = (node: number, place: number): void => {
      if (place >= COMPARISONS) behind[place - COMPARISONS] = node
      else if (forest.feature[node] < 0) descend(node, 2 * place + 1)
      else {
        const { slot, codes } = codeOf.get(forest.feature[node])!
        trees[at + place] = slot
        trees[at + 16 + place] = codes.get(forest.number[node])! - 128
        descend(forest.left[node], 2 * place + 1)
        descend(forest.left[node] + 1, 2 * place + 2)
      }
    }
    descend(root, 0)
    return behind
  }
}

/** @returns levels of comparisons of each tree */
function treeDepths({ roots, feature, left }: FlatForest): number[] {
  const depth = new Int32Array(feature.length)
  return Array.from(roots, (root, tree) => {
    const end = roots[tree + 1] ?? feature.length
    let deepest = 0
    for (let node = root; node < end; node++) {
      if (feature[node] < 0) continue
      depth[left[node]] = depth[left[node] + 1] = depth[node] + 1
      deepest = Math.max(deepest, depth[node] + 1)
    }
    return deepest
  })
}

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
