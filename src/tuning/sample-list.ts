import type { AppContext } from '../context.ts'
import { boundOf, type CursorKey, type Slice } from '../paging.ts'
import { SAMPLE_SPLITS, type SampleSplit } from './job.ts'
import { readColumns, readRows, type SampleColumn, type SampleColumns, type SampleRow } from './sample-store.ts'

export interface SampleFilter {
  split?: SampleSplit[] | null | undefined
  minTrades?: number | null | undefined
  minObjective?: number | null | undefined
}

export interface SampleOrder {
  field: 'INDEX' | 'OBJECTIVE' | 'PREDICTED'
  direction: 'ASC' | 'DESC'
}

/** Below every number that a sample can have: what is not defined ranks below everything. */
const BELOW_ALL = -1e308

const ORDERS = {
  INDEX: {
    needs: [],
    type: 'integer',
    of: ({ index }: SampleRow) => index,
    column: ({ index }: SampleColumns) => index,
  },
  OBJECTIVE: {
    needs: ['objective'],
    type: 'double precision',
    of: ({ objective }: SampleRow) => objective ?? BELOW_ALL,
    column: ({ objective }: SampleColumns) => objective.map(orLast),
  },
  PREDICTED: {
    needs: ['predicted'],
    type: 'double precision',
    of: ({ predicted }: SampleRow) => predicted ?? BELOW_ALL,
    column: ({ predicted }: SampleColumns) => predicted.map(orLast),
  },
} as const

/** The place of a sample in a list. */
export function sampleKey(row: SampleRow, { field }: SampleOrder): CursorKey {
  return [ORDERS[field].of(row), String(row.index)]
}

/**
 * A list of a job's samples. What is filtered and ordered by is a few bytes of a sample, in columns that are read
 * whole and gone through once; only the rows of the page are read with all that is in them.
 */
export class SampleList {
  readonly #ctx: AppContext
  readonly #jobId: string
  readonly #filter: SampleFilter
  readonly #order: SampleOrder
  #columns: Promise<SampleColumns> | undefined

  constructor(ctx: AppContext, jobId: string, filter: SampleFilter, order: SampleOrder) {
    this.#ctx = ctx
    this.#jobId = jobId
    this.#filter = filter
    this.#order = order
  }

  /** @throws ValidationError a cursor of another list */
  async page(slice: Slice): Promise<SampleRow[]> {
    const within = between(slice, this.#order)
    const columns = await this.#read()
    const isWanted = passes(columns, this.#filter)
    const values = ORDERS[this.#order.field].column(columns)
    const { index, block } = columns
    const isAscending = (this.#order.direction === 'ASC') !== slice.inverted
    const isHere: IsAt = (at) => isWanted(at) && within(values[at], index[at])
    const places = firstPlaces(values, isAscending, slice.limit, isHere)
    const wanted = places.map((at) => ({ index: index[at], block: block[at] }))
    return readRows(this.#ctx.db, this.#jobId, wanted)
  }

  async count(): Promise<number> {
    const columns = await this.#read()
    const isWanted = passes(columns, this.#filter)
    let total = 0
    for (let at = 0; at < columns.index.length; at++) if (isWanted(at)) total++
    return total
  }

  #read(): Promise<SampleColumns> {
    const needed = new Set([...ORDERS[this.#order.field].needs, ...filterColumns(this.#filter)])
    return (this.#columns ??= readColumns(this.#ctx.db, this.#jobId, needed))
  }
}

function orLast(value: number): number {
  return Number.isNaN(value) ? BELOW_ALL : value
}

type IsAt = (at: number) => boolean

function filterColumns({ split, minTrades, minObjective }: SampleFilter): SampleColumn[] {
  return [
    ...(split ? (['split'] as const) : []),
    ...(typeof minTrades === 'number' ? (['tradeCount'] as const) : []),
    ...(typeof minObjective === 'number' ? (['objective'] as const) : []),
  ]
}

function passes({ split, tradeCount, objective }: SampleColumns, filter: SampleFilter): IsAt {
  const splits = SAMPLE_SPLITS.map((name) => filter.split?.includes(name))
  const { minTrades, minObjective } = filter
  return (at) =>
    (!filter.split || splits[split[at]] === true) &&
    (typeof minTrades !== 'number' || tradeCount[at] >= minTrades) &&
    (typeof minObjective !== 'number' || objective[at] >= minObjective)
}

/** Whether a sample lies strictly between the cursors of a slice. */
function between(slice: Slice, { field, direction }: SampleOrder): (value: number, index: number) => boolean {
  const sign = direction === 'ASC' ? 1 : -1
  const bounds = (['after', 'before'] as const).flatMap((argument) => {
    const key = boundOf(slice, argument, { type: ORDERS[field].type, idType: 'integer' })
    return key ? [{ side: argument === 'after' ? sign : -sign, value: Number(key[0]), index: Number(key[1]) }] : []
  })
  return (value, index) => bounds.every((bound) => bound.side * (value - bound.value || index - bound.index) > 0)
}

/** The places of the first values in order, ties by place: one pass, with what is best so far kept in order. */
function firstPlaces(values: ArrayLike<number>, isAscending: boolean, limit: number, isWanted: IsAt): number[] {
  const sign = isAscending ? 1 : -1
  const compare = (a: number, b: number): number => sign * (values[a] - values[b] || a - b)
  const best: number[] = []
  for (let step = 0; step < values.length; step++) {
    const at = isAscending ? step : values.length - 1 - step // by index nothing is ever moved
    if (!isWanted(at) || (best.length === limit && (limit === 0 || compare(at, best[limit - 1]) > 0))) continue
    if (best.length === limit) best.pop()
    let place = best.length
    while (place > 0 && compare(at, best[place - 1]) < 0) place--
    best.splice(place, 0, at)
  }
  return best
}
