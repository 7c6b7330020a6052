import { and, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { ValidationError } from './errors.ts'

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

/**
 * The condition and the order of a page by keyset: a deep page costs what the first one does.
 *
 * @throws ValidationError a cursor of another list, whose key does not fit this one
 */
export function keyset(slice: Slice, order: Order): { where: SQL | undefined; orderBy: SQL } {
  const forwards = order.direction === 'ASC'
  const bound = (argument: 'after' | 'before'): SQL | undefined => {
    const key = boundOf(slice, argument, order)
    if (!key) return undefined
    const [value, id] = key
    const operator = sql.raw((argument === 'after') === forwards ? '>' : '<')
    const cast = (text: string) => sql.raw(`::text::${text}`)
    return sql`(${order.value}, ${order.id}) ${operator} (${String(value)}${cast(order.type)}, ${id}${cast(order.idType)})`
  }
  const direction = sql.raw(forwards === slice.inverted ? 'desc' : 'asc')
  return {
    where: and(bound('after'), bound('before')),
    orderBy: sql`${order.value} ${direction}, ${order.id} ${direction}`,
  }
}

/** A cursor of a slice. @throws ValidationError its key does not fit the list */
export function boundOf(
  slice: Slice,
  argument: 'after' | 'before',
  { type, idType }: Pick<Order, 'type' | 'idType'>,
): CursorKey | undefined {
  const key = slice[argument]
  if (key && !(FITS[type](key[0]) && isIdOf(idType, key[1]))) throw notACursor(argument)
  return key
}

/** A cursor that is none, or none of this list. */
export function notACursor(argument: string): ValidationError {
  return ValidationError.at(
    argument,
    'is not a cursor of this list. Take endCursor or startCursor from pageInfo as it stands.',
  )
}

/** Whether a cursor's value can be cast to the type. */
const FITS: Record<Order['type'], (value: CursorKey[0]) => boolean> = {
  integer: (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  'double precision': (value) => Number.isFinite(value),
  timestamptz: (value) => /^\d{4}-[\dT:.-]{18}Z$/.test(String(value)) && !Number.isNaN(Date.parse(String(value))),
}

function isIdOf(type: Order['idType'], id: string): boolean {
  return type === 'integer' ? /^\d{1,9}$/.test(id) : /^\w{1,100}$/.test(id)
}
