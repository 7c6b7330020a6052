import { type AsyncBuffer, parquetMetadataAsync, parquetScan, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { type CandleCollector, MAX_ROWS } from './collector.ts'
import { acceptColumns, candleColumnNames, MAX_UNPACKED_BYTES } from './columns.ts'
import { ValidationError } from '../errors.ts'

/**
 * Read candles from a Parquet file: columns by name in any order, plain or packed by Snappy, zstd, gzip, LZ4 or
 * Brotli. Row groups are read one after the other, so only one of them is unpacked at a time.
 */
export async function readParquet(bytes: Uint8Array, into: CandleCollector): Promise<void> {
  try {
    await readRowGroups(bytes, into)
  } catch (error) {
    if (error instanceof ValidationError) throw error
    const why = error instanceof Error ? error.message.slice(0, 200) : 'unknown reason'
    into.problems.fail('INVALID_FORMAT', null, null, `cannot be read as Parquet: ${why}. Write the file again.`)
  }
}

async function readRowGroups(bytes: Uint8Array, into: CandleCollector): Promise<void> {
  const file = inMemory(bytes)
  const metadata = await parquetMetadataAsync(file)
  const rowCount = Number(metadata.num_rows)
  if (rowCount > MAX_ROWS) {
    into.problems.fail(
      'TOO_LARGE',
      null,
      null,
      `has ${rowCount} rows, at most ${MAX_ROWS} are read. Import it in parts.`,
    )
  }
  const names = parquetSchema(metadata).children.map(({ element }) => element.name)
  const columns = candleColumnNames(names, into)
  const scan = await parquetScan({ file, metadata, columns, compressors: bounded, parsers: TIMES })
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const read = (column: string) => scan.readColumn({ column, rowStart, rowEnd })
    const values = await Promise.all(columns.map(read))
    acceptColumns(
      values.map((cells) => (row: number) => cells[row]),
      rowEnd - rowStart,
      into,
    )
    rowStart = rowEnd
  }
}

/** Times as ms since the epoch, whatever they count. */
const TIMES = {
  timestampFromMilliseconds: (value: bigint): number => Number(value),
  timestampFromMicroseconds: (value: bigint): number => Number(value) / 1e3,
  timestampFromNanoseconds: (value: bigint): number => Number(value / 1000n) / 1e3,
  dateFromDays: (days: number): number => days * 86_400_000,
}

/** Pages say themselves how much they unpack to: a page of nonsense must not take all memory. */
const bounded = Object.fromEntries(
  Object.entries(compressors).map(([name, unpack]) => [
    name,
    (input: Uint8Array, outputLength: number): Uint8Array => {
      if (outputLength > MAX_UNPACKED_BYTES) throw new RangeError(`a page of ${outputLength} bytes is too large`)
      return unpack(input, outputLength)
    },
  ]),
)

function inMemory(bytes: Uint8Array): AsyncBuffer {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  return { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) }
}
