/** LZ4 frames, as Arrow compresses its buffers. Source: LZ4 frame format 1.6.2 and block format, lz4/lz4 doc/. */

const MAGIC = 0x184d2204
const STORED = 0x80000000
const MIN_MATCH = 4
/** What a literal or match length stands at when more bytes of it follow. */
const LONGER = 15

/**
 * Unpack one frame.
 *
 * @param maxBytes what it may unpack to
 * @throws RangeError for a frame that is damaged or larger than allowed
 */
export function unpackLz4(frame: Uint8Array, maxBytes: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('no LZ4 frame')
  const flags = frame[4]
  const hasContentSize = (flags & 8) !== 0
  const blockTail = flags & 16 ? 4 : 0
  let at = 7 + (hasContentSize ? 8 : 0) + (flags & 1 ? 4 : 0)
  const output = new Output(hasContentSize ? Number(view.getBigUint64(6, true)) : 4 * frame.length, maxBytes)
  for (let size = view.getUint32(at, true); size !== 0; size = view.getUint32(at, true)) {
    const bytes = size & ~STORED
    const block = frame.subarray(at + 4, at + 4 + bytes)
    if (block.length < bytes) throw new RangeError('the LZ4 frame was cut')
    if (size >>> 31) output.append(block)
    else unpackBlock(block, output)
    at += 4 + bytes + blockTail
  }
  return output.bytes()
}

/** Literals and matches in turn; a match may reach into earlier blocks. */
function unpackBlock(block: Uint8Array, output: Output): void {
  let at = 0
  const length = (start: number): number => {
    let total = start
    if (start < LONGER) return total
    let byte
    do total += byte = block[at++]
    while (byte === 255)
    return total
  }
  while (at < block.length) {
    const token = block[at++]
    const literals = length(token >>> 4)
    output.append(block.subarray(at, at + literals))
    at += literals
    if (at >= block.length) return // the last sequence has no match
    const distance = block[at] | (block[at + 1] << 8)
    at += 2
    output.repeat(distance, length(token & LONGER) + MIN_MATCH)
  }
}

/** Bytes that grow up to a limit. */
class Output {
  readonly #maxBytes: number
  #buffer: Uint8Array
  #used = 0

  constructor(expectedBytes: number, maxBytes: number) {
    if (expectedBytes > maxBytes) throw tooLarge(maxBytes)
    this.#maxBytes = maxBytes
    this.#buffer = new Uint8Array(expectedBytes)
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#used)
    this.#used += bytes.length
  }

  /** Copy what stands `distance` bytes back; it may overlap what is being written. */
  repeat(distance: number, count: number): void {
    if (!(distance > 0 && distance <= this.#used && count >= 0)) throw new RangeError('a damaged LZ4 block')
    this.#reserve(count)
    const buffer = this.#buffer
    const from = this.#used - distance
    if (distance >= count) buffer.copyWithin(this.#used, from, from + count)
    else for (let at = 0; at < count; at++) buffer[this.#used + at] = buffer[from + at]
    this.#used += count
  }

  #reserve(count: number): void {
    const wanted = this.#used + count
    if (!(wanted <= this.#maxBytes)) throw tooLarge(this.#maxBytes)
    if (wanted <= this.#buffer.length) return
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(wanted, 2 * this.#buffer.length)))
    grown.set(this.#buffer.subarray(0, this.#used))
    this.#buffer = grown
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used)
  }
}

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`it unpacks to more than ${maxBytes} bytes`)
}
