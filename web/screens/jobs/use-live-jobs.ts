import { useCallback, useEffect, useRef, useState } from 'react'
import { useSubscription } from 'urql'
import { useReturns } from '../../connection.ts'
import {
  JobChangedDocument,
  JobsDocument,
  type JobRowFragment,
  type JobsQuery,
  type JobsQueryVariables,
} from '../../generated/graphql.ts'
import { usePages, type Pages } from '../../hooks/use-pages.ts'

/** Many jobs that change at once are one reason to read the list again. */
const GATHER_MS = 300

/**
 * The list of jobs as it is now: rows that change are replaced by their news. A job that is new, or that has another
 * status and so perhaps no place under the filter any more, has the list read again.
 */
export function useLiveJobs(variables: Omit<JobsQueryVariables, 'after'>): Pages<JobRowFragment> {
  const pages = usePages(JobsDocument, variables, jobsOf)
  const [news, setNews] = useState<ReadonlyMap<string, JobRowFragment>>(new Map())
  const rows = pages.nodes.map((row) => newer(row, news.get(row.id)))
  const refresh = useGathered(pages.refresh)

  const shown = useRef(rows)
  useEffect(() => {
    shown.current = rows
  })
  useSubscription({ query: JobChangedDocument }, (_, change) => {
    const { tuningJobChanged: job } = change
    const row = shown.current.find(({ id }) => id === job.id)
    if (row?.status !== job.status) refresh()
    setNews((known) => new Map(known).set(job.id, job))
    return change
  })

  const returns = useReturns()
  useEffect(() => {
    if (returns > 0) refresh()
  }, [returns, refresh])
  return { ...pages, nodes: rows }
}

function jobsOf(data: JobsQuery) {
  return data.tuningJobs
}

/** Of two states of a job the later one: news may overtake the answer to a question, and the other way round. */
function newer(row: JobRowFragment, other: JobRowFragment | undefined): JobRowFragment {
  return other && other.revision > row.revision ? other : row
}

/** `action`, once after calls have come in. */
function useGathered(action: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    clearTimeout(timer.current)
    timer.current = setTimeout(action, GATHER_MS)
  }, [action])
}
