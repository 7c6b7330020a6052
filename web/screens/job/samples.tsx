import { useMemo } from 'react'
import { ListEnds } from '../../components/answer.tsx'
import { Choice } from '../../components/choice.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { ParameterList } from '../../components/parameter-list.tsx'
import type { Column } from '../../components/table.tsx'
import { WindowedTable } from '../../components/windowed-table.tsx'
import { percent, ratio, whole } from '../../format.ts'
import {
  JobSamplesDocument,
  type JobHeadFragment,
  type JobSamplesQuery,
  type Metric,
  type SampleFilter,
  type SampleOrder,
  type SampleSplit,
} from '../../generated/graphql.ts'
import { useDebounced } from '../../hooks/use-debounced.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { formatObjective, objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { SPLIT } from '../../words.ts'
import { backtestPath } from './backtest-place.ts'

type Sample = NonNullable<JobSamplesQuery['tuningJob']>['samples']['nodes'][number]

const PAGE_SIZE = 100
const TYPING_MS = 250

const ORDERS: [value: string, label: string, order: SampleOrder][] = [
  ['', 'Best first', { field: 'OBJECTIVE', direction: 'DESC' }],
  ['worst', 'Worst first', { field: 'OBJECTIVE', direction: 'ASC' }],
  ['predicted', 'Best predicted first', { field: 'PREDICTED', direction: 'DESC' }],
  ['drawn', 'As they were drawn', { field: 'INDEX', direction: 'ASC' }],
]

/** All parameter sets that were backtested over the training period. */
export function Samples({ job }: { job: JobHeadFragment }) {
  const [search] = useSearch()
  const split = search.get('split') ?? ''
  const trades = Number(useDebounced(search.get('trades') ?? '', TYPING_MS))
  const filter: SampleFilter = {
    ...(split in SPLIT && { split: [split as SampleSplit] }),
    ...(Number.isInteger(trades) && trades > 0 && { minTrades: trades }),
  }
  const [, , orderBy] = ORDERS.find(([value]) => value === search.get('order')) ?? ORDERS[0]
  const columns = useMemo(() => columnsFor(job.id, job.objective), [job.id, job.objective])
  const pages = usePages(JobSamplesDocument, { id: job.id, first: PAGE_SIZE, filter, orderBy }, samplesOf)
  return (
    <Section title="Samples" lead="Every parameter set that was backtested over the training period.">
      <SampleFilters />
      {pages.nodes.length > 0 && (
        <WindowedTable
          caption="Samples"
          rows={pages.nodes}
          totalCount={pages.totalCount ?? 0}
          onWanted={() => {
            if (!pages.loading && !pages.error) pages.more()
          }}
          rowKey={({ id }) => id}
          columns={columns}
        />
      )}
      {pages.totalCount === 0 && <p className="muted">No sample fits this filter.</p>}
      <ListEnds pages={pages} />
    </Section>
  )
}

const SPLITS = [['', 'All'], ...Object.entries(SPLIT)] as [string, string][]

function SampleFilters() {
  const [search, change] = useSearch()
  return (
    <div className="filters">
      <Choice label="Part" value={search.get('split') ?? ''} options={SPLITS} onChange={(split) => change({ split })} />
      <TextField
        label="At least so many trades"
        className="short"
        numeric
        value={search.get('trades') ?? ''}
        onChange={(trades) => change({ trades })}
      />
      <SelectField
        label="Order"
        value={search.get('order') ?? ''}
        options={ORDERS.map(([value, label]) => [value, label] as const)}
        onChange={(order) => change({ order })}
      />
    </div>
  )
}

function columnsFor(jobId: string, objective: Metric): Column<Sample>[] {
  const label = objectiveLabel(objective)
  const show = (value: number | null) => formatObjective(objective, value)
  const columns: Column<Sample>[] = [
    { title: '#', figure: true, cell: ({ index }) => index },
    { title: 'Part', cell: ({ split }) => SPLIT[split] },
    { title: 'Parameters', cell: ({ parameters }) => <ParameterList parameters={parameters} /> },
    { title: label, figure: true, cell: (sample) => <b>{show(sample.objective)}</b> },
    { title: 'Predicted', figure: true, cell: ({ predicted }) => show(predicted) },
    { title: 'ROI', figure: true, cell: ({ metrics }) => percent(metrics.roi) },
    { title: 'Sharpe ratio', figure: true, cell: ({ metrics }) => ratio(metrics.sharpeRatio) },
    { title: 'Max. drawdown', figure: true, cell: ({ metrics }) => percent(metrics.maxDrawdown) },
    { title: 'Win rate', figure: true, cell: ({ metrics }) => percent(metrics.winRate) },
    { title: 'Trades', figure: true, cell: ({ metrics }) => whole(metrics.tradeCount) },
    {
      title: <span className="unseen">Backtest</span>,
      cell: ({ parameters, index }) => (
        <Link to={backtestPath(jobId, parameters, 'training')} aria-label={`Backtest sample ${index}`}>
          Backtest
        </Link>
      ),
    },
  ]
  // the objective itself is not shown twice
  return columns.filter(({ title }, at) => columns.findIndex((column) => column.title === title) === at)
}

function samplesOf(data: JobSamplesQuery) {
  return data.tuningJob?.samples
}
