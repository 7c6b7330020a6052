import { ConfirmButton } from '../../components/confirm-button.tsx'
import { count } from '../../format.ts'
import type { JobRowFragment } from '../../generated/graphql.ts'
import { useJobActions, type Actionable } from '../job/use-job-actions.ts'

/** What can be done with the selected jobs. An action takes those that it fits and says so. */
export function BulkActions({ jobs, onDone }: { jobs: readonly JobRowFragment[]; onDone: () => void }) {
  const { retry, cancel, remove } = useJobActions()
  const after = (action: (jobs: readonly Actionable[]) => Promise<unknown>) => async (some: readonly Actionable[]) => {
    await action(some)
    onDone()
  }
  return (
    <div className="bulk" role="region" aria-label="Selected jobs">
      <b>{count(jobs.length, 'job')} selected</b>
      <Action
        verb="Retry"
        jobs={jobs}
        fits={({ status }) => status === 'FAILED' || status === 'CANCELLED'}
        consequence="They run again from the start, with the same settings."
        onConfirm={after(retry)}
      />
      <Action
        verb="Cancel"
        jobs={jobs}
        fits={({ status }) => status === 'PENDING' || status === 'RUNNING'}
        consequence="They stop where they are. They can be retried from the start."
        onConfirm={after(cancel)}
      />
      <Action
        verb="Delete"
        danger
        jobs={jobs}
        fits={({ status }) => status !== 'PENDING' && status !== 'RUNNING'}
        consequence="Their samples and models go with them. This cannot be undone."
        onConfirm={after(remove)}
      />
    </div>
  )
}

interface Props {
  verb: string
  jobs: readonly JobRowFragment[]
  fits: (job: JobRowFragment) => boolean
  consequence: string
  onConfirm: (jobs: readonly JobRowFragment[]) => Promise<void>
  danger?: boolean
}

function Action({ verb, jobs, fits, consequence, onConfirm, danger = false }: Props) {
  const fitting = jobs.filter(fits)
  const others = jobs.length - fitting.length
  return (
    <ConfirmButton
      danger={danger}
      disabled={fitting.length === 0}
      question={`${verb} ${count(fitting.length, 'job')}?`}
      consequence={
        <>
          {consequence}
          {others > 0 &&
            ` ${count(others, 'other')} of the selected ${others === 1 ? 'is' : 'are'} not in a state for that.`}
        </>
      }
      act={verb}
      onConfirm={() => onConfirm(fitting)}
    >
      {verb}
      {fitting.length > 0 && others > 0 ? ` ${fitting.length}` : ''}
    </ConfirmButton>
  )
}
