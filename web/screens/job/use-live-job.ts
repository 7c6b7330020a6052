import { useEffect } from 'react'
import { useQuery, useSubscription } from 'urql'
import { useReturns } from '../../connection.ts'
import { JobDocument, JobProgressDocument, type JobHeadFragment, type JobStatus } from '../../generated/graphql.ts'

/** Waiting or running: there will be news. */
export function isOpen(status: JobStatus): boolean {
  return status === 'PENDING' || status === 'RUNNING'
}

/** A job as it is now: the answer to a question, or the later news. */
export function useLiveJob(id: string) {
  const [state, ask] = useQuery({ query: JobDocument, variables: { id } })
  const asked = state.data?.tuningJob
  const [{ data: news }] = useSubscription<{ tuningJobProgress: JobHeadFragment }, JobHeadFragment, { id: string }>(
    { query: JobProgressDocument, variables: { id }, pause: !asked || !isOpen(asked.status) },
    (_, { tuningJobProgress }) => tuningJobProgress,
  )
  const job = news && asked && news.revision > asked.revision ? news : asked

  // What the cache knows of a finished job must not be what it knew of the running one.
  const retry = () => ask({ requestPolicy: 'network-only' })
  const isFinished = job !== asked && job && !isOpen(job.status)
  const returns = useReturns()
  useEffect(() => {
    if (isFinished || returns > 0) ask({ requestPolicy: 'network-only' })
  }, [isFinished, returns, ask])
  return { state, job, retry }
}
