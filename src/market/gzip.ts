import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Problems } from './problems.ts'

/** Candles as text shrink to a third or a quarter; what shrinks to a twentieth is not candles. */
const MAX_RATIO = 20
/** A short file of flat candles may shrink more. So much is unpacked before any of it is passed on. */
const RATIO_FREE_BYTES = 1 << 18
const MAX_BYTES = 4 * 2 ** 30

/**
 * Unpack gzip as a stream. An archive that grows beyond reason ends the reading, long before memory does.
 *
 * @throws ValidationError ARCHIVE_REJECTED: a bomb, or damaged
 */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>, problems: Problems): AsyncGenerator<Uint8Array> {
  const unpacker = createGunzip({ chunkSize: 1 << 18 })
  // Its failure also ends the loop below, which reports it.
  pipeline(Readable.from(chunks), unpacker).catch(() => {})
  let bytes = 0
  let held: Uint8Array[] = []
  try {
    for await (const chunk of unpacker as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      const allowed = Math.min(MAX_BYTES, Math.max(RATIO_FREE_BYTES, MAX_RATIO * unpacker.bytesWritten))
      if (bytes > allowed) problems.fail('ARCHIVE_REJECTED', null, null, tooLarge(bytes, unpacker.bytesWritten))
      held.push(chunk)
      if (bytes <= RATIO_FREE_BYTES) continue
      yield* held
      held = []
    }
    yield* held
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!code.startsWith('Z_')) throw error
    problems.fail('ARCHIVE_REJECTED', null, null, `is damaged gzip: ${message}. Pack it again, or send the plain file.`)
  }
}

function tooLarge(bytes: number, packed: number): string {
  const limits = `At most ${MAX_RATIO} times and ${MAX_BYTES / 2 ** 30} GiB are unpacked.`
  return `unpacks from ${packed} to more than ${bytes} bytes. ${limits} Send the plain file, in parts.`
}
