import { useState } from 'react'
import { ParetoChart } from '../../charts/pareto-chart.tsx'
import { SelectField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { ParameterList } from '../../components/parameter-list.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { percent } from '../../format.ts'
import type { Metric } from '../../generated/graphql.ts'
import { formatObjective, METRICS, metricOf, objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { backtestPath } from './backtest-place.ts'
import type { Job } from './candidates.tsx'

type Compromise = Job['paretoFront'][number]

/** What nothing beats in the objective and the watched figures at once; only where some are watched. */
export function Compromises({ job }: { job: Job }) {
  const { objective, secondaryObjectives, paretoFront, parameterSpace, hypervolume } = job
  const [against, setAgainst] = useState<Metric | undefined>(secondaryObjectives[0])
  if (against === undefined || paretoFront.length === 0) return null
  const points = paretoFront.flatMap(({ rank, inSample }) => {
    const [x, y] = [inSample?.[metricOf(against)], inSample?.[metricOf(objective)]]
    return typeof x === 'number' && typeof y === 'number' ? [{ rank, x, y }] : []
  })
  const axis = (metric: Metric) => ({
    title: `${objectiveLabel(metric)}, in sample`,
    format: (value: number) => formatObjective(metric, value),
  })
  return (
    <Section
      title="Compromises"
      lead={`Of all that was backtested nothing is better than these in ${listed([objective, ...secondaryObjectives])} at once. Which one is right is for you to say.`}
      aside={
        secondaryObjectives.length > 1 && (
          <SelectField
            label="Against"
            value={against}
            options={secondaryObjectives.map((metric) => [metric, objectiveLabel(metric)] as const)}
            onChange={(metric) => setAgainst(metric as Metric)}
          />
        )
      }
    >
      {points.length > 1 && (
        <ParetoChart
          points={points}
          front={points}
          x={axis(against)}
          y={axis(objective)}
          what="compromises"
          line={false}
        />
      )}
      <Table
        caption="Compromises"
        rows={paretoFront}
        rowKey={({ rank }) => rank}
        columns={[
          { title: '#', figure: true, cell: ({ rank }) => rank },
          {
            title: 'Parameters',
            cell: ({ parameters }) => <ParameterList parameters={parameters} space={parameterSpace} />,
          },
          ...[objective, ...secondaryObjectives].flatMap(columnsOf),
          {
            title: <span className="unseen">Backtest</span>,
            cell: ({ parameters, rank }) => (
              <Link to={backtestPath(job.id, parameters)} aria-label={`Backtest compromise ${rank}`}>
                Backtest
              </Link>
            ),
          },
        ]}
      />
      {hypervolume !== null && (
        <p className="muted">
          Together they dominate {percent(hypervolume)} of the range of all these figures: the more, the better.
        </p>
      )}
    </Section>
  )
}

/** ROI, Max. drawdown and Win rate. */
function listed(metrics: readonly Metric[]): string {
  const labels = metrics.map(objectiveLabel)
  return `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`
}

/** A figure in and out of sample. */
function columnsOf(metric: Metric): Column<Compromise>[] {
  const { label, meaning, format } = METRICS[metricOf(metric)]
  return [
    { title: `${label} in`, meaning, figure: true, cell: ({ inSample }) => format(inSample?.[metricOf(metric)]) },
    {
      title: 'out',
      meaning: `${meaning} Out of sample.`,
      figure: true,
      cell: ({ outOfSample }) => <b>{format(outOfSample?.[metricOf(metric)])}</b>,
    },
  ]
}
