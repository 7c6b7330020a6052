import { useCallback, useEffect, useRef, useState } from 'react'
import { useClient, type CombinedError, type TypedDocumentNode } from 'urql'

/** One page of a list. */
export interface Connection<Node> {
  nodes: Node[]
  totalCount: number
  pageInfo: { endCursor: string | null; hasNextPage: boolean }
}

export interface Pages<Node> {
  nodes: Node[]
  /** Rows on all pages together; null before the first answer. */
  totalCount: number | null
  hasMore: boolean
  loading: boolean
  error: CombinedError | null
  more(): void
  /** Read the pages that are shown again. */
  refresh(): void
}

interface State<Node> {
  pages: Connection<Node>[]
  loading: boolean
  error: CombinedError | null
}

/**
 * A list by cursor: the first page at once, each next one when it is asked for. What is shown stays until the new
 * answer is there, so that nothing flickers.
 *
 * @param variables without `after`; another value starts from the first page
 * @param pick      the connection in an answer; null where there is none
 */
export function usePages<Data, Variables extends { after?: string | null | undefined }, Node>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  pick: (data: Data) => Connection<Node> | null | undefined,
): Pages<Node> {
  const client = useClient()
  const [state, setState] = useState<State<Node>>({ pages: [], loading: true, error: null })
  const key = JSON.stringify(variables)
  const latest = useRef({ run: 0, pick, shown: 0 })
  latest.current.pick = pick
  latest.current.shown = state.pages.length

  /** Read `wanted` pages behind those of `before`; only the latest of several runs counts. */
  const read = useCallback(
    async (before: Connection<Node>[], wanted: number) => {
      const run = ++latest.current.run
      setState((now) => ({ ...now, loading: true }))
      const pages = [...before]
      for (let page = 0; page < wanted; page++) {
        const after = pages.at(-1)?.pageInfo.endCursor ?? null
        const all = { ...(JSON.parse(key) as object), after } as Variables
        const { data, error } = await client.query(document, all, { requestPolicy: 'network-only' }).toPromise()
        if (run !== latest.current.run) return
        const connection = data && latest.current.pick(data)
        if (error && !connection) return setState((now) => ({ ...now, loading: false, error }))
        if (connection) pages.push(connection)
        if (!connection?.pageInfo.hasNextPage) break
      }
      setState({ pages, loading: false, error: null })
    },
    [client, document, key],
  )

  useEffect(() => {
    void read([], 1)
    return () => void latest.current.run++
  }, [read])

  const last = state.pages.at(-1)
  return {
    nodes: state.pages.flatMap(({ nodes }) => nodes),
    totalCount: last?.totalCount ?? null,
    hasMore: last?.pageInfo.hasNextPage ?? false,
    loading: state.loading,
    error: state.error,
    more: () => void read(state.pages, 1),
    refresh: useCallback(() => void read([], Math.max(1, latest.current.shown)), [read]),
  }
}
