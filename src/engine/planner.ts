import { INSTRUCTION_WORDS, Operation, SIGNALS, type Signal, type StrategyProgram } from './program.ts'

/**
 * How the fast kernel is to look for the signals of a strategy.
 *
 * A strategy's programs are taken apart into comparisons. Nearly all are one of three native shapes: a feed against a
 * parameter or constant, against another feed, or against a parameter times a feed. A feed is a column some bars back,
 * or any arithmetic without parameters, worked out once for all samples. What has no native shape (a parameter inside
 * other arithmetic) is left as a program and runs bar by bar, over those bars only that the other comparisons leave.
 *
 * Nothing is rearranged: `volume > k * sma(volume, 20)` and `volume / sma(volume, 20) > k` round differently, and each
 * is computed as written. Only sides are swapped, which changes no bit.
 */
export interface FastPlan {
  feeds: Feed[]
  leaves: Leaf[]
  /** one word an instruction: 4 × leaf + mode pushes the leaf, or joins it to the top; −mode joins the two on top */
  signals: Record<Signal, Int32Array>
  /** the deepest stack of any signal */
  bitmapDepth: number
}

/** Where a comparison reads: `code` is null for a plain column. */
export interface Feed {
  code: Int32Array | null
  slot: number
  /** bars back */
  offset: number
  /** bit 0: gathered for entries, bit 1: for exits; bits 2 and 3: the same as f32 copies */
  use: number
}

export const LeafKind = { SCALAR: 0, THRESHOLD: 1, PAIR: 2, SCALED: 3, PROGRAM: 4 } as const

export interface Leaf {
  kind: number
  /** LESS … NOT_EQUAL */
  operation: number
  /** feeds; 0 where there is none */
  a: number
  b: number
  /** index + 1 of a parameter, −index − 1 of a constant, 0 where there is none */
  scalar: number
  other: number
  /** no parameter is in it */
  fixed: boolean
  /** bit 0: in an entry signal, bit 1: in an exit signal */
  use: number
  /** PROGRAM: its columns are feeds */
  code: Int32Array | null
}

/** Bits of `use`. */
const Use = { ENTRIES: 1, EXITS: 2 } as const
const USE_OF: Record<Signal, number> = {
  enterLong: Use.ENTRIES,
  enterShort: Use.ENTRIES,
  exitLong: Use.EXITS,
  exitShort: Use.EXITS,
}
const Mode = { SET: 0, AND: 1, OR: 2 } as const

const SWAPPED: Record<number, number> = {
  [Operation.LESS]: Operation.GREATER,
  [Operation.LESS_EQUAL]: Operation.GREATER_EQUAL,
  [Operation.GREATER]: Operation.LESS,
  [Operation.GREATER_EQUAL]: Operation.LESS_EQUAL,
  [Operation.EQUAL]: Operation.EQUAL,
  [Operation.NOT_EQUAL]: Operation.NOT_EQUAL,
}

export function planFast(program: StrategyProgram): FastPlan {
  const planner = new Planner()
  const signals = {} as Record<Signal, Int32Array>
  for (const signal of SIGNALS) signals[signal] = planner.plan(program.signals[signal], USE_OF[signal])
  return { feeds: planner.feeds, leaves: planner.leaves, signals, bitmapDepth: planner.depth }
}

/** A node of an expression and the instructions that it was written as. */
type Node = { code: number[] } & (
  | { kind: 'scalar'; reference: number }
  | { kind: 'column'; slot: number; offset: number }
  | { kind: 'arithmetic'; operation: number; left: Node; right: Node }
  | { kind: 'comparison'; operation: number; left: Node; right: Node }
  | { kind: 'and' | 'or'; left: Node; right: Node }
)

class Planner {
  readonly feeds: Feed[] = []
  readonly leaves: Leaf[] = []
  depth = 1
  readonly #feedOf = new Map<string, number>()
  readonly #leafOf = new Map<string, number>()
  #words: number[] = []

  plan(code: Int32Array, use: number): Int32Array {
    if (code.length === 0) return new Int32Array(0)
    this.#words = []
    this.#write(read(code), use, 1)
    return Int32Array.from(this.#words)
  }

  /** A comparison that is the right side of `and` or `or` is joined to the left one at once. */
  #write(node: Node, use: number, depth: number): void {
    this.depth = Math.max(this.depth, depth)
    if (node.kind !== 'and' && node.kind !== 'or') {
      this.#words.push(4 * this.#leaf(node, use) + Mode.SET)
      return
    }
    const mode = node.kind === 'and' ? Mode.AND : Mode.OR
    const [first, second] =
      isJunction(node.right) && !isJunction(node.left) ? [node.right, node.left] : [node.left, node.right]
    this.#write(first, use, depth)
    if (isJunction(second)) {
      this.#write(second, use, depth + 1)
      this.#words.push(-mode)
    } else this.#words.push(4 * this.#leaf(second, use) + mode)
  }

  #leaf(node: Node, use: number): number {
    if (node.kind !== 'comparison') throw new Error('A signal is made of comparisons, and, or.')
    const key = node.code.join()
    const known = this.#leafOf.get(key)
    if (known !== undefined) {
      this.#use(this.leaves[known], use)
      return known
    }
    const leaf = this.#comparison(node)
    this.#use(leaf, use)
    this.#leafOf.set(key, this.leaves.push(leaf) - 1)
    return this.leaves.length - 1
  }

  /** Mark what is gathered for the leaf; a fixed one is gathered as bits. */
  #use(leaf: Leaf, use: number): void {
    leaf.use |= use
    if (leaf.fixed) return
    const spaces = use | Use.ENTRIES // an exit signal is asked on entry bars too: it forbids the entry
    const mark = (feed: number, bits: number): void => void (this.feeds[feed].use |= bits)
    if (leaf.kind === LeafKind.THRESHOLD) mark(leaf.a, spaces << 2)
    if (leaf.kind === LeafKind.SCALED) [leaf.a, leaf.b].forEach((feed) => mark(feed, spaces))
    for (const feed of leaf.code ? feedsOf(leaf.code) : []) mark(feed, spaces)
  }

  #comparison(node: Node & { kind: 'comparison' }): Leaf {
    const { left, right, operation } = node
    const plain = { operation, a: 0, b: 0, scalar: 0, other: 0, fixed: !hasParameter(node), use: 0, code: null }
    if (left.kind === 'scalar' && right.kind === 'scalar') {
      return { ...plain, kind: LeafKind.SCALAR, scalar: left.reference, other: right.reference }
    }
    if (isFeed(left) && isFeed(right))
      return { ...plain, kind: LeafKind.PAIR, a: this.#feed(left), b: this.#feed(right) }
    if (isFeed(left)) {
      if (right.kind === 'scalar')
        return { ...plain, kind: LeafKind.THRESHOLD, a: this.#feed(left), scalar: right.reference }
      const scaled = asScaled(right)
      if (scaled) {
        return {
          ...plain,
          kind: LeafKind.SCALED,
          a: this.#feed(left),
          b: this.#feed(scaled.feed),
          scalar: scaled.reference,
        }
      }
    }
    if (isFeed(right) && (left.kind === 'scalar' || asScaled(left))) {
      return { ...this.#comparison({ ...node, left: right, right: left, operation: SWAPPED[operation] }) }
    }
    return { ...plain, kind: LeafKind.PROGRAM, code: this.#overFeeds(node.code) }
  }

  /** The same program with feeds in place of columns. */
  #overFeeds(code: number[]): Int32Array {
    const words = Int32Array.from(code)
    for (let at = 0; at < words.length; at += INSTRUCTION_WORDS) {
      if (words[at] !== Operation.COLUMN) continue
      const [slot, offset] = [words[at + 1], words[at + 2]]
      words[at + 1] = this.#feed({
        kind: 'column',
        slot,
        offset,
        code: [...words.subarray(at, at + INSTRUCTION_WORDS)],
      })
      words[at + 2] = 0
    }
    return words
  }

  #feed(node: Node): number {
    const key = node.code.join()
    const known = this.#feedOf.get(key)
    if (known !== undefined) return known
    const feed =
      node.kind === 'column'
        ? { code: null, slot: node.slot, offset: node.offset }
        : { code: Int32Array.from(node.code), slot: 0, offset: 0 }
    this.#feedOf.set(key, this.feeds.push({ ...feed, use: 0 }) - 1)
    return this.feeds.length - 1
  }
}

function read(code: Int32Array): Node {
  const stack: Node[] = []
  for (let at = 0; at < code.length; at += INSTRUCTION_WORDS) {
    const words = [...code.subarray(at, at + INSTRUCTION_WORDS)]
    const [operation, operand, offset] = words as [number, number, number]
    if (operation === Operation.CONSTANT) stack.push({ kind: 'scalar', reference: -operand - 1, code: words })
    else if (operation === Operation.PARAMETER) stack.push({ kind: 'scalar', reference: operand + 1, code: words })
    else if (operation === Operation.COLUMN) stack.push({ kind: 'column', slot: operand, offset, code: words })
    else {
      const right = stack.pop()!
      const left = stack.pop()!
      const whole = { left, right, code: [...left.code, ...right.code, ...words] }
      if (operation === Operation.AND) stack.push({ kind: 'and', ...whole })
      else if (operation === Operation.OR) stack.push({ kind: 'or', ...whole })
      else stack.push({ kind: operation < Operation.LESS ? 'arithmetic' : 'comparison', operation, ...whole })
    }
  }
  return stack[0]
}

function isJunction(node: Node): boolean {
  return node.kind === 'and' || node.kind === 'or'
}

function hasParameter(node: Node): boolean {
  if (node.kind === 'scalar') return node.reference > 0
  return 'left' in node && (hasParameter(node.left) || hasParameter(node.right))
}

function hasColumn(node: Node): boolean {
  return node.kind === 'column' || ('left' in node && (hasColumn(node.left) || hasColumn(node.right)))
}

/** Changes from bar to bar, and not from sample to sample. */
function isFeed(node: Node): boolean {
  return hasColumn(node) && !hasParameter(node)
}

/** parameter × feed; its factors may be swapped. */
function asScaled(node: Node): { reference: number; feed: Node } | null {
  if (node.kind !== 'arithmetic' || node.operation !== Operation.MULTIPLY) return null
  const { left, right } = node
  if (left.kind === 'scalar' && isFeed(right)) return { reference: left.reference, feed: right }
  if (right.kind === 'scalar' && isFeed(left)) return { reference: right.reference, feed: left }
  return null
}

function feedsOf(code: Int32Array): number[] {
  const feeds: number[] = []
  for (let at = 0; at < code.length; at += INSTRUCTION_WORDS)
    if (code[at] === Operation.COLUMN) feeds.push(code[at + 1])
  return feeds
}
