import type { Candles } from '../engine/candles.ts'
import { CandleCollector } from './collector.ts'
import { readCsv } from './csv.ts'
import { gunzip } from './gzip.ts'
import { readJson } from './json.ts'
import { readNdjson } from './ndjson.ts'
import { type ImportCode, Problems } from './problems.ts'
import { hasByteOrderMark, utf8Only } from './text.ts'
import { type TidyCandles, tidyCandles } from './tidy.ts'
import type { Timeframe } from './timeframe.ts'

export interface ReadOptions {
  timeframe: Timeframe
  /** ms since the epoch; candles that close later are left out */
  now: number
  /** the input field that the data came in, for messages */
  source?: string
}

/**
 * Read candles from a file of any known format, as it streams in. The format is recognised by the first bytes: CSV,
 * a JSON array, one JSON value a line, each may be packed by gzip; Parquet; Feather of version 2.
 *
 * All or nothing: either every row is good, or a ValidationError names up to 20 problems by row and column.
 * Memory beside the result: one column, 8 bytes a row; 16 more where the rows have to be sorted. A Parquet or Feather
 * file is held whole: its table of contents stands at its end.
 */
export async function readCandles(chunks: AsyncIterable<Uint8Array>, options: ReadOptions): Promise<TidyCandles> {
  const problems = new Problems(options.source)
  const into = new CandleCollector(problems)
  await readRows(chunks, into)
  problems.throwIfAny()
  const raw: Candles = into.finish()
  return tidyCandles(raw, { ...options, problems, rowOf: (index) => into.rowOf(index) })
}

async function readRows(chunks: AsyncIterable<Uint8Array>, into: CandleCollector): Promise<void> {
  let source = await peek(chunks)
  if (startsWith(source.head, GZIP)) source = await peek(gunzip(source.all, into.problems))
  try {
    const readTable = TABLES.find(({ magic }) => startsWith(source.head, magic))?.read
    if (readTable) return await readTable(await gather(source.all, into.problems), into)
    refuseBinary(source.head, into.problems)
    const read = readerOf(source.head)
    const linesRead = read === readJson ? null : (): number => into.row
    await read(utf8Only(source.all, into.problems, linesRead), into)
  } finally {
    await source.close()
  }
}

/** Tables of binary columns, by their first bytes. Their libraries are loaded when the first of them comes. */
const TABLES: { magic: string; read: (bytes: Uint8Array, into: CandleCollector) => Promise<void> }[] = [
  { magic: 'PAR1', read: async (bytes, into) => (await import('./parquet.ts')).readParquet(bytes, into) },
  { magic: 'ARROW1', read: async (bytes, into) => (await import('./feather.ts')).readFeather(bytes, into) },
]

const MAX_TABLE_BYTES = 2 ** 30

/** The whole of a stream. */
async function gather(chunks: AsyncIterable<Uint8Array>, problems: Problems): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > MAX_TABLE_BYTES) problems.fail('TOO_LARGE', null, null, 'is larger than 1 GiB. Import it in parts.')
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}

type Reader = (text: AsyncIterable<Uint8Array>, into: CandleCollector) => Promise<void>

/** JSON begins with a bracket, an array of candles with two; all else is CSV, or says what is wrong as CSV. */
function readerOf(head: Uint8Array): Reader {
  const text = new TextDecoder().decode(head).trimStart()
  if (/^\[\s*[[{\]]/.test(text)) return readJson
  return text.startsWith('[') || text.startsWith('{') ? readNdjson : readCsv
}

const GZIP = [0x1f, 0x8b]

/** Formats that announce themselves in their first bytes and that are no text. */
const BINARY: { magic: number[] | string; code: ImportCode; message: string }[] = [
  { magic: GZIP, code: 'ARCHIVE_REJECTED', message: 'is an archive inside an archive. Send gzip of a plain file.' },
  { magic: 'PK', code: 'ARCHIVE_REJECTED', message: 'is a zip archive. Unpack it, or pack the file by gzip.' },
  ...['BZh', '7z\u{bc}\u{af}', '\u{fd}7zXZ', '(\u{b5}/\u{fd}', 'Rar!'].map((magic) => ({
    magic,
    code: 'ARCHIVE_REJECTED' as const,
    message: 'is packed in a way that is not read. Unpack it, or pack the file by gzip.',
  })),
  { magic: 'FEA1', code: 'UNSUPPORTED_FORMAT', message: 'is Feather of version 1: write it as version 2, or as CSV.' },
  { magic: [0xff, 0xfe], code: 'INVALID_ENCODING', message: 'is UTF-16. Save the file as UTF-8 text.' },
  { magic: [0xfe, 0xff], code: 'INVALID_ENCODING', message: 'is UTF-16. Save the file as UTF-8 text.' },
]

function refuseBinary(head: Uint8Array, problems: Problems): void {
  const known = BINARY.find(({ magic }) => startsWith(head, magic))
  if (known) problems.fail(known.code, null, null, known.message)
}

function startsWith(bytes: Uint8Array, magic: number[] | string): boolean {
  const wanted = typeof magic === 'string' ? Buffer.from(magic, 'latin1') : Uint8Array.from(magic)
  return wanted.every((byte, at) => bytes[at] === byte)
}

/** Enough to see past a byte order mark and some white space. */
const HEAD_BYTES = 512

interface Peeked {
  /** without a byte order mark */
  head: Uint8Array
  /** the stream from its beginning */
  all: AsyncIterable<Uint8Array>
  /** stop the source, wherever the reading ended */
  close: () => Promise<void>
}

/** Look at the first bytes of a stream. */
async function peek(chunks: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]()
  let first: Uint8Array = new Uint8Array(0)
  let next = await iterator.next()
  while (!next.done) {
    first = Buffer.concat([first, next.value])
    if (first.length >= HEAD_BYTES) break
    next = await iterator.next()
  }
  const head = first.subarray(0, HEAD_BYTES)
  return {
    head: hasByteOrderMark(head) ? head.subarray(3) : head,
    all: startingWith(first, iterator),
    close: async () => void (await iterator.return?.()),
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}
