import { ImportanceBars } from '../../charts/importance-bars.tsx'
import { Behind } from '../../components/behind.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { figure, NONE, percent, ratio, whole } from '../../format.ts'
import type { JobDriversQuery } from '../../generated/graphql.ts'

type Conditions = NonNullable<NonNullable<JobDriversQuery['tuningJob']>['marketConditions']>

const HOUR_MS = 3_600_000

/** Under which conditions the samples earned. */
export function MarketConditions({ conditions: given }: { conditions: Conditions }) {
  const { windowMs, windows, samples, validation, unseenTimesR2, importance, conditions } = given
  const hours = windowMs / HOUR_MS
  return (
    <Section
      title="Market conditions"
      lead={`What ${whole(samples)} samples earned in ${whole(windows)} windows of ${whole(hours)} hours, by parameters, market and time. It explains the past and has no part in the search.`}
    >
      <p>
        R² {ratio(validation.r2)} on samples that this model has not seen, {ratio(unseenTimesR2)} in times that it has
        not seen.
      </p>
      <ImportanceBars features={importance.toSorted((a, b) => a.rank - b.rank)} />
      <Behind>
        <Table
          caption="Returns by condition"
          rows={conditions}
          rowKey={({ feature, low }) => `${feature} ${low}`}
          columns={[
            { title: 'Figure', cell: ({ feature }) => <code>{feature}</code> },
            {
              title: 'Range',
              figure: true,
              cell: ({ low, high }) => (low === high ? figure(low) : `${figure(low)} to ${figure(high)}`),
            },
            { title: 'Windows', figure: true, cell: (row) => whole(row.windows) },
            {
              title: 'Samples',
              meaning: 'Mean return of a window over the samples.',
              figure: true,
              cell: ({ meanReturn }) => percent(meanReturn, 3),
            },
            {
              title: 'Best',
              meaning: 'Mean return of a window of the first candidate, with its standard error.',
              figure: true,
              cell: ({ bestReturn, bestStandardError }) =>
                bestReturn === null ? NONE : `${percent(bestReturn, 3)} ± ${percent(bestStandardError, 3)}`,
            },
          ]}
        />
      </Behind>
    </Section>
  )
}
