import { and, count, eq, ilike, inArray, or, sql, type SQL } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Algorithm } from '../models/estimator.ts'
import { keyset, type CursorKey, type Order, type Slice } from '../paging.ts'
import type { JobStatus } from './job.ts'
import { durationMs } from './service.ts'
import { tuningJobs, type TuningJobRow } from './table.ts'

export interface TuningJobFilter {
  status?: JobStatus[] | null | undefined
  algorithm?: Algorithm[] | null | undefined
  productionReady?: boolean | null | undefined
  strategyId?: string | null | undefined
  marketId?: string | null | undefined
  /** part of the name or of the id, in any case */
  search?: string | null | undefined
}

export interface TuningJobOrder {
  field: 'CREATED_AT' | 'FINISHED_AT' | 'SCORE' | 'DURATION'
  direction: 'ASC' | 'DESC'
}

/** What jobs are ordered by, never null: what is not known yet comes before everything. */
const ORDERS: Record<
  TuningJobOrder['field'],
  Pick<Order, 'value' | 'type'> & { of: (row: TuningJobRow) => CursorKey[0] }
> = {
  CREATED_AT: { value: tuningJobs.createdAt, type: 'timestamptz', of: (row) => row.createdAt.toISOString() },
  FINISHED_AT: {
    value: sql`coalesce(${tuningJobs.finishedAt}, to_timestamp(0))`,
    type: 'timestamptz',
    of: (row) => (row.finishedAt ?? new Date(0)).toISOString(),
  },
  SCORE: { value: sql`coalesce(${tuningJobs.score}, -1)`, type: 'double precision', of: (row) => row.score ?? -1 },
  DURATION: {
    value: sql`coalesce(extract(epoch from ${tuningJobs.finishedAt} - ${tuningJobs.startedAt}) * 1000, -1)::double precision`,
    type: 'double precision',
    of: (row) => durationMs(row) ?? -1,
  },
}

/** The place of a job in a list. */
export function jobKey(row: TuningJobRow, { field }: TuningJobOrder): CursorKey {
  return [ORDERS[field].of(row), row.id]
}

/** @throws ValidationError a cursor of another list */
export async function listTuningJobs(
  ctx: AppContext,
  filter: TuningJobFilter,
  { field, direction }: TuningJobOrder,
  slice: Slice,
): Promise<TuningJobRow[]> {
  const { value, type } = ORDERS[field]
  const { where, orderBy } = keyset(slice, { value, type, id: tuningJobs.id, idType: 'text', direction })
  return ctx.db
    .select()
    .from(tuningJobs)
    .where(and(condition(filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countTuningJobs(ctx: AppContext, filter: TuningJobFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(tuningJobs).where(condition(filter))
  return row.total
}

function condition({
  status,
  algorithm,
  productionReady,
  strategyId,
  marketId,
  search,
}: TuningJobFilter): SQL | undefined {
  return and(
    status ? inArray(tuningJobs.status, status) : undefined,
    algorithm ? inArray(tuningJobs.algorithm, algorithm) : undefined,
    typeof productionReady === 'boolean' ? eq(tuningJobs.productionReady, productionReady) : undefined,
    strategyId ? eq(tuningJobs.strategyId, strategyId) : undefined,
    marketId ? eq(tuningJobs.marketId, marketId) : undefined,
    search ? contains(search) : undefined,
  )
}

function contains(text: string): SQL | undefined {
  const escaped = text.replaceAll('\0', '').replace(/[\\%_]/g, (sign) => `\\${sign}`)
  return or(ilike(tuningJobs.name, `%${escaped}%`), ilike(tuningJobs.id, `%${escaped}%`))
}
