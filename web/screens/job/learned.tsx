import { LineChart } from '../../charts/line-chart.tsx'
import { Behind } from '../../components/behind.tsx'
import { Facts } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { count, ratio, whole } from '../../format.ts'
import type { JobFitQuery } from '../../generated/graphql.ts'

type Job = NonNullable<JobFitQuery['tuningJob']>

/** How models of this kind predict samples that they have not seen, over and over. */
export function CrossValidated({ job: { crossValidation: cross } }: { job: Job }) {
  if (!cross) return null
  const folds = cross.r2ByFold.map((r2, at) => ({ at, r2 }))
  return (
    <Section
      title="Cross-validation"
      lead="The samples are dealt into parts; each part is predicted by a model that learned from the others. If the folds differ much, the model depends on what it happened to see."
    >
      <Facts
        facts={[
          [
            'R², mean of the folds',
            `${ratio(cross.r2Mean)} ± ${ratio(cross.r2StandardDeviation)}`,
            'With its standard deviation.',
          ],
          ['R², all predictions together', ratio(cross.outOfFoldR2)],
          ['Folds', `${count(cross.folds, 'fold')}, ${count(cross.repeats, 'time')}`],
        ]}
      />
      <Behind>
        <Table
          caption="R² by fold"
          rows={folds}
          rowKey={({ at }) => at}
          columns={[
            { title: 'Repeat', figure: true, cell: ({ at }) => Math.floor(at / cross.folds) + 1 },
            { title: 'Fold', figure: true, cell: ({ at }) => (at % cross.folds) + 1 },
            { title: 'R²', figure: true, cell: ({ r2 }) => ratio(r2) },
          ]}
        />
      </Behind>
    </Section>
  )
}

/** Would more samples help? */
export function LearningCurve({ job: { learningCurve: curve } }: { job: Job }) {
  const points = curve?.points.flatMap(({ rows, r2 }) => (r2 === null ? [] : [{ x: rows, y: r2 }])) ?? []
  if (!curve || points.length < 2) return null
  return (
    <Section
      title="Would more samples help?"
      lead={
        curve.expectedR2 === null
          ? 'R² on unseen samples, when only a part of the samples may be learned from.'
          : `R² on unseen samples, when only a part may be learned from. With ${whole(curve.expectedRows)} samples about ${ratio(curve.expectedR2)} can be expected.`
      }
    >
      <LineChart
        label="R² by the number of samples learned from"
        points={points}
        titleX="Samples learned from"
        titleY="R² on unseen samples"
        formatX={whole}
        formatY={ratio}
      />
    </Section>
  )
}
