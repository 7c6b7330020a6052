import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Tiles } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { percent } from '../../format.ts'
import { JobOutOfSampleDocument, type JobHeadFragment, type JobOutOfSampleQuery } from '../../generated/graphql.ts'
import { formatObjective, METRICS, metricOf, objectiveLabel, type KeyMetric } from '../../metrics.ts'
import { sentence } from '../../words.ts'
import { OutOfSampleEquity } from './out-of-sample-equity.tsx'

type Job = NonNullable<JobOutOfSampleQuery['tuningJob']>
type Result = NonNullable<Job['outOfSample']>
type Baseline = Result['baselines'][number]

const ROWS: KeyMetric[] = ['roi', 'sharpeRatio', 'maxDrawdown', 'winRate', 'profitFactor', 'tradeCount']
const NAMES: Record<string, string> = { best: 'Best set', defaults: 'Defaults', 'buy and hold': 'Buy and hold' }

/** The best set on candles that neither samples nor model nor search have seen, beside what it has to beat. */
export function OutOfSample({ job: head }: { job: JobHeadFragment }) {
  const [state, retry] = useQuery({ query: JobOutOfSampleDocument, variables: { id: head.id } })
  return (
    <Section
      title="Out of sample"
      lead="The best set on candles that neither samples nor model nor search have seen, beside what it has to beat."
    >
      <Answer state={state} retry={() => retry()}>
        {({ tuningJob: job }) =>
          job?.outOfSample ? (
            <>
              <Baselines baselines={job.outOfSample.baselines} />
              <OutOfSampleEquity job={head} execution={job.execution} parameters={job.outOfSample.parameters} />
            </>
          ) : (
            <p className="muted">No candidate kept the limits, so nothing was tested out of sample.</p>
          )
        }
      </Answer>
    </Section>
  )
}

/** What the model said, what the training period gave, and what was left of it on unseen candles. */
export function InAndOut({ job: { id, objective } }: { job: JobHeadFragment }) {
  const [{ data }] = useQuery({ query: JobOutOfSampleDocument, variables: { id } })
  const job = data?.tuningJob
  if (!job?.outOfSample) return null
  const { predicted, actual, inSample, metrics } = job.outOfSample
  const label = objectiveLabel(objective)
  const show = (value: number | null) => formatObjective(objective, value)
  return (
    <Tiles
      facts={[
        [`${label} predicted`, show(predicted), 'What the model said, in sample.'],
        [`${label} in sample`, show(inSample[metricOf(objective)]), 'Backtested over the training period.'],
        [`${label} out of sample`, show(actual), 'Backtested over the test period, which nothing has seen.'],
        ...(objective === 'ROI' ? [] : ([['ROI out of sample', percent(metrics.roi), METRICS.roi.meaning]] as const)),
        ['Drawdown out of sample', percent(metrics.maxDrawdown), METRICS.maxDrawdown.meaning],
      ]}
    />
  )
}

function Baselines({ baselines }: { baselines: readonly Baseline[] }) {
  return (
    <Table
      caption="Out of sample, side by side"
      rows={ROWS}
      rowKey={(metric) => metric}
      columns={[
        { title: '', cell: (metric) => <span title={METRICS[metric].meaning}>{METRICS[metric].label}</span> },
        ...baselines.map(({ name, metrics }) => ({
          title: NAMES[name] ?? sentence(name),
          figure: true,
          cell: (metric: KeyMetric) => {
            const text = METRICS[metric].format(metrics[metric])
            return isBest(metric, metrics[metric], baselines) ? <b className="winner">{text}</b> : text
          },
        })),
      ]}
    />
  )
}

/** Figures in which one can be better than another; a single trade of a holder wins always or never. */
const COMPARED: readonly KeyMetric[] = ['roi', 'sharpeRatio', 'maxDrawdown']

/** Whether nobody does better. */
function isBest(metric: KeyMetric, value: number | null, all: readonly Baseline[]): boolean {
  if (value === null || !COMPARED.includes(metric)) return false
  const sign = METRICS[metric].lowerIsBetter ? -1 : 1
  return all.every(({ metrics }) => metrics[metric] === null || sign * metrics[metric] <= sign * value)
}
