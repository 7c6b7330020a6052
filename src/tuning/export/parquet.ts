import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { ByteWriter, parquetWriteBuffer, ParquetWriter, type BasicType } from 'hyparquet-writer'
import type { Cell, Column, Rows } from './columns.ts'

const TYPES: Record<Column['kind'], BasicType> = {
  TEXT: 'STRING',
  NUMBER: 'DOUBLE',
  WHOLE: 'INT32',
  TIME: 'TIMESTAMP',
}

/** A table as a Parquet file, packed by Snappy; what is not defined, or not finite, is null. */
export function parquet({ columns, rows }: Rows): Uint8Array {
  const columnData = columns.map(({ name, kind }, at) => ({
    name,
    type: TYPES[kind],
    nullable: true,
    data: rows.map((row) => stored(row[at], kind)),
  }))
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'tunebook' }))
}

function stored(cell: Cell, kind: Column['kind']): Cell | Date {
  if (typeof cell !== 'number') return cell
  if (!Number.isFinite(cell)) return null
  return kind === 'TIME' ? new Date(cell) : cell
}

/** How many rows a Parquet file has. */
export function rowCount(file: Uint8Array): number {
  return Number(parquetMetadata(bufferOf(file)).num_rows)
}

/** One file with the rows of several of the same columns, a row group each. */
export async function joinParquet(files: readonly Uint8Array[]): Promise<Uint8Array> {
  const writer = new ByteWriter()
  const { schema } = parquetMetadata(bufferOf(files[0]))
  const names = schema.slice(1).map(({ name }) => name)
  const joined = new ParquetWriter({ writer, schema, createdBy: 'tunebook' })
  for (const file of files) {
    const rows = await parquetReadObjects({ file: bufferOf(file) })
    const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]) }))
    await joined.write({ columnData, rowGroupSize: Math.max(1, rows.length) })
  }
  await joined.finish()
  return writer.getBytes()
}

/** The bytes by themselves: a Buffer is often a part of a larger one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}
