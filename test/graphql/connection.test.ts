import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import { page, type PageArguments } from '../../src/graphql/connection.ts'
import type { Slice } from '../../src/paging.ts'

const ROWS = Array.from({ length: 47 }, (_, at) => at)

/** A list of 47 numbers, paged as a table is. */
function list(args: PageArguments) {
  return page(args, {
    key: (row: number) => [row, `row_${row}`],
    read: async ({ after, before, limit, inverted }: Slice) => {
      const inside = ROWS.filter((row) => (!after || row > Number(after[0])) && (!before || row < Number(before[0])))
      return (inverted ? inside.toReversed() : inside).slice(0, limit)
    },
    count: async () => ROWS.length,
  })
}

const nodes = async (args: PageArguments) => (await list(args)).edges.map(({ node }) => node)

describe('a page', () => {
  test('has twenty rows where nothing is said', async () => {
    const { edges, pageInfo, totalCount } = await list({})
    expect(edges.map(({ node }) => node)).toEqual(ROWS.slice(0, 20))
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    expect(await totalCount()).toBe(47)
  })

  test.each([1, 7, 46, 47, 48, 100])('of %i rows after another leads through all of them, once', async (first) => {
    const seen: number[] = []
    for (let after: string | null = null; ;) {
      const { edges, pageInfo }: Awaited<ReturnType<typeof list>> = await list({ first, after })
      seen.push(...edges.map(({ node }) => node))
      if (!pageInfo.hasNextPage) break
      after = pageInfo.endCursor
    }
    expect(seen).toEqual(ROWS)
  })

  test.each([1, 7, 47, 100])('of %i rows before another leads back through all of them, once', async (last) => {
    const seen: number[] = []
    for (let before: string | null = null; ;) {
      const { edges, pageInfo }: Awaited<ReturnType<typeof list>> = await list({ last, before })
      seen.unshift(...edges.map(({ node }) => node))
      if (!pageInfo.hasPreviousPage) break
      before = pageInfo.startCursor
    }
    expect(seen).toEqual(ROWS)
  })

  test('lies between two cursors', async () => {
    const { edges } = await list({ first: 100 })
    const [after, before] = [edges[9].cursor, edges[20].cursor]
    expect(await nodes({ first: 3, after, before })).toEqual([10, 11, 12])
    expect(await nodes({ last: 3, after, before })).toEqual([17, 18, 19])
    expect(await nodes({ after, before })).toEqual(ROWS.slice(10, 20))
  })

  test('of no rows is empty and may be asked for', async () => {
    expect(await nodes({ first: 0 })).toEqual([])
  })

  test.each([
    [{ first: 101 }, 'first: 101 is not a page size; ask for 0 to 100 rows and page on with "after".'],
    [{ last: 1000 }, 'last: 1000 is not a page size; ask for 0 to 100 rows and page on with "before".'],
    [{ first: -1 }, 'first: -1 is not a page size; ask for 0 to 100 rows and page on with "after".'],
    [{ first: 1, last: 1 }, 'last: Give either first or last, one of the two.'],
  ])('of %j is refused', async (args, message) => {
    await expect(list(args)).rejects.toThrow(ValidationError)
    await expect(list(args)).rejects.toThrow(message)
  })

  test.each(['nonsense', '', 'W10', 'bnVsbA', Buffer.from('["1", 2]').toString('base64url'), 'ÿ'.repeat(9)])(
    'after %j is refused',
    async (after) => {
      await expect(list({ after })).rejects.toThrow(
        'after: is not a cursor of this list. Take endCursor or startCursor from pageInfo as it stands.',
      )
    },
  )
})
