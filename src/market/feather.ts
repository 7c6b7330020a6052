import { zstdDecompressSync } from 'node:zlib'
import { CompressionType, compressionRegistry, tableFromIPC, type Vector } from 'apache-arrow'
import { ValidationError } from '../errors.ts'
import { type CandleCollector, MAX_ROWS } from './collector.ts'
import { acceptColumns, type Cells, candleColumnNames, MAX_UNPACKED_BYTES } from './columns.ts'
import { unpackLz4 } from './lz4.ts'

compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: (data) => unpackLz4(data, MAX_UNPACKED_BYTES) })
compressionRegistry.set(CompressionType.ZSTD, {
  decode: (data) => zstdDecompressSync(data, { maxOutputLength: MAX_UNPACKED_BYTES }),
})

/** Read candles from a Feather file of version 2 (an Arrow file), as freqtrade writes them: plain, LZ4 or zstd. */
export function readFeather(bytes: Uint8Array, into: CandleCollector): void {
  try {
    readTable(bytes, into)
  } catch (error) {
    if (error instanceof ValidationError) throw error
    const why = error instanceof Error ? error.message.slice(0, 200) : 'unknown reason'
    into.problems.fail('INVALID_FORMAT', null, null, `cannot be read as Feather: ${why}. Write the file again.`)
  }
}

function readTable(bytes: Uint8Array, into: CandleCollector): void {
  const table = tableFromIPC(bytes)
  if (table.numRows > MAX_ROWS) {
    const message = `has ${table.numRows} rows, at most ${MAX_ROWS} are read. Import it in parts.`
    into.problems.fail('TOO_LARGE', null, null, message)
  }
  const names = candleColumnNames(
    table.schema.fields.map(({ name }) => name),
    into,
  )
  for (const batch of table.batches) {
    const columns = names.map((name) => cellsOf(batch.getChild(name)!))
    acceptColumns(columns, batch.numRows, into)
  }
}

/** Arrow gives timestamps of any unit as ms. */
function cellsOf(vector: Vector): Cells {
  return (row) => vector.get(row)
}
