export const PAGE = 65_536
/** Address space of a 32-bit memory. */
export const ADDRESSABLE_BYTES = 65_536 * PAGE
/** The first page belongs to the constant tables of the compiled module. */
export const HEAP_START = PAGE
/** A cache line, and the alignment of everything that is handed out. */
export const LINE = 64

/** One shared WebAssembly memory. @param bytes expected size of what is placed in it; it can grow */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const initial = Math.max(2, Math.ceil((HEAP_START + bytes) / PAGE))
  return new WebAssembly.Memory({ initial, maximum: ADDRESSABLE_BYTES / PAGE, shared: true })
}

/** What places things in a memory. */
export abstract class Allocator {
  abstract readonly memory: WebAssembly.Memory

  /** @returns byte offset of `bytes` bytes, 64-byte aligned, not cleared */
  abstract alloc(bytes: number): number

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
    const pointer = this.alloc(values.length * 8)
    this.float64(pointer, values.length).set(values)
    return pointer
  }

  putInt32(values: ArrayLike<number>): number {
    const pointer = this.alloc(values.length * 4)
    this.int32(pointer, values.length).set(values)
    return pointer
  }

  putUint8(values: ArrayLike<number>): number {
    const pointer = this.alloc(values.length)
    this.uint8(pointer, values.length).set(values)
    return pointer
  }
}
