import { isAscii } from 'node:buffer'
import type { Problems } from './problems.ts'

const LF = 10
/** A row of any known source is shorter; without a bound a file without line ends would be held whole. */
export const MAX_LINE_BYTES = 65_536

/**
 * Pass on chunks of UTF-8 text, without a byte order mark; refuse everything else before a parser sees it.
 *
 * @param linesRead complete lines that the reader has taken so far, so that an error can name its line; null where
 *                  rows are not lines
 */
export async function* utf8Only(
  chunks: AsyncIterable<Uint8Array>,
  problems: Problems,
  linesRead: (() => number) | null,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let plain = true // no character is split over the chunks
  let first = true
  for await (const chunk of chunks) {
    const ascii = plain && isAscii(chunk)
    const bad = findBad(chunk, ascii ? null : decoder)
    if (bad) problems.fail('INVALID_ENCODING', linesRead && linesRead() + 1 + bad.line, null, bad.message)
    if (!ascii) plain = false
    yield first && hasByteOrderMark(chunk) ? chunk.subarray(3) : chunk
    first = false
  }
  if (!plain) finish(decoder, problems, linesRead && linesRead() + 1)
}

type Decoder = InstanceType<typeof TextDecoder>

/** The first thing in a chunk that is not text, and in which line of the chunk. */
function findBad(chunk: Uint8Array, decoder: Decoder | null): { line: number; message: string } | null {
  const nul = chunk.indexOf(0)
  if (nul >= 0) return { line: lines(chunk, nul), message: `holds a NUL byte: it is binary or UTF-16. ${REMEDY}` }
  try {
    decoder?.decode(chunk, { stream: true })
    return null
  } catch {
    const before = new TextDecoder().decode(chunk).split('\u{FFFD}', 1)[0]
    const message = `is not UTF-8: it may be Latin-1 or Windows-1252. ${REMEDY}`
    return { line: before.split('\n').length - 1, message }
  }
}

function finish(decoder: Decoder, problems: Problems, row: number | null): void {
  try {
    decoder.decode()
  } catch {
    problems.fail('INVALID_ENCODING', row, null, `ends inside a UTF-8 character: the file was cut. ${REMEDY}`)
  }
}

const REMEDY = 'Save the file as UTF-8 text.'

export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function lines(bytes: Uint8Array, end: number): number {
  let count = 0
  for (let at = 0; at < end; at++) if (bytes[at] === LF) count++
  return count
}

/**
 * Cut a text into pieces of whole lines, each ended by a line feed; the last one gets one where it lacks it.
 * Most lines are passed on without a copy.
 */
export async function* wholeLines(
  chunks: AsyncIterable<Uint8Array>,
  problems: Problems,
  linesRead: () => number,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LF) + 1
    const head = end > 0 ? chunk.indexOf(LF) + 1 : 0
    if (end > 0 && rest.length > 0) yield concat(rest, chunk.subarray(0, head))
    const from = rest.length > 0 ? head : 0
    if (end > from) yield chunk.subarray(from, end)
    rest = end > 0 ? chunk.slice(end) : concat(rest, chunk)
    if (rest.length > MAX_LINE_BYTES) {
      const message = `is longer than ${MAX_LINE_BYTES} bytes. Check that lines end with a line feed.`
      problems.fail('INVALID_FORMAT', linesRead() + 1, null, message)
    }
  }
  if (rest.length > 0) yield concat(rest, Uint8Array.of(LF))
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
