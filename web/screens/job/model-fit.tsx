import { useMemo } from 'react'
import { useQuery } from 'urql'
import { Scatter, SplitMark, type ScatterPoint } from '../../charts/scatter.tsx'
import { Allowed } from '../../components/allowed.tsx'
import { Answer, FailureBox, Loading } from '../../components/answer.tsx'
import { Behind } from '../../components/behind.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { failureOf } from '../../failure.ts'
import { ratio, whole } from '../../format.ts'
import {
  JobFitDocument,
  type JobFitQuery,
  type Metric,
  type SampleSplit,
  type ScoresFragment,
} from '../../generated/graphql.ts'
import { formatObjective, objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { SPLIT } from '../../words.ts'
import { CrossValidated, LearningCurve } from './learned.tsx'
import { SaveModel } from './save-model.tsx'
import type { SampleTable } from './sample-table.ts'
import { useSamples } from './use-samples.ts'

type Job = NonNullable<JobFitQuery['tuningJob']>

/** How well the model knows the samples: in figures, and point by point. */
export function ModelFit({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: JobFitDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ tuningJob: job }) =>
        job?.training ? <Fit job={job} /> : <p className="muted">Nothing could be learned from these samples.</p>
      }
    </Answer>
  )
}

function Fit({ job }: { job: Job }) {
  return (
    <>
      <Section
        title="How well the model fits"
        lead="Training: the samples it learned from. Validation: others, which judge it. Test: once more others, looked at after every choice."
        aside={job.model && <Link to={`/models/${job.model.id}`}>The model</Link>}
      >
        <ScoresTable objective={job.objective} training={job.training} validation={job.validation} test={job.test} />
        <p className="muted">
          Overfitting, training R² less validation R²: <b>{ratio(job.overfitting)}</b>
        </p>
      </Section>
      {job.model && (
        <Allowed role="TUNER">
          <SaveModel jobId={job.id} />
        </Allowed>
      )}
      <CrossValidated job={job} />
      <LearningCurve job={job} />
      <FitScatter id={job.id} objective={job.objective} />
    </>
  )
}

interface ScoresProps {
  objective: Metric
  training: ScoresFragment | null
  validation: ScoresFragment | null
  test: ScoresFragment | null
}

/** R², errors and ranks of the three parts side by side. */
export function ScoresTable({ objective, training, validation, test }: ScoresProps) {
  const parts = (
    [
      ['TRAIN', 'Training', training],
      ['VALIDATION', 'Validation', validation],
      ['TEST', 'Test', test],
    ] as const
  ).flatMap(([split, name, scores]) => (scores ? [{ split, name, scores }] : []))
  const show = (value: number) => formatObjective(objective, value)
  return (
    <Table
      caption="Fit of the model"
      rows={parts}
      rowKey={({ split }) => split}
      columns={[
        { title: 'Part', cell: ({ split, name }) => <Part split={split} name={name} /> },
        { title: 'Samples', figure: true, cell: ({ scores }) => whole(scores.count) },
        {
          title: 'R²',
          meaning: 'Share of the variance explained.',
          figure: true,
          cell: ({ scores }) => ratio(scores.r2),
        },
        { title: 'Rank correlation', figure: true, cell: ({ scores }) => ratio(scores.rankCorrelation) },
        { title: 'Mean error', meaning: 'Mean absolute error.', figure: true, cell: ({ scores }) => show(scores.mae) },
        {
          title: 'RMSE',
          meaning: 'Root of the mean squared error.',
          figure: true,
          cell: ({ scores }) => show(scores.rmse),
        },
      ]}
    />
  )
}

function Part({ split, name }: { split: SampleSplit; name: string }) {
  return (
    <span className="nowrap">
      <SplitMark split={split} /> {name}
    </span>
  )
}

/** Beyond this many points a scatter plot shows no more, and is slow. */
const MAX_POINTS = 1500

function FitScatter({ id, objective }: { id: string; objective: Metric }) {
  const { table, error, retry } = useSamples(id)
  const learned = useMemo(() => (table ? pointsOf(table) : []), [table])
  const label = objectiveLabel(objective)
  const format = (value: number) => formatObjective(objective, value)
  const points = learned.slice(0, MAX_POINTS)
  return (
    <Section title="Predicted against backtested" lead="A perfect model puts every sample on the dashed line.">
      {error && <FailureBox failure={failureOf(error)} retry={retry} />}
      {!table && !error && <Loading what="Loading samples" />}
      {points.length > 0 && (
        <>
          <Scatter points={points} format={format} objective={label} />
          <Behind>
            <Table
              caption="Predicted against backtested, the largest misses first"
              rows={worst(points)}
              rowKey={({ index }) => index}
              columns={[
                { title: 'Sample', figure: true, cell: ({ index }) => index },
                { title: 'Part', cell: ({ split }) => SPLIT[split] },
                { title: `${label} predicted`, figure: true, cell: ({ predicted }) => format(predicted) },
                { title: 'Backtested', figure: true, cell: ({ actual }) => <b>{format(actual)}</b> },
                { title: 'Miss', figure: true, cell: ({ predicted, actual }) => format(predicted - actual) },
              ]}
            />
            <p className="muted">
              The largest misses; <Link to={`/jobs/${id}/samples`}>the samples</Link> have them all.
            </p>
          </Behind>
        </>
      )}
      {learned.length > MAX_POINTS && (
        <p className="muted">
          The first {whole(MAX_POINTS)} of {whole(learned.length)} samples are drawn.
        </p>
      )}
    </Section>
  )
}

/** The samples that were learned from or judged by. */
function pointsOf({ count, split, predicted, objective }: SampleTable): ScatterPoint[] {
  const points = Array.from({ length: count }, (_, index) => ({
    index,
    split: split[index],
    predicted: predicted[index],
    actual: objective[index],
  }))
  return points.filter((point) => point.split !== 'NONE' && Number.isFinite(point.predicted - point.actual))
}

const MOST_ROWS = 60

function worst(points: readonly ScatterPoint[]): ScatterPoint[] {
  const miss = ({ predicted, actual }: ScatterPoint) => Math.abs(predicted - actual)
  return points.toSorted((a, b) => miss(b) - miss(a)).slice(0, MOST_ROWS)
}
