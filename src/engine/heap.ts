import { DomainError } from '../errors.ts'
import { ADDRESSABLE_BYTES, Allocator, HEAP_START, LINE, PAGE, sharedMemory } from './allocator.ts'

/** How long the memory of a thread that was stopped by force is left alone: it may write for a moment yet. */
const REST_MS = 5_000

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
export class Heap extends Allocator {
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
    super()
    this.#limit = typeof limit === 'number' ? { bytes: () => limit, claim: () => {} } : limit
    this.memory = sharedMemory(bytes)
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

  /** @throws DomainError TOO_LARGE */
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
export class Scope extends Allocator {
  readonly #heap: Heap
  #pointers: number[] = []

  constructor(heap: Heap) {
    super()
    this.#heap = heap
  }

  get memory(): WebAssembly.Memory {
    return this.#heap.memory
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
