import { DomainError } from '../errors.ts'
import type { Algorithm, Hyperparameters } from './estimator.ts'

/**
 * How a fitted model is stored: a few facts as JSON, and columns of numbers behind them. Numbers are little-endian,
 * as on every processor that we run on.
 *
 *     0   'TBKM'
 *     4   u32, version of this layout
 *     8   u32, bytes of the header
 *    12   the header, UTF-8 JSON: { facts, columns: [[name, 'f64' or 'i32', length], …] }
 *         the columns in that order, each beginning at a multiple of 8
 *
 * The checksum is the business of whoever stores the bytes.
 */
export interface Artifact {
  facts: Record<string, unknown>
  columns: Record<string, Float64Array | Int32Array>
}

const MAGIC = 'TBKM'
const VERSION = 1
const PREFIX = 12

type ColumnEntry = [name: string, type: 'f64' | 'i32', length: number]

export function packArtifact({ facts, columns }: Artifact): Uint8Array {
  const entries = Object.entries(columns).map(([name, column]): ColumnEntry => [
    name,
    column instanceof Float64Array ? 'f64' : 'i32',
    column.length,
  ])
  const header = new TextEncoder().encode(JSON.stringify({ facts, columns: entries }))
  const offsets = place(header.length, entries)

  const bytes = new Uint8Array(offsets.at(-1)!)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  view.setUint32(4, VERSION, true)
  view.setUint32(8, header.length, true)
  bytes.set(header, PREFIX)
  Object.values(columns).forEach((column, at) => {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offsets[at])
  })
  return bytes
}

/** @throws DomainError MODEL_UNREADABLE for anything that `packArtifact` did not write */
export function unpackArtifact(bytes: Uint8Array): Artifact {
  const { facts, columns: entries, offsets } = readHeader(bytes)
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) // a Buffer's slice is no copy
  const columns = entries.map(([name, type, length], at) => {
    const copy = plain.slice(offsets[at], offsets[at] + length * bytesOf(type)).buffer // aligned, whatever `bytes` is
    return [name, type === 'f64' ? new Float64Array(copy) : new Int32Array(copy)] as const
  })
  return { facts, columns: Object.fromEntries(columns) }
}

/** A whole artifact as a column of another one: a model that is a part of another model. */
export function bytesAsColumn(bytes: Uint8Array): Int32Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
  padded.set(bytes)
  return new Int32Array(padded.buffer)
}

/** @param length bytes that went in */
export function columnAsBytes({ buffer, byteOffset }: Float64Array | Int32Array, length: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

/** What a model of one algorithm is stored as. */
export interface ModelArtifact extends Artifact {
  hyperparameters: Hyperparameters
}

/** Read the model of an algorithm. @throws DomainError MODEL_UNREADABLE, also for a model of another one */
export function unpackModel(bytes: Uint8Array, algorithm: Algorithm): ModelArtifact {
  const { facts, columns } = unpackArtifact(bytes)
  if (facts.algorithm !== algorithm) {
    throw unreadable(`its algorithm is ${String(facts.algorithm)} instead of ${algorithm}`)
  }
  return { facts, columns, hyperparameters: facts.hyperparameters as Hyperparameters }
}

/** The facts alone, without reading the columns. @throws DomainError MODEL_UNREADABLE */
export function artifactFacts(bytes: Uint8Array): Record<string, unknown> {
  return readHeader(bytes).facts
}

export function unreadable(what: string): DomainError {
  return new DomainError('MODEL_UNREADABLE', `The stored model cannot be read: ${what}. Train it again.`)
}

function readHeader(bytes: Uint8Array): { facts: Record<string, unknown>; columns: ColumnEntry[]; offsets: number[] } {
  if (bytes.length < PREFIX || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) {
    throw unreadable('it does not begin as a model does')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint32(4, true)
  if (version !== VERSION) throw unreadable(`its layout has version ${version}, this program knows ${VERSION}`)

  const length = view.getUint32(8, true)
  const { facts, columns } = parseHeader(bytes.subarray(PREFIX, PREFIX + length))
  const offsets = place(length, columns)
  if (offsets.at(-1) !== bytes.length) throw unreadable(`it has ${bytes.length} bytes instead of ${offsets.at(-1)}`)
  return { facts, columns, offsets }
}

function parseHeader(bytes: Uint8Array): { facts: Record<string, unknown>; columns: ColumnEntry[] } {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as { facts: Record<string, unknown>; columns: ColumnEntry[] }
  } catch {
    throw unreadable('its header is damaged')
  }
}

/** @returns the byte offset of each column, and of the end */
function place(headerBytes: number, entries: ColumnEntry[]): number[] {
  const offsets = [aligned(PREFIX + headerBytes)]
  for (const [, type, length] of entries) offsets.push(aligned(offsets.at(-1)! + length * bytesOf(type)))
  return offsets
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

function bytesOf(type: 'f64' | 'i32'): number {
  return type === 'f64' ? 8 : 4
}
