import { useQuery } from 'urql'
import { Scatter, SplitMark } from '../../charts/scatter.tsx'
import { Answer, FailureBox, Loading } from '../../components/answer.tsx'
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
import { CrossValidated, LearningCurve } from './learned.tsx'
import { SaveModel } from './save-model.tsx'
import { MAX_POINTS, useFitPoints } from './use-fit-points.ts'

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
      {job.model && <SaveModel jobId={job.id} />}
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

function FitScatter({ id, objective }: { id: string; objective: Metric }) {
  const { points, total, loading, error } = useFitPoints(id)
  const label = objectiveLabel(objective)
  return (
    <Section title="Predicted against backtested" lead="A perfect model puts every sample on the dashed line.">
      {error && <FailureBox failure={failureOf(error)} />}
      {points.length > 0 && (
        <Scatter points={points} format={(value) => formatObjective(objective, value)} objective={label} />
      )}
      {loading && <Loading what={`Loading samples, ${points.length} of ${total ?? '…'}`} />}
      {total !== null && total > MAX_POINTS && (
        <p className="muted">
          The first {whole(MAX_POINTS)} of {whole(total)} samples are drawn.
        </p>
      )}
    </Section>
  )
}
