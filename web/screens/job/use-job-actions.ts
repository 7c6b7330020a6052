import { useMutation } from 'urql'
import { useNotify } from '../../components/notice.tsx'
import { refusalOf } from '../../failure.ts'
import { count } from '../../format.ts'
import { CancelJobDocument, DeleteJobsDocument, RetryJobsDocument } from '../../generated/graphql.ts'

/** What the actions need to know of a job. */
export interface Actionable {
  id: string
  name: string
}

/** Retry, cancel and delete; each says what it did or why it did not, and answers whether it did. */
export function useJobActions() {
  const notify = useNotify()
  const [, retryJobs] = useMutation(RetryJobsDocument)
  const [, cancelJob] = useMutation(CancelJobDocument)
  const [, deleteJobs] = useMutation(DeleteJobsDocument)

  const say = (jobs: readonly Actionable[], done: string, refusals: (string | undefined)[]): boolean => {
    const refused = refusals.filter((message) => message !== undefined)
    if (refused.length > 0) notify('bad', refused.join(' '))
    else notify('good', `${jobs.length === 1 ? jobs[0].name : count(jobs.length, 'job')}: ${done}.`)
    return refused.length === 0
  }
  return {
    retry: async (jobs: readonly Actionable[]): Promise<boolean> => {
      const answer = await retryJobs({ ids: jobs.map(({ id }) => id) })
      return say(jobs, 'waiting to run again', [refusalOf(answer, answer.data?.retryTuningJobs)?.message])
    },
    cancel: async (jobs: readonly Actionable[]): Promise<boolean> => {
      const answers = await Promise.all(jobs.map(({ id }) => cancelJob({ id })))
      const refusals = answers.map((answer) => refusalOf(answer, answer.data?.cancelTuningJob)?.message)
      return say(jobs, 'cancelled', refusals)
    },
    remove: async (jobs: readonly Actionable[]): Promise<boolean> => {
      const answer = await deleteJobs({ ids: jobs.map(({ id }) => id) })
      return say(jobs, 'deleted', [refusalOf(answer, answer.data?.deleteTuningJobs)?.message])
    },
  }
}
