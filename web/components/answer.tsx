import type { ReactNode } from 'react'
import type { UseQueryState } from 'urql'
import { failureOf, type Failure } from '../failure.ts'
import type { Pages } from '../hooks/use-pages.ts'

/** Something is on its way. */
export function Loading({ what = 'Loading' }: { what?: string }) {
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      {what} …
    </p>
  )
}

/** Something went wrong: what, and what to do. */
export function FailureBox({ failure, retry }: { failure: Failure; retry?: (() => void) | undefined }) {
  return (
    <div className="message bad" role="alert">
      <p>{failure.message}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Nothing is here yet: why, and the next step. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  )
}

interface Props<Data> {
  state: UseQueryState<Data>
  retry: () => void
  children: (data: Data) => ReactNode
}

/** An answer once it is there; until then that it is loading, or why it does not come. */
export function Answer<Data>({ state, retry, children }: Props<Data>) {
  return (
    <>
      {state.error && <FailureBox failure={failureOf(state.error)} retry={retry} />}
      {state.data ? children(state.data) : !state.error && <Loading />}
    </>
  )
}

/** What stands under a list by pages: its failure, its first loading, and the way to more. */
export function ListEnds({ pages }: { pages: Pages<unknown> }) {
  const { nodes, totalCount, hasMore, loading, error, more, refresh } = pages
  if (error) return <FailureBox failure={failureOf(error)} retry={refresh} />
  if (totalCount === null) return <Loading />
  if (nodes.length === 0) return null
  return (
    <div className="list-end">
      <span className="muted" role="status">
        {nodes.length} of {totalCount}
      </span>
      {hasMore && (
        <button type="button" onClick={more} disabled={loading}>
          {loading ? 'Loading …' : 'Show more'}
        </button>
      )}
    </div>
  )
}
