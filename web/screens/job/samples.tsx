import { useMemo } from 'react'
import { FailureBox, Loading } from '../../components/answer.tsx'
import { Choice } from '../../components/choice.tsx'
import { TextField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { WindowedTable, type Sort, type SortedColumn } from '../../components/windowed-table.tsx'
import { failureOf } from '../../failure.ts'
import { figure, whole } from '../../format.ts'
import type { JobHeadFragment, Metric, SampleSplit } from '../../generated/graphql.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { formatObjective, METRICS, metricOf, objectiveLabel } from '../../metrics.ts'
import { numberIn } from '../../number-in.ts'
import { Link } from '../../router.tsx'
import { SPLIT } from '../../words.ts'
import { backtestPath } from './backtest-place.ts'
import {
  filtered,
  parametersOf,
  SHOWN,
  sorted,
  type SampleFilter,
  type SampleTable,
  type Shown,
} from './sample-table.ts'
import { useSamples } from './use-samples.ts'

/** All parameter sets that were backtested over the training period. */
export function Samples({ job }: { job: JobHeadFragment }) {
  const { table, totalCount, error, retry } = useSamples(job.id)
  return (
    <Section
      title="Samples"
      lead="Every parameter set that was backtested over the training period. A press on a title sorts by it."
    >
      <SampleFilters objective={job.objective} />
      {error && <FailureBox failure={failureOf(error)} retry={retry} />}
      {table ? (
        <Found job={job} table={table} totalCount={totalCount ?? table.count} />
      ) : (
        !error && <Loading what="Loading samples" />
      )}
    </Section>
  )
}

function Found({ job, table, totalCount }: { job: JobHeadFragment; table: SampleTable; totalCount: number }) {
  const [search, change] = useSearch()
  const sort = sortIn(search, job.objective)
  const { split, minTrades, minObjective } = filterIn(search, job.objective)
  const columns = useMemo(() => columnsFor(job.id, job.objective, table), [job.id, job.objective, table])
  const rows = useMemo(() => {
    const kept = filtered(table, { split, minTrades, minObjective })
    return sorted(kept, columnBy(table, sort.key), sort.descending)
  }, [table, split, minTrades, minObjective, sort.key, sort.descending])
  return (
    <>
      {rows.length > 0 && (
        <WindowedTable
          caption="Samples"
          rows={rows}
          columns={columns}
          sort={sort}
          onSort={({ key, descending }) => change({ sort: key, up: descending ? '' : 'yes' })}
        />
      )}
      {rows.length === 0 && <p className="muted">No sample fits this filter.</p>}
      <p className="list-end muted" role="status">
        {whole(rows.length)} of {whole(totalCount)}
        {table.count < totalCount && ', loading more …'}
      </p>
    </>
  )
}

const SPLITS = [['', 'All'], ...Object.entries(SPLIT)] as [string, string][]

function SampleFilters({ objective }: { objective: Metric }) {
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
      <TextField
        label={`${objectiveLabel(objective)}, at least`}
        className="short"
        numeric
        unit={isShare(objective) ? '%' : ''}
        value={search.get('least') ?? ''}
        onChange={(least) => change({ least })}
      />
    </div>
  )
}

/** Whether a figure is written as per cent. */
function isShare(objective: Metric): boolean {
  return formatObjective(objective, 0).endsWith('%')
}

function filterIn(search: URLSearchParams, objective: Metric): SampleFilter {
  const split = search.get('split') ?? ''
  const least = numberIn(search.get('least') ?? '')
  return {
    split: split in SPLIT ? (split as SampleSplit) : null,
    minTrades: numberIn(search.get('trades') ?? '') ?? 0,
    minObjective: least === null ? -Infinity : least / (isShare(objective) ? 100 : 1),
  }
}

/** The best first, where nothing else is asked for. */
function sortIn(search: URLSearchParams, objective: Metric): Sort {
  const key = search.get('sort') ?? ''
  if (key === '') return { key: 'objective', descending: METRICS[metricOf(objective)].lowerIsBetter !== true }
  return { key, descending: search.get('up') !== 'yes' }
}

/** Marks parameters among the keys of columns: one of them may be called "roi". */
const PARAMETER = 'p.'

/** The numbers behind a column; those of the objective where there is no such column. */
function columnBy(table: SampleTable, key: string): ArrayLike<number> {
  if (key === 'index') return Array.from({ length: table.count }, (_, index) => index)
  if (key === 'predicted') return table.predicted
  const parameter = key.startsWith(PARAMETER) ? table.parameters.get(key.slice(PARAMETER.length)) : undefined
  return parameter ?? table.metrics[key as Shown] ?? table.objective
}

/** Pixels that a title takes at least, with its arrow. */
function widthOf(title: string, least = 88): number {
  return Math.max(least, 7.5 * title.length + 40)
}

function columnsFor(jobId: string, objective: Metric, table: SampleTable): SortedColumn[] {
  const own = metricOf(objective)
  const label = objectiveLabel(objective)
  const show = (value: number) => formatObjective(objective, value)
  const number = (key: string, title: string, meaning: string, cell: SortedColumn['cell']): SortedColumn => ({
    key,
    title,
    meaning,
    cell,
    figure: true,
    width: widthOf(title),
  })
  return [
    number('index', '#', 'In the order in which they were drawn.', (index) => index),
    { title: 'Part', width: 130, cell: (index) => SPLIT[table.split[index]] },
    number('objective', label, METRICS[own].meaning, (index) => <b>{show(table.objective[index])}</b>),
    number('predicted', 'Predicted', 'What the model says of it.', (index) => show(table.predicted[index])),
    // the objective itself is not shown twice
    ...SHOWN.filter((name) => name !== own).map((name) =>
      number(name, METRICS[name].label, METRICS[name].meaning, (index) =>
        METRICS[name].format(table.metrics[name][index]),
      ),
    ),
    ...Array.from(table.parameters, ([name, values]) => ({
      ...number(PARAMETER + name, name, 'Parameter', (index) => figure(values[index], 4)),
      title: <code>{name}</code>,
    })),
    {
      title: <span className="unseen">Backtest</span>,
      width: 96,
      cell: (index) => (
        <Link to={backtestPath(jobId, parametersOf(table, index), 'training')} aria-label={`Backtest sample ${index}`}>
          Backtest
        </Link>
      ),
    },
  ]
}
