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
  more: () => void
  /** Read the pages that are shown again. */
  refresh: () => void
}

interface State<Node> {
  /** What the pages answer. */
  question: string | null
  pages: Connection<Node>[]
  busy: boolean
  error: CombinedError | null
}

/**
 * A list by cursor: the first page at once, each next one when it is asked for. What is shown stays until the new
 * answer is there, so that nothing flickers.
 *
 * @param variables without `after`; another value starts from the first page
 * @param pick      the connection in an answer, nothing where there is none; always the same function
 */
export function usePages<Data, Variables extends { after?: string | null | undefined }, Node>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  pick: (data: Data) => Connection<Node> | null | undefined,
): Pages<Node> {
  const client = useClient()
  const [state, setState] = useState<State<Node>>({ question: null, pages: [], busy: false, error: null })
  const question = JSON.stringify(variables)
  const runs = useRef({ latest: 0 })

  /** Read `wanted` pages behind those of `before`. Of several runs at once only the latest counts. */
  const read = useCallback(
    async (before: readonly Connection<Node>[], wanted: number) => {
      const run = ++runs.current.latest
      const pages = [...before]
      let failure: CombinedError | null = null
      for (let page = 0; page < wanted; page++) {
        const after = pages.at(-1)?.pageInfo.endCursor ?? null
        const all = { ...(JSON.parse(question) as object), after } as Variables
        const { data, error } = await client.query(document, all, { requestPolicy: 'network-only' }).toPromise()
        const connection = data && pick(data)
        failure = error ?? null
        if (connection) pages.push(connection)
        if (!connection?.pageInfo.hasNextPage) break
      }
      if (run !== runs.current.latest) return
      setState((now) => ({ question, pages: failure ? now.pages : pages, busy: false, error: failure }))
    },
    [client, document, pick, question],
  )

  useEffect(() => {
    const mine = runs.current
    void read([], 1)
    return () => void mine.latest++
  }, [read])

  const shown = useRef(0)
  useEffect(() => {
    shown.current = state.pages.length
  })
  const go = useCallback(
    (before: readonly Connection<Node>[], wanted: number) => {
      setState((now) => ({ ...now, busy: true }))
      void read(before, wanted)
    },
    [read],
  )
  const last = state.pages.at(-1)
  return {
    nodes: state.pages.flatMap(({ nodes }) => nodes),
    totalCount: last?.totalCount ?? null,
    hasMore: last?.pageInfo.hasNextPage ?? false,
    loading: state.busy || state.question !== question,
    error: state.error,
    more: () => go(state.pages, 1),
    refresh: useCallback(() => go([], Math.max(1, shown.current)), [go]),
  }
}
