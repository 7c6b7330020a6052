import { StatusBadge, SyntheticBadge } from '../../components/badge.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Score } from '../../components/score.tsx'
import { duration, NONE, percent, time, whole } from '../../format.ts'
import type { JobRowFragment } from '../../generated/graphql.ts'
import { Link } from '../../router.tsx'
import { PHASES } from '../../words.ts'

interface Props {
  jobs: readonly JobRowFragment[]
  selected: ReadonlySet<string>
  /** Null where nothing could be done with what is selected. */
  onSelect: ((selected: ReadonlySet<string>) => void) | null
}

/** The list; on a phone each job becomes a card. */
export function JobTable({ jobs, selected, onSelect }: Props) {
  const all = jobs.every(({ id }) => selected.has(id))
  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected)
    if (on) next.add(id)
    else next.delete(id)
    onSelect?.(next)
  }
  return (
    <table className="cards">
      <caption className="unseen">Tuning jobs</caption>
      <thead>
        <tr>
          {onSelect && (
            <th scope="col" className="pick">
              <input
                type="checkbox"
                aria-label="Select all that are shown"
                checked={all}
                onChange={(event) => onSelect(new Set(event.target.checked ? jobs.map(({ id }) => id) : []))}
              />
            </th>
          )}
          <th scope="col">Job</th>
          <th scope="col">Status</th>
          <th scope="col">Score</th>
          <th scope="col" className="figure" title="ROI of the best set on candles that nothing has seen">
            ROI out of sample
          </th>
          <th scope="col" className="figure">
            Samples
          </th>
          <th scope="col" className="figure">
            Took
          </th>
          <th scope="col">Created (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <JobLine
            key={job.id}
            job={job}
            picked={selected.has(job.id)}
            onPick={onSelect && ((on) => toggle(job.id, on))}
          />
        ))}
      </tbody>
    </table>
  )
}

interface LineProps {
  job: JobRowFragment
  picked: boolean
  onPick: ((on: boolean) => void) | null
}

function JobLine({ job, picked, onPick }: LineProps) {
  const roi = job.outOfSample?.metrics.roi
  return (
    <tr className={picked ? 'picked' : ''}>
      {onPick && (
        <td className="pick">
          <input
            type="checkbox"
            aria-label={`Select ${job.name}`}
            checked={picked}
            onChange={(event) => onPick(event.target.checked)}
          />
        </td>
      )}
      <td className="main-cell">
        <Link to={`/jobs/${job.id}`} className="row-link">
          {job.name}
        </Link>
        <span className="sub">
          {job.strategy.name} on {job.market.symbol} {job.timeframe} {job.market.synthetic && <SyntheticBadge />}
        </span>
      </td>
      <td data-label="Status">
        <StatusBadge status={job.status} />
        <Progress job={job} />
      </td>
      <td data-label="Score">
        {job.readiness ? <Score score={job.readiness.score} ready={job.readiness.productionReady} /> : NONE}
      </td>
      <td
        data-label="ROI out of sample"
        className={`figure ${typeof roi === 'number' ? (roi > 0 ? 'gain' : 'loss') : ''}`}
      >
        {percent(roi)}
      </td>
      <td data-label="Samples" className="figure">
        {whole(job.sampleCount)}
      </td>
      <td data-label="Took" className="figure">
        {duration(job.durationMs)}
      </td>
      <td data-label="Created (UTC)" className="nowrap">
        {time(job.createdAt)}
      </td>
    </tr>
  )
}

/** What a job is doing; why it failed. */
function Progress({ job: { name, status, progress, error } }: { job: JobRowFragment }) {
  if (status === 'FAILED') return <span className="sub clamp">{error?.message}</span>
  if (status !== 'RUNNING') return null
  return (
    <div className="row-progress">
      <ProgressBar fraction={progress.fraction} label={`Progress of ${name}`} />
      <span className="sub">
        {PHASES[progress.phase]}
        {progress.etaMs !== null && `, about ${duration(progress.etaMs)} left`}
      </span>
    </div>
  )
}
