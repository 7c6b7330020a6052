import { useState } from 'react'
import { useQuery } from 'urql'
import { HeatMap } from '../../charts/heat-map.tsx'
import { ImportanceBars } from '../../charts/importance-bars.tsx'
import { around } from '../../charts/scale.ts'
import { SensitivityCurve } from '../../charts/sensitivity-curve.tsx'
import { Answer } from '../../components/answer.tsx'
import { Behind } from '../../components/behind.tsx'
import { Choice } from '../../components/choice.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { figure, NONE, percent } from '../../format.ts'
import { JobDriversDocument, type JobDriversQuery } from '../../generated/graphql.ts'
import { formatObjective, METRICS, objectiveLabel, type KeyMetric } from '../../metrics.ts'
import { MarketConditions } from './market-conditions.tsx'
import { NotFound } from '../not-found.tsx'
import { Link } from '../../router.tsx'
import { Surface } from './surface.tsx'

type Job = NonNullable<JobDriversQuery['tuningJob']>

/** What the result depends on: importances, sensitivities, correlations. */
export function Drivers({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: JobDriversDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ tuningJob: job }) =>
        job ? (
          <>
            <Importance job={job} />
            {job.marketConditions && <MarketConditions conditions={job.marketConditions} />}
            <Sensitivities job={job} />
            <Surface job={job} />
            <Correlations job={job} />
          </>
        ) : (
          <NotFound what="job" back={<Link to="/">Go to the jobs</Link>} />
        )
      }
    </Answer>
  )
}

function Importance({ job: { featureImportance, objective } }: { job: Job }) {
  const features = featureImportance.toSorted((a, b) => a.rank - b.rank)
  return (
    <Section
      title="Importance"
      lead="How much worse the model gets on unseen samples when a feature is shuffled, as a share; with the spread over the repeats."
    >
      {features.length === 0 && <p className="muted">No model was trained, so there are no importances.</p>}
      {features.length > 0 && features.every(({ importance }) => importance === 0) && (
        <p>Nothing helps the model: over this space the objective hardly depends on the parameters.</p>
      )}
      <ImportanceBars features={features} />
      {features.length > 0 && (
        <Behind>
          <Table
            caption="Importances"
            rows={features}
            rowKey={({ feature }) => feature}
            columns={[
              { title: 'Feature', cell: ({ feature }) => <code>{feature}</code> },
              { title: 'By shuffling', figure: true, cell: ({ importance }) => percent(importance) },
              { title: 'Spread', figure: true, cell: ({ standardDeviation }) => percent(standardDeviation) },
              {
                title: 'SHAP',
                meaning: 'Mean share of a prediction that the feature moves, in units of the objective.',
                figure: true,
                cell: ({ shap }) => formatObjective(objective, shap),
              },
              {
                title: 'Gain',
                meaning: 'Share of the training error that splits by it removed; trees only.',
                figure: true,
                cell: ({ gain }) => percent(gain),
              },
            ]}
          />
        </Behind>
      )}
    </Section>
  )
}

function Sensitivities({ job: { sensitivity, objective, bestParameters } }: { job: Job }) {
  if (sensitivity.length === 0) return null
  const y = around(sensitivity.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high])))
  return (
    <Section
      title="Sensitivity"
      lead={`How the predicted ${objectiveLabel(objective)} answers to one parameter while the others vary: mean and the middle 80 %. Shaded: the safe range around the best value, marked by the line.`}
    >
      <div className="small-plots">
        {sensitivity.map(({ parameter, points, safeRange }) => (
          <SensitivityCurve
            key={parameter}
            parameter={parameter}
            points={points}
            safeRange={safeRange}
            best={bestParameters?.[parameter]}
            y={y}
            formatObjective={(value) => formatObjective(objective, value)}
          />
        ))}
      </div>
      <Behind>
        <Table
          caption="Sensitivity"
          rows={sensitivity}
          rowKey={({ parameter }) => parameter}
          columns={[
            { title: 'Parameter', cell: ({ parameter }) => <code>{parameter}</code> },
            { title: 'Best', figure: true, cell: ({ parameter }) => figure(bestParameters?.[parameter], 4) },
            {
              title: 'Safe range',
              figure: true,
              cell: ({ safeRange }) =>
                safeRange ? `${figure(safeRange.low, 4)} to ${figure(safeRange.high, 4)}` : NONE,
            },
            {
              title: 'Alone',
              meaning: 'First-order Sobol index: the share of the variance that it explains by itself.',
              figure: true,
              cell: ({ firstOrder }) => percent(firstOrder, 0),
            },
            {
              title: 'With others',
              meaning: 'Total Sobol index: the same, with everything that it does together with others.',
              figure: true,
              cell: ({ total }) => percent(total, 0),
            },
          ]}
        />
      </Behind>
    </Section>
  )
}

const KINDS = [
  ['spearman', 'Ranks'],
  ['pearson', 'Values'],
] as const

function Correlations({ job: { correlations, parameterSpace } }: { job: Job }) {
  const [kind, setKind] = useState<(typeof KINDS)[number][0]>('spearman')
  if (!correlations) return null
  const { names } = correlations
  const parameters = new Set(parameterSpace.map(({ name }) => name))
  return (
    <Section
      title="Correlations"
      lead="Between each parameter and each figure, over all samples: 1 goes along, −1 goes against. By rank (Spearman) or by value (Pearson)."
      aside={<Choice label="Kind of correlation" value={kind} options={KINDS} onChange={setKind} />}
    >
      <HeatMap
        caption="Correlations of parameters and figures"
        rows={names.filter((name) => parameters.has(name))}
        columns={names.filter((name) => !parameters.has(name))}
        labelOf={(column) => METRICS[column as KeyMetric]?.label ?? column}
        value={(row, column) => correlations[kind][names.indexOf(row)][names.indexOf(column)]}
      />
    </Section>
  )
}
