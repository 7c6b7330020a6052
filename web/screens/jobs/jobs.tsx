import { useMemo, useState } from 'react'
import { useQuery } from 'urql'
import { Empty, ListEnds } from '../../components/answer.tsx'
import { Page } from '../../components/page.tsx'
import { AnyMarketsDocument, type JobStatus, type TuningJobFilter } from '../../generated/graphql.ts'
import { useDebounced } from '../../hooks/use-debounced.ts'
import { useMay } from '../../hooks/use-may.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { Link } from '../../router.tsx'
import { STATUS } from '../../words.ts'
import { BulkActions } from './bulk-actions.tsx'
import { JobFilters, ORDERS } from './job-filters.tsx'
import { JobTable } from './job-table.tsx'
import { useLiveJobs } from './use-live-jobs.ts'

const PAGE_SIZE = 20
const TYPING_MS = 250

/** All jobs: what waits, what runs, and what came out. */
export function Jobs() {
  const [search] = useSearch()
  const { filter, isFiltered } = useFilter(search)
  const order = ORDERS.find(({ value }) => value === search.get('order')) ?? ORDERS[0]
  const pages = useLiveJobs({ first: PAGE_SIZE, filter, orderBy: { field: order.field, direction: order.direction } })
  const isTuner = useMay('TUNER')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const chosen = pages.nodes.filter(({ id }) => selected.has(id))
  return (
    <Page title="Jobs">
      {(isFiltered || pages.totalCount !== 0) && <JobFilters />}
      {chosen.length > 0 && (
        <BulkActions
          jobs={chosen}
          onDone={() => {
            setSelected(new Set())
            pages.refresh()
          }}
        />
      )}
      {pages.nodes.length > 0 && (
        <JobTable jobs={pages.nodes} selected={selected} onSelect={isTuner ? setSelected : null} />
      )}
      {pages.totalCount === 0 && (isFiltered ? <NothingFits /> : <NoJobs />)}
      <ListEnds pages={pages} />
    </Page>
  )
}

function useFilter(search: URLSearchParams): { filter: TuningJobFilter; isFiltered: boolean } {
  const text = useDebounced(search.get('search')?.trim() ?? '', TYPING_MS)
  const status = search.get('status') ?? ''
  const ready = search.get('ready') === 'yes'
  return useMemo(() => {
    const filter: TuningJobFilter = {
      ...(text && { search: text }),
      ...(status in STATUS && { status: [status as JobStatus] }),
      ...(ready && { productionReady: true }),
    }
    return { filter, isFiltered: Object.keys(filter).length > 0 }
  }, [text, status, ready])
}

function NothingFits() {
  return (
    <Empty title="No job fits this filter.">
      <p>
        Change it, or <Link to="/">show all jobs</Link>.
      </p>
    </Empty>
  )
}

/** The first screen of a newcomer. */
function NoJobs() {
  const [{ data }] = useQuery({ query: AnyMarketsDocument })
  const hasMarkets = (data?.markets.totalCount ?? 0) > 0
  return (
    <Empty title="No job has run yet.">
      <p>A job searches the parameters of a strategy on a market, and says whether the best would survive.</p>
      {hasMarkets ? (
        <p>
          <Link to="/jobs/new" className="button primary">
            Start the first job
          </Link>
        </p>
      ) : (
        <ul className="steps">
          <li>
            To look around, stop the server, run <code>npm run demo</code> and start it again: two finished jobs, one on
            a market with something to find, one on pure chance.
          </li>
          <li>
            With data of your own, <Link to="/markets">import candles</Link>, then{' '}
            <Link to="/jobs/new">start a new job</Link>.
          </li>
        </ul>
      )}
    </Empty>
  )
}
