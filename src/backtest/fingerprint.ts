import { createHash, type Hash } from 'node:crypto'
import { CANDLE_COLUMNS, type Candles } from '../engine/candles.ts'
import { engineVersion } from '../engine/wasm.ts'

/**
 * A hash into which typed arrays go as their bytes and everything else as JSON with its keys in order. Each part goes
 * in with its length, so that what one part ends with is never taken for what the next begins with.
 */
export class Fingerprint {
  readonly #hash: Hash = createHash('sha256')

  add(part: unknown): this {
    const bytes = bytesOf(part)
    this.#hash.update(`${bytes.length}:`).update(bytes)
    return this
  }

  addCandles(candles: Candles): this {
    for (const column of CANDLE_COLUMNS) this.add(candles[column])
    return this
  }

  /** The version of the kernels: other code may give other bits. */
  addEngine(): this {
    return this.add(engineVersion())
  }

  digest(): string {
    return this.#hash.digest('hex')
  }
}

function bytesOf(part: unknown): Uint8Array {
  if (part instanceof Float64Array) return bytesOf(new Uint8Array(oneNaN(part).buffer))
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  return Buffer.from(canonical(part))
}

/** Which of its many bit patterns a NaN has depends on the processor, and means nothing. */
function oneNaN(values: Float64Array): Float64Array<ArrayBuffer> {
  const copy = values.slice()
  const bits = new BigUint64Array(copy.buffer)
  copy.forEach((value, at) => {
    if (Number.isNaN(value)) bits[at] = QUIET_NAN
  })
  return copy
}

const QUIET_NAN = 0x7ff8_0000_0000_0000n

/** JSON with sorted keys, so that equal objects have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
