import { constants } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type FieldError, ValidationError } from '../errors.ts'

const PIECE_BYTES = 1 << 20
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/
/** A name that means the same file on every system; what stands inside folders or is hidden is not offered. */
// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const PLAIN_NAME = /^[^./\\:\u0000-\u001f\u007f][^/\\:\u0000-\u001f\u007f]{0,199}$/

/** Where an import comes from: base64 in the request, or a file in the import folder; exactly one. */
export interface ImportSource {
  content?: string | null | undefined
  file?: string | null | undefined
}

/** What is wrong with a source before anything is read. */
export function sourceProblems({ content, file }: ImportSource): FieldError[] {
  const given = [content, file].filter((value) => value !== null && value !== undefined)
  if (given.length !== 1) {
    return [{ path: ['content'], message: 'Give either content (base64) or file (a name in the import folder).' }]
  }
  if (typeof file === 'string') {
    const message = `${JSON.stringify(file.slice(0, 60))} is not a plain file name. ${FOLDER}`
    return PLAIN_NAME.test(file) ? [] : [{ path: ['file'], message }]
  }
  const message = 'is not base64. Encode the bytes of the file: base64 -w0 candles.csv.'
  return BASE64.test(content!) ? [] : [{ path: ['content'], message }]
}

/**
 * The bytes of a source, in pieces; the event loop gets a turn between them.
 *
 * @param folder the import folder
 * @throws ValidationError no such file, or no ordinary one
 */
export async function* sourceBytes(source: ImportSource, folder: string): AsyncGenerator<Uint8Array> {
  if (typeof source.file === 'string') yield* fileBytes(source.file, folder)
  else {
    const bytes = Buffer.from(source.content!, 'base64')
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES)
      await turn()
    }
  }
}

async function* fileBytes(name: string, folder: string): AsyncGenerator<Uint8Array> {
  const file = await openPlain(name, folder)
  yield* file.createReadStream({ highWaterMark: PIECE_BYTES })
}

/** A link could point out of the folder: it is not followed. */
async function openPlain(name: string, folder: string): Promise<FileHandle> {
  try {
    const file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file
    await file.close()
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO'].includes((error as NodeJS.ErrnoException).code!)) throw error
  }
  throw ValidationError.at(
    'file',
    `There is no readable file ${JSON.stringify(name)}. ${FOLDER} ${await offer(folder)}`,
  )
}

const FOLDER = 'Files lie in the folder "import" inside TUNEBOOK_HOME; links and folders are not followed.'
const OFFERED = 10

async function offer(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [])
  if (names.length === 0) return 'It is empty.'
  return `There: ${names
    .toSorted((a, b) => (a < b ? -1 : 1))
    .slice(0, OFFERED)
    .join(', ')}${names.length > OFFERED ? ', …' : '.'}`
}
