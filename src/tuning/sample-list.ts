import { and, count, eq, gte, inArray, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { keyset, type CursorKey, type Order, type Slice } from '../paging.ts'
import { samples, type SampleRow } from './table.ts'

export interface SampleFilter {
  split?: SampleRow['split'][] | null | undefined
  minTrades?: number | null | undefined
  minObjective?: number | null | undefined
}

export interface SampleOrder {
  field: 'INDEX' | 'OBJECTIVE' | 'PREDICTED'
  direction: 'ASC' | 'DESC'
}

/** Below every number that a sample can have: what is not defined ranks below everything. */
const BELOW_ALL = -1e308
const orLast = (column: SQLWrapper): SQL => sql`coalesce(${column}, ${sql.raw(`'${BELOW_ALL}'`)}::double precision)`

const ORDERS: Record<SampleOrder['field'], Pick<Order, 'value' | 'type'> & { of: (row: SampleRow) => number }> = {
  INDEX: { value: samples.index, type: 'integer', of: (row) => row.index },
  OBJECTIVE: { value: orLast(samples.objective), type: 'double precision', of: (row) => row.objective ?? BELOW_ALL },
  PREDICTED: { value: orLast(samples.predicted), type: 'double precision', of: (row) => row.predicted ?? BELOW_ALL },
}

/** The place of a sample in a list. */
export function sampleKey(row: SampleRow, { field }: SampleOrder): CursorKey {
  return [ORDERS[field].of(row), String(row.index)]
}

/** @throws ValidationError a cursor of another list */
export async function listSamples(
  ctx: AppContext,
  jobId: string,
  filter: SampleFilter,
  { field, direction }: SampleOrder,
  slice: Slice,
): Promise<SampleRow[]> {
  const { value, type } = ORDERS[field]
  const { where, orderBy } = keyset(slice, { value, type, id: samples.index, idType: 'integer', direction })
  return ctx.db
    .select()
    .from(samples)
    .where(and(condition(jobId, filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countSamples(ctx: AppContext, jobId: string, filter: SampleFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(samples).where(condition(jobId, filter))
  return row.total
}

export async function findSample(ctx: AppContext, jobId: string, index: number): Promise<SampleRow | null> {
  const [row] = await ctx.db
    .select()
    .from(samples)
    .where(and(eq(samples.jobId, jobId), eq(samples.index, index)))
  return row ?? null
}

function condition(jobId: string, { split, minTrades, minObjective }: SampleFilter): SQL | undefined {
  return and(
    eq(samples.jobId, jobId),
    split ? inArray(samples.split, split) : undefined,
    typeof minTrades === 'number' ? gte(samples.tradeCount, minTrades) : undefined,
    typeof minObjective === 'number' ? gte(samples.objective, minObjective) : undefined,
  )
}
