import { and, desc, eq, gt, lt, lte, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import type { Database } from '../db.ts'
import { SAMPLE_SPLITS, type SampleSplit } from './job.ts'
import { pack, unpack } from './packed.ts'
import { sampleBlocks } from './table.ts'

/** A parameter set that was backtested. */
export interface SampleRow {
  jobId: string
  index: number
  split: SampleSplit
  tradeCount: number
  objective: number | null
  predicted: number | null
  /** f64[parameters + 26]: parameters, then metrics (METRIC_NAMES, NaN = not defined) */
  values: Float64Array
}

/** What samples can be filtered and ordered by. */
export const SAMPLE_COLUMNS = ['tradeCount', 'split', 'objective', 'predicted'] as const
export type SampleColumn = (typeof SAMPLE_COLUMNS)[number]

/** Columns of all samples of a job that are there, by index. One that was not asked for has no values. */
export interface SampleColumns {
  index: Int32Array
  /** index of the first sample of its block */
  block: Int32Array
  tradeCount: Int32Array
  /** places in SAMPLE_SPLITS */
  split: Uint8Array
  /** NaN where it is not defined, as below */
  objective: Float64Array
  predicted: Float64Array
}

const { jobId: ofJob, first, count, packed } = sampleBlocks
/** Where each is stored. */
const STORED = {
  tradeCount: sampleBlocks.tradeCounts,
  split: sampleBlocks.splits,
  objective: sampleBlocks.objectives,
  predicted: sampleBlocks.predictions,
} satisfies Record<SampleColumn, unknown>

const NONE = SAMPLE_SPLITS.indexOf('NONE')

/** What is not known yet, as one value in hex. */
const UNKNOWN: Record<SampleColumn, string> = {
  tradeCount: '00000000',
  split: hex(Uint8Array.of(NONE)),
  objective: hex(pack(Float64Array.of(NaN))),
  predicted: hex(pack(Float64Array.of(NaN))),
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Bytes of a column, or of a part of it; null while nothing is known. */
type Bytes = Record<SampleColumn, Uint8Array | null>

/** One row, in base64: of five hundred blocks as rows of their own, in hex, most of the time went into reading rows. */
export async function readColumns(db: Database, jobId: string, names: Iterable<SampleColumn>): Promise<SampleColumns> {
  const columns: Partial<Record<SampleColumn, SQL<string | null>>> = {}
  for (const name of names) columns[name] = whole(name)
  const [{ firsts, counts, ...texts }] = await db
    .select({
      firsts: sql<number[] | null>`json_agg(${first} order by ${first})`,
      counts: sql<number[] | null>`json_agg(${count} order by ${first})`,
      ...columns,
    })
    .from(sampleBlocks)
    .where(eq(ofJob, jobId))
  const { index, block } = places(firsts ?? [], counts ?? [])
  const bytes: Bytes = { tradeCount: null, split: null, objective: null, predicted: null }
  for (const name of SAMPLE_COLUMNS) if (texts[name]) bytes[name] = new Uint8Array(Buffer.from(texts[name], 'base64'))
  return { index, block, ...decoded(bytes, 0) }
}

/** A column of all blocks, in base64; null where there are none. */
function whole(name: SampleColumn): SQL<string | null> {
  const unknown = sql`decode(repeat(${UNKNOWN[name]}, ${count}), 'hex')`
  return sql`encode(string_agg(coalesce(${STORED[name]}, ${unknown}), ''::bytea order by ${first}), 'base64')`
}

function places(firsts: number[], counts: number[]): Pick<SampleColumns, 'index' | 'block'> {
  const total = counts.reduce((sum, size) => sum + size, 0)
  const index = new Int32Array(total)
  const block = new Int32Array(total)
  let at = 0
  for (const [number, from] of firsts.entries()) {
    block.fill(from, at, at + counts[number])
    for (let row = 0; row < counts[number]; row++) index[at++] = from + row
  }
  return { index, block }
}

/** Some samples, whole, in the order of the indices. @param at their indices and the first ones of their blocks */
export async function readRows(
  db: Database,
  jobId: string,
  at: readonly { index: number; block: number }[],
): Promise<SampleRow[]> {
  if (at.length === 0) return []
  const wanted = JSON.stringify(at.map(({ index, block }) => ({ block, row: index - block })))
  const part = (column: SQLWrapper, bytes: SQL): SQL<Uint8Array> =>
    sql<Uint8Array>`substring(${column} from v.row * (${bytes}) + 1 for ${bytes})`
  const slices = await db
    .select({
      index: sql<number>`${first} + v.row`,
      packed: part(packed, sql`octet_length(${packed}) / ${count}`),
      tradeCount: part(STORED.tradeCount, sql`4`),
      split: part(STORED.split, sql`1`),
      objective: part(STORED.objective, sql`8`),
      predicted: part(STORED.predicted, sql`8`),
    })
    .from(sampleBlocks)
    .innerJoin(
      sql`jsonb_to_recordset(${wanted}::text::jsonb) as v(block integer, row integer)`,
      eq(first, sql`v.block`),
    )
    .where(eq(ofJob, jobId))
  const found = new Map(slices.map((slice) => [slice.index, slice]))
  return at.flatMap(({ index }) => {
    const slice = found.get(index)
    return slice ? [rowOf(jobId, index, unpack(slice.packed), decoded(slice, 1), 0)] : [] // it may be gone meanwhile
  })
}

const ALL = { from: 0, to: Infinity }

/** Samples of a job, whole, by index: all of them, or those from an index up to, and without, another one. */
export async function readSamples(db: Database, jobId: string, { from, to } = ALL): Promise<SampleRow[]> {
  const isTouched = to === Infinity ? undefined : and(lt(first, to), gt(sql`${first} + ${count}`, from))
  const blocks = await db
    .select({ first, count, packed, ...STORED })
    .from(sampleBlocks)
    .where(and(eq(ofJob, jobId), isTouched))
    .orderBy(first)
  const rows = blocks.flatMap((block) => {
    const values = unpack(block.packed)
    const columns = decoded(block, block.count)
    const width = values.length / block.count
    return Array.from({ length: block.count }, (_, row) =>
      rowOf(jobId, block.first + row, values.subarray(row * width, (row + 1) * width), columns, row),
    )
  })
  return rows.filter(({ index }) => index >= from && index < to)
}

export async function findSample(db: Database, jobId: string, index: number): Promise<SampleRow | null> {
  const [block] = await db
    .select({ first, count })
    .from(sampleBlocks)
    .where(and(eq(ofJob, jobId), lte(first, index)))
    .orderBy(desc(first))
    .limit(1)
  if (!block || index >= block.first + block.count) return null
  const [row] = await readRows(db, jobId, [{ index, block: block.first }])
  return row ?? null
}

type Values = Omit<SampleColumns, 'index' | 'block'>

/** @param rows how many the bytes hold */
function decoded(bytes: Bytes, rows: number): Values {
  const unknown = (): Float64Array => new Float64Array(rows).fill(NaN)
  return {
    tradeCount: bytes.tradeCount ? new Int32Array(bytes.tradeCount.slice().buffer) : new Int32Array(rows),
    split: bytes.split ?? new Uint8Array(rows).fill(NONE),
    objective: bytes.objective ? unpack(bytes.objective) : unknown(),
    predicted: bytes.predicted ? unpack(bytes.predicted) : unknown(),
  }
}

function rowOf(jobId: string, index: number, values: Float64Array, columns: Values, at: number): SampleRow {
  return {
    jobId,
    index,
    split: SAMPLE_SPLITS[columns.split[at]],
    tradeCount: columns.tradeCount[at],
    objective: defined(columns.objective[at]),
    predicted: defined(columns.predicted[at]),
    values,
  }
}

function defined(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
