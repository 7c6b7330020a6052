import { Allowed } from '../../components/allowed.tsx'
import { ConfirmButton } from '../../components/confirm-button.tsx'
import type { JobHeadFragment } from '../../generated/graphql.ts'
import { Link, navigate } from '../../router.tsx'
import { ReportButton } from './report-button.tsx'
import { useJobActions } from './use-job-actions.ts'
import { isOpen } from './use-live-job.ts'

/** What can be done with this job, as far as its state allows. */
export function JobActions({ job, onChange }: { job: JobHeadFragment; onChange: () => void }) {
  const { retry, cancel, remove } = useJobActions()
  const open = isOpen(job.status)
  const report = job.readiness && <ReportButton id={job.id} name={job.name} />
  return (
    <Allowed role="TUNER" instead={report}>
      <Link to={`/jobs/new?copy=${job.id}`} className="button" title="Opens the form of a new job with these settings">
        Run with changes
      </Link>
      {report}
      {(job.status === 'FAILED' || job.status === 'CANCELLED') && (
        <button type="button" onClick={() => void retry([job]).then(onChange)}>
          Retry
        </button>
      )}
      {open && (
        <ConfirmButton
          question="Cancel this job?"
          consequence="It stops where it is. It can be retried from the start."
          act="Cancel the job"
          onConfirm={() => cancel([job]).then(onChange)}
        >
          Cancel
        </ConfirmButton>
      )}
      {!open && (
        <ConfirmButton
          danger
          question="Delete this job?"
          consequence="Its samples and its model go with it. This cannot be undone."
          act="Delete"
          onConfirm={async () => {
            if (await remove([job])) navigate('/', { replace: true })
          }}
        >
          Delete
        </ConfirmButton>
      )}
    </Allowed>
  )
}
