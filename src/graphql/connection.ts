import { resolveCursorConnection } from '@pothos/plugin-relay'
import { ValidationError } from '../errors.ts'
import { notACursor, type CursorKey, type Slice } from '../paging.ts'

/** The arguments of a Relay connection. */
export interface PageArguments {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

const DEFAULT_SIZE = 20
const MAX_SIZE = 100

/** One page, as a Relay connection. */
export interface Page<T> {
  edges: { cursor: string; node: T }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  totalCount: () => Promise<number>
}

/**
 * One page of a list, by keyset: a page deep in the list costs what the first one does, and rows that appear
 * meanwhile neither repeat nor hide others.
 */
export async function page<T>(
  args: PageArguments,
  source: { key: (row: T) => CursorKey; read: (slice: Slice) => Promise<T[]>; count: () => Promise<number> },
): Promise<Page<T>> {
  checkSizes(args)
  const connection = await resolveCursorConnection(
    { args, defaultSize: DEFAULT_SIZE, maxSize: MAX_SIZE, toCursor: (row) => encode(source.key(row as T)) },
    ({ after, before, limit, inverted }) =>
      source.read({
        ...(after === undefined ? {} : { after: decode('after', after) }),
        ...(before === undefined ? {} : { before: decode('before', before) }),
        limit,
        inverted,
      }),
  )
  return { ...(connection as Omit<Page<T>, 'totalCount'>), totalCount: source.count }
}

function checkSizes(args: PageArguments): void {
  if (isSize(args.first) && isSize(args.last)) {
    throw ValidationError.at('last', 'Give either first or last, one of the two.')
  }
  for (const name of ['first', 'last'] as const) {
    const size = args[name]
    if (!isSize(size)) continue
    if (size < 0 || size > MAX_SIZE) {
      throw ValidationError.at(
        name,
        `${size} is not a page size; ask for 0 to ${MAX_SIZE} rows and page on with "${name === 'first' ? 'after' : 'before'}".`,
      )
    }
  }
}

function isSize(size: number | null | undefined): size is number {
  return size !== undefined && size !== null
}

function encode(key: CursorKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

function decode(argument: string, cursor: string): CursorKey {
  try {
    const key = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown
    if (Array.isArray(key) && key.length === 2 && typeof key[1] === 'string') return key as CursorKey
  } catch {
    // not one of ours: said below
  }
  throw notACursor(argument)
}
