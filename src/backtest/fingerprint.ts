import { createHash, type Hash } from 'node:crypto'
import { CANDLE_COLUMNS, type Candles } from '../engine/candles.ts'
import { engineVersion } from '../engine/wasm.ts'

/** A hash into which typed arrays go as their bytes and everything else as JSON with its keys in order. */
export class Fingerprint {
  readonly #hash: Hash = createHash('sha256')

  add(part: unknown): this {
    if (ArrayBuffer.isView(part)) this.#hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
    else this.#hash.update(canonical(part))
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

/** JSON with sorted keys, so that equal objects have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
