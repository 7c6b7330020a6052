import { lazy, Suspense, type ReactNode } from 'react'
import { useQuery, useSubscription } from 'urql'
import { Allowed } from './components/allowed.tsx'
import { Loading } from './components/answer.tsx'
import { ErrorBoundary } from './components/error-boundary.tsx'
import { NoticeArea } from './components/notice.tsx'
import { useConnection } from './connection.ts'
import { JobChangedDocument, ViewerDocument, type Role } from './generated/graphql.ts'
import { match } from './match.ts'
import { Link, usePath } from './router.tsx'
import { roleNames } from './screens/access/roles.ts'
import { Jobs } from './screens/jobs/jobs.tsx'
import { NotFound } from './screens/not-found.tsx'
import { signOut } from './session.ts'

// The list of jobs comes with the page; every other screen is loaded when somebody goes there.
const Audit = lazy(() => import('./screens/access/audit.tsx').then(({ Audit }) => ({ default: Audit })))
const Tokens = lazy(() => import('./screens/access/tokens.tsx').then(({ Tokens }) => ({ default: Tokens })))
const JobBacktest = lazy(() =>
  import('./screens/job/job-backtest.tsx').then(({ JobBacktest }) => ({ default: JobBacktest })),
)
const Job = lazy(() => import('./screens/job/job.tsx').then(({ Job }) => ({ default: Job })))
const Market = lazy(() => import('./screens/markets/market.tsx').then(({ Market }) => ({ default: Market })))
const Markets = lazy(() => import('./screens/markets/markets.tsx').then(({ Markets }) => ({ default: Markets })))
const Model = lazy(() => import('./screens/models/model.tsx').then(({ Model }) => ({ default: Model })))
const Models = lazy(() => import('./screens/models/models.tsx').then(({ Models }) => ({ default: Models })))
const NewJob = lazy(() => import('./screens/new-job/new-job.tsx').then(({ NewJob }) => ({ default: NewJob })))
const Playbook = lazy(() => import('./screens/playbooks/playbook.tsx').then(({ Playbook }) => ({ default: Playbook })))
const Playbooks = lazy(() =>
  import('./screens/playbooks/playbooks.tsx').then(({ Playbooks }) => ({ default: Playbooks })),
)
const Review = lazy(() => import('./screens/review/review.tsx').then(({ Review }) => ({ default: Review })))
const Indicators = lazy(() =>
  import('./screens/strategies/indicators.tsx').then(({ Indicators }) => ({ default: Indicators })),
)
const Strategies = lazy(() =>
  import('./screens/strategies/strategies.tsx').then(({ Strategies }) => ({ default: Strategies })),
)
const Strategy = lazy(() => import('./screens/strategies/strategy.tsx').then(({ Strategy }) => ({ default: Strategy })))

const EditStrategy = lazy(() =>
  import('./screens/strategies/edit-strategy.tsx').then(({ EditStrategy }) => ({ default: EditStrategy })),
)
const NewStrategy = lazy(() =>
  import('./screens/strategies/edit-strategy.tsx').then(({ NewStrategy }) => ({ default: NewStrategy })),
)

type Parts = Record<string, string>

/** Every place of the dashboard; the first that fits is shown. A thing of another id starts afresh: hence the keys. */
const ROUTES: [pattern: string, screen: (parts: Parts) => ReactNode][] = [
  ['/', () => <Jobs />],
  ['/jobs/new', () => <NewJob />],
  ['/jobs/:id', ({ id }) => <Job key={id} id={id} tab="verdict" />],
  ['/jobs/:id/backtest', ({ id }) => <JobBacktest key={id} id={id} />],
  ['/jobs/:id/:tab', ({ id, tab }) => <Job key={id} id={id} tab={tab} />],
  ['/markets', () => <Markets />],
  ['/markets/:id', ({ id }) => <Market key={id} id={id} />],
  ['/strategies', () => <Strategies />],
  ['/strategies/indicators', () => <Indicators />],
  ['/strategies/new', () => <NewStrategy />],
  ['/strategies/:id/edit', ({ id }) => <EditStrategy key={id} id={id} />],
  ['/strategies/:id', ({ id }) => <Strategy key={id} id={id} />],
  ['/models', () => <Models />],
  ['/models/:id', ({ id }) => <Model key={id} id={id} />],
  ['/playbooks', () => <Playbooks />],
  ['/playbooks/:id', ({ id }) => <Playbook key={id} id={id} tab="plan" />],
  ['/playbooks/:id/:tab', ({ id, tab }) => <Playbook key={id} id={id} tab={tab} />],
  ['/reviews/:id', ({ id }) => <Review key={id} id={id} />],
  ['/tokens', () => <Tokens />],
  ['/audit', () => <Audit />],
]

/** Areas, with the roles that have any business there; all, where none are named. */
const AREAS: [to: string, label: string, prefix: string, roles?: readonly Role[]][] = [
  ['/', 'Jobs', '/jobs'],
  ['/markets', 'Markets', '/markets'],
  ['/strategies', 'Strategies', '/strategies'],
  ['/models', 'Models', '/models'],
  ['/playbooks', 'Playbooks', '/playbooks'],
  ['/tokens', 'Tokens', '/tokens', ['ADMIN']],
  ['/audit', 'Audit', '/audit', ['APPROVER', 'ADMIN']],
]

export function App() {
  const path = usePath()
  return (
    <NoticeArea>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <TopBar path={path} />
      <ConnectionBanner />
      <main id="content">
        <ErrorBoundary place={path}>
          <Suspense fallback={<Loading />}>{screenAt(path)}</Suspense>
        </ErrorBoundary>
      </main>
    </NoticeArea>
  )
}

function screenAt(path: string): ReactNode {
  for (const [pattern, screen] of ROUTES) {
    const parts = match(pattern, path)
    if (parts) return screen(parts)
  }
  return <NotFound what="page" back={<Link to="/">Go to the jobs</Link>} />
}

function TopBar({ path }: { path: string }) {
  const [{ data }] = useQuery({ query: ViewerDocument })
  const viewer = data?.viewer
  const areas = AREAS.filter(([, , , roles]) => !roles || viewer?.roles.some((role) => roles.includes(role)))
  return (
    <header className="top-bar">
      <Link to="/" className="brand" aria-label="Tunebook, to the jobs">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        Tunebook
      </Link>
      <nav aria-label="Areas">
        {areas.map(([to, label, prefix]) => {
          const here = path === to || path.startsWith(`${prefix}/`)
          return (
            <Link key={to} to={to} aria-current={here ? 'page' : undefined}>
              {label}
            </Link>
          )
        })}
      </nav>
      <Allowed role="TUNER">
        <Link to="/jobs/new" className="button primary">
          New job
        </Link>
      </Allowed>
      <span className="who">
        {viewer && <span title={roleNames(viewer.roles)}>{viewer.name}</span>}
        <button type="button" className="plain" onClick={signOut}>
          Sign out
        </button>
      </span>
    </header>
  )
}

/** Listens to the news of all jobs, on every screen, so that a loss of the server shows at once. */
function ConnectionBanner() {
  useSubscription({ query: JobChangedDocument })
  if (useConnection() !== 'lost') return null
  return (
    <p className="banner" role="alert">
      The server does not answer; what you see may be old. Trying again …
    </p>
  )
}
