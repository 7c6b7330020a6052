import { and, sql, type SQL, type SQLWrapper } from 'drizzle-orm'

/** The sort value and the id of a row; the sort value is null where rows are ordered by id alone. */
export type CursorKey = [value: number | string | null, id: string]

/** One page of a list: rows strictly between two keys, at most `limit`, the last ones first if `inverted`. */
export interface Slice {
  after?: CursorKey
  before?: CursorKey
  limit: number
  inverted: boolean
}

/** What a list is ordered by: a value that is never null, and the id that makes the order total. */
export interface Order {
  value: SQLWrapper
  /** SQL type of the value, to which a cursor's value is cast */
  type: 'timestamptz' | 'double precision' | 'integer'
  id: SQLWrapper
  idType: 'text' | 'integer'
  direction: 'ASC' | 'DESC'
}

/** The condition and the order of a page by keyset: a deep page costs what the first one does. */
export function keyset(slice: Slice, order: Order): { where: SQL | undefined; orderBy: SQL } {
  const forwards = order.direction === 'ASC'
  const bound = (key: CursorKey | undefined, later: boolean): SQL | undefined => {
    if (!key) return undefined
    const [value, id] = key
    const operator = sql.raw(later === forwards ? '>' : '<')
    const cast = (text: string) => sql.raw(`::text::${text}`)
    return sql`(${order.value}, ${order.id}) ${operator} (${String(value)}${cast(order.type)}, ${id}${cast(order.idType)})`
  }
  const direction = sql.raw(forwards === slice.inverted ? 'desc' : 'asc')
  return {
    where: and(bound(slice.after, true), bound(slice.before, false)),
    orderBy: sql`${order.value} ${direction}, ${order.id} ${direction}`,
  }
}
