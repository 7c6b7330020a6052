import type { ReactNode } from 'react'
import { Answer, FailureBox } from '../../components/answer.tsx'
import { StatusBadge, SyntheticBadge } from '../../components/badge.tsx'
import { Page } from '../../components/page.tsx'
import type { JobHeadFragment } from '../../generated/graphql.ts'
import { Link } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { Candidates } from './candidates.tsx'
import { Drivers } from './drivers.tsx'
import { JobEvidence } from './evidence.tsx'
import { JobActions } from './job-actions.tsx'
import { JobFailure } from './job-failure.tsx'
import { JobProgress } from './job-progress.tsx'
import { JobSettings } from './job-settings.tsx'
import { ModelFit } from './model-fit.tsx'
import { Samples } from './samples.tsx'
import { isOpen, useLiveJob } from './use-live-job.ts'
import { Verdict } from './verdict.tsx'

/** The tabs of a finished job, by their place in the address. */
const TABS: [tab: string, label: string, screen: (job: JobHeadFragment) => ReactNode][] = [
  ['verdict', 'Verdict', (job) => <Verdict job={job} />],
  ['evidence', 'Evidence', (job) => <JobEvidence id={job.id} />],
  ['drivers', 'What drives it', (job) => <Drivers id={job.id} />],
  ['fit', 'Model fit', (job) => <ModelFit id={job.id} />],
  ['candidates', 'Candidates', (job) => <Candidates id={job.id} />],
  ['samples', 'Samples', (job) => <Samples job={job} />],
  ['settings', 'Settings', (job) => <JobSettings id={job.id} />],
]

/** One job: its verdict first, then what it rests on; while it runs, how far it is. */
export function Job({ id, tab }: { id: string; tab: string }) {
  const { state, job, retry } = useLiveJob(id)
  if (!job) {
    if (state.data) return <NotFound what="job" back={<Link to="/">Go to the jobs</Link>} />
    return (
      <Page title="Job">
        <Answer state={state} retry={retry}>
          {() => null}
        </Answer>
      </Page>
    )
  }
  const [, label, screen] = TABS.find(([name]) => name === tab) ?? TABS[0]
  return (
    <Page
      title={job.name}
      tab={job.readiness ? `${job.name}: ${label}` : job.name}
      above={<Where job={job} />}
      actions={<JobActions job={job} onChange={retry} />}
    >
      {state.error && !state.fetching && (
        <FailureBox failure={{ message: 'What you see may be old.', fieldErrors: [] }} retry={retry} />
      )}
      {job.readiness ? (
        <>
          <Tabs id={job.id} current={label} />
          {screen(job)}
        </>
      ) : (
        <Unfinished job={job} />
      )}
    </Page>
  )
}

/** Strategy and market, and in which state the job is. */
function Where({ job: { status, strategy, market, timeframe } }: { job: JobHeadFragment }) {
  return (
    <>
      <StatusBadge status={status} /> <Link to={`/strategies/${strategy.id}`}>{strategy.name}</Link> on{' '}
      <Link to={`/markets/${market.id}`}>{market.symbol}</Link> {timeframe}, {market.exchange}{' '}
      {market.synthetic && market.exchange !== 'synthetic' && <SyntheticBadge />}
    </>
  )
}

function Tabs({ id, current }: { id: string; current: string }) {
  return (
    <nav className="tabs" aria-label="Parts of the job">
      {TABS.map(([tab, label]) => (
        <Link
          key={tab}
          to={tab === 'verdict' ? `/jobs/${id}` : `/jobs/${id}/${tab}`}
          aria-current={label === current ? 'page' : undefined}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}

function Unfinished({ job }: { job: JobHeadFragment }) {
  return (
    <>
      {isOpen(job.status) && <JobProgress job={job} />}
      {job.status === 'FAILED' && job.error && <JobFailure error={job.error} />}
      {job.status === 'CANCELLED' && (
        <div className="message warn">
          <p>This job was cancelled before it was done. “Retry” runs it again from the start.</p>
        </div>
      )}
      <JobSettings id={job.id} />
    </>
  )
}
