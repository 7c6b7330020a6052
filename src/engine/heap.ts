import { DomainError } from '../errors.ts'

const PAGE = 65_536
/** Address space of a 32-bit memory. */
export const ADDRESSABLE_BYTES = 65_536 * PAGE
/** The first page belongs to the constant tables of the compiled module. */
const HEAP_START = PAGE
/** A cache line, and the alignment of everything that is handed out. */
const LINE = 64
/** How long the memory of a thread that was stopped by force is left alone: it may write for a moment yet. */
const REST_MS = 5_000

/** What places things in a memory: a heap, or a scope of it. */
export interface Allocator {
  alloc(bytes: number): number
  putFloat64(values: ArrayLike<number>): number
  putInt32(values: ArrayLike<number>): number
  float64(pointer: number, length: number): Float64Array
  int32(pointer: number, length: number): Int32Array
  uint8(pointer: number, length: number): Uint8Array
}

/** How far a memory may grow, where others want to grow too. */
export interface MemoryLimit {
  /** as it is now: it falls when others take more */
  bytes(): number
  /** The memory is about to grow by so many bytes: the moment to let go of what nobody needs. */
  claim(bytes: number): void
}

/**
 * One shared WebAssembly memory from which blocks are taken and given back in any order: first fit, neighbours that
 * are free are joined. Blocks are few and large (columns, the scratch of a run), so a list is enough.
 */
export class Heap implements Allocator {
  readonly memory: WebAssembly.Memory
  readonly #limit: MemoryLimit
  readonly #taken = new Map<number, number>()
  /** free blocks by address; behind the last one lies untouched memory from #top */
  #free: { pointer: number; bytes: number }[] = []
  #top = HEAP_START

  /**
   * @param bytes expected size; the memory grows beyond it where needed
   * @param limit up to here, ≤ 4 GiB
   */
  constructor(bytes: number, limit: number | MemoryLimit = ADDRESSABLE_BYTES) {
    this.#limit = typeof limit === 'number' ? { bytes: () => limit, claim: () => {} } : limit
    const initial = Math.max(2, Math.ceil((HEAP_START + bytes) / PAGE))
    this.memory = new WebAssembly.Memory({ initial, maximum: ADDRESSABLE_BYTES / PAGE, shared: true })
  }

  get limitBytes(): number {
    return Math.min(this.#limit.bytes(), ADDRESSABLE_BYTES)
  }

  /** Bytes that the process has given; a memory never shrinks. */
  get committedBytes(): number {
    return this.memory.buffer.byteLength
  }

  /** Bytes that could still be taken, in one piece or several. */
  get availableBytes(): number {
    return this.limitBytes - this.#top + this.#free.reduce((sum, block) => sum + block.bytes, 0)
  }

  /** Whether so many bytes are free in one piece. */
  fits(bytes: number): boolean {
    const last = this.#free.at(-1)
    const reused = last && last.pointer + last.bytes === this.#top ? last.bytes : 0
    return this.limitBytes - this.#top + reused >= bytes || this.#free.some((block) => block.bytes >= bytes)
  }

  /** Bytes in use. */
  get usedBytes(): number {
    return this.#top - HEAP_START - this.#free.reduce((sum, block) => sum + block.bytes, 0)
  }

  /** @returns byte offset of `bytes` bytes, 64-byte aligned, not cleared. @throws DomainError TOO_LARGE */
  alloc(bytes: number): number {
    const size = Math.max(LINE, Math.ceil(bytes / LINE) * LINE)
    const at = this.#free.findIndex((block) => block.bytes >= size)
    const pointer = at >= 0 ? this.#cut(at, size) : this.#extend(size)
    this.#taken.set(pointer, size)
    return pointer
  }

  free(pointer: number): void {
    const bytes = this.#taken.get(pointer)
    if (bytes === undefined) throw new Error(`Nothing was allocated at ${pointer}.`)
    this.#taken.delete(pointer)
    const next = this.#free.findIndex((block) => block.pointer > pointer)
    this.#free.splice(next < 0 ? this.#free.length : next, 0, { pointer, bytes })
    this.#join()
  }

  freeLater(pointer: number): void {
    setTimeout(() => this.free(pointer), REST_MS).unref()
  }

  /** Allocations that are given back together. */
  scope(): Scope {
    return new Scope(this)
  }

  /** A view; make it after allocating, not before: the memory may grow. */
  float64(pointer: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, pointer, length)
  }

  int32(pointer: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, pointer, length)
  }

  uint8(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, length)
  }

  /** Copy values in. @returns their byte offset */
  putFloat64(values: ArrayLike<number>): number {
    return putFloat64(this, values)
  }

  putInt32(values: ArrayLike<number>): number {
    return putInt32(this, values)
  }

  #cut(at: number, size: number): number {
    const block = this.#free[at]
    const { pointer } = block
    if (block.bytes === size) this.#free.splice(at, 1)
    else this.#free[at] = { pointer: pointer + size, bytes: block.bytes - size }
    return pointer
  }

  #extend(size: number): number {
    const last = this.#free.at(-1)
    const reused = last && last.pointer + last.bytes === this.#top ? last.bytes : 0
    const pointer = this.#top - reused
    if (pointer + size > this.limitBytes) throw tooLarge(size, this.availableBytes)
    if (reused > 0) this.#free.pop()
    this.#top = pointer + size
    const missing = this.#top - this.memory.buffer.byteLength
    if (missing > 0) {
      this.#limit.claim(missing)
      this.memory.grow(Math.ceil(missing / PAGE))
    }
    return pointer
  }

  #join(): void {
    const joined: { pointer: number; bytes: number }[] = []
    for (const block of this.#free) {
      const last = joined.at(-1)
      if (last && last.pointer + last.bytes === block.pointer) last.bytes += block.bytes
      else joined.push({ ...block })
    }
    this.#free = joined
  }
}

/** The memory of one run: everything it takes is given back at once. */
export class Scope implements Allocator {
  readonly #heap: Heap
  #pointers: number[] = []

  constructor(heap: Heap) {
    this.#heap = heap
  }

  alloc(bytes: number): number {
    const pointer = this.#heap.alloc(bytes)
    this.#pointers.push(pointer)
    return pointer
  }

  release(): void {
    for (const pointer of this.#pointers) this.#heap.free(pointer)
    this.#pointers = []
  }

  releaseLater(): void {
    for (const pointer of this.#pointers) this.#heap.freeLater(pointer)
    this.#pointers = []
  }

  putFloat64(values: ArrayLike<number>): number {
    return putFloat64(this, values)
  }

  putInt32(values: ArrayLike<number>): number {
    return putInt32(this, values)
  }

  float64(pointer: number, length: number): Float64Array {
    return this.#heap.float64(pointer, length)
  }

  int32(pointer: number, length: number): Int32Array {
    return this.#heap.int32(pointer, length)
  }

  uint8(pointer: number, length: number): Uint8Array {
    return this.#heap.uint8(pointer, length)
  }
}

export function tooLarge(neededBytes: number, availableBytes: number): DomainError {
  return new DomainError(
    'TOO_LARGE',
    `The backtest needs ${megabytes(neededBytes)} of memory and ${megabytes(availableBytes)} are available ` +
      `(${neededBytes} and ${availableBytes} bytes). Choose a shorter period, a longer timeframe or fewer tunable indicator periods.`,
  )
}

function megabytes(bytes: number): string {
  return `${Math.ceil(Math.max(0, bytes) / 2 ** 20)} MiB`
}

function putFloat64(to: Allocator, values: ArrayLike<number>): number {
  const pointer = to.alloc(values.length * 8)
  to.float64(pointer, values.length).set(values)
  return pointer
}

function putInt32(to: Allocator, values: ArrayLike<number>): number {
  const pointer = to.alloc(values.length * 4)
  to.int32(pointer, values.length).set(values)
  return pointer
}
