import { useState } from 'react'
import { useQuery } from 'urql'
import { paretoFront } from '../../charts/pareto.ts'
import { ParetoChart } from '../../charts/pareto-chart.tsx'
import { Answer, Empty } from '../../components/answer.tsx'
import { Choice } from '../../components/choice.tsx'
import { Section } from '../../components/page.tsx'
import { ParameterList } from '../../components/parameter-list.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { percent, whole } from '../../format.ts'
import { JobCandidatesDocument, type JobCandidatesQuery } from '../../generated/graphql.ts'
import { formatObjective, metricOf, objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { backtestPath } from './backtest-place.ts'
import { Compromises } from './compromises.tsx'

export type Job = NonNullable<JobCandidatesQuery['tuningJob']>
type Candidate = Job['candidates'][number]

/** What the search proposes: what the model says of it, and what real backtests say. */
export function Candidates({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: JobCandidatesDocument, variables: { id } })
  return (
    <>
      <Section
        title="Candidates"
        lead="Found by the model among thousands, ranked by how well their neighbourhood does (plateau), then really backtested in and out of sample."
      >
        <Answer state={state} retry={() => retry()}>
          {({ tuningJob: job }) =>
            !job || job.candidates.length === 0 ? (
              <Empty title="No candidate came out.">
                <p>
                  No parameter set kept the risk limits, or nothing could be learned. The warnings of the verdict say
                  more.
                </p>
              </Empty>
            ) : (
              <>
                <CandidateTable job={job} />
                <Front job={job} />
              </>
            )
          }
        </Answer>
      </Section>
      {state.data?.tuningJob && <Compromises job={state.data.tuningJob} />}
    </>
  )
}

const PERIODS = [
  ['outOfSample', 'Out of sample'],
  ['inSample', 'In sample'],
] as const

/** Gain against risk. */
function Front({ job: { candidates } }: { job: Job }) {
  const [period, setPeriod] = useState<(typeof PERIODS)[number][0]>('outOfSample')
  const outcomes = candidates.flatMap(({ rank, [period]: metrics }) =>
    metrics ? [{ rank, gain: metrics.roi, risk: metrics.maxDrawdown }] : [],
  )
  if (outcomes.length < 2) return null
  const pointOf = ({ rank, gain, risk }: (typeof outcomes)[number]) => ({ rank, x: risk, y: gain })
  const when = period === 'inSample' ? 'in sample' : 'out of sample'
  return (
    <>
      <header className="section-head">
        <div>
          <h2>Gain against risk</h2>
          <p className="lead">
            On the line are those that no other candidate beats in both; up and to the left is better.
          </p>
        </div>
        <Choice label="Period" value={period} options={PERIODS} onChange={setPeriod} />
      </header>
      <ParetoChart
        points={outcomes.map(pointOf)}
        front={paretoFront(outcomes).map(pointOf)}
        x={{ title: `Max. drawdown, ${when}`, format: percent }}
        y={{ title: `ROI, ${when}`, format: percent }}
        what="candidates"
      />
    </>
  )
}

function CandidateTable({ job }: { job: Job }) {
  const { candidates, objective } = job
  const level = percent(candidates[0].interval.level, 0)
  return (
    <>
      <Table
        caption={`Candidates by ${objectiveLabel(objective)}`}
        rows={candidates}
        rowKey={({ rank }) => rank}
        columns={columnsFor(job)}
      />
      <p className="muted">
        Intervals of {level} are for a typical candidate; those that a search selects do worse than their intervals say.
        {candidates.some(({ outOfDomain }) => outOfDomain) && ' * Outside of what the model has seen.'}
      </p>
    </>
  )
}

function columnsFor({ id, objective, parameterSpace }: Job): Column<Candidate>[] {
  const label = objectiveLabel(objective)
  const show = (value: number | null | undefined) => formatObjective(objective, value)
  const isRoi = objective === 'ROI'
  return [
    { title: '#', figure: true, cell: ({ rank }) => rank },
    { title: 'Parameters', cell: ({ parameters }) => <ParameterList parameters={parameters} space={parameterSpace} /> },
    {
      title: `${label} predicted`,
      figure: true,
      cell: ({ predicted, outOfDomain, interval }) => (
        <>
          {show(predicted)}
          {outOfDomain && '*'}
          <span className="sub nowrap">
            {show(interval.low)} to {show(interval.high)}
          </span>
        </>
      ),
    },
    {
      title: 'Confidence',
      meaning: 'Probability that a real backtest reaches the reference of the job, 0 to 100.',
      figure: true,
      cell: ({ confidence }) => whole(confidence),
    },
    {
      title: 'Plateau',
      meaning: 'Lower quantile of the objective over the neighbourhood, by which candidates are ranked.',
      figure: true,
      cell: ({ plateau }) => show(plateau),
    },
    { title: `${label} in sample`, figure: true, cell: ({ inSample }) => show(inSample?.[metricOf(objective)]) },
    {
      title: `${label} out of sample`,
      figure: true,
      cell: ({ outOfSample }) => <b>{show(outOfSample?.[metricOf(objective)])}</b>,
    },
    ...(isRoi
      ? []
      : [{ title: 'ROI out', figure: true, cell: ({ outOfSample }: Candidate) => percent(outOfSample?.roi) }]),
    { title: 'Drawdown out', figure: true, cell: ({ outOfSample }) => percent(outOfSample?.maxDrawdown) },
    { title: 'Trades out', figure: true, cell: ({ outOfSample }) => whole(outOfSample?.tradeCount) },
    {
      title: <span className="unseen">Backtest</span>,
      cell: ({ parameters, rank }) => (
        <Link to={backtestPath(id, parameters)} aria-label={`Backtest candidate ${rank}`}>
          Backtest
        </Link>
      ),
    },
  ]
}
