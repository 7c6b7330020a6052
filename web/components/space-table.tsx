import { figure, NONE } from '../format.ts'
import type { ParameterRangeFragment } from '../generated/graphql.ts'
import { DISTRIBUTION } from '../words.ts'
import { Table } from './table.tsx'

/** The parameters of a strategy or a job with the ranges in which they vary. */
export function SpaceTable({ space }: { space: readonly ParameterRangeFragment[] }) {
  return (
    <Table
      caption="Parameters and their ranges"
      rows={space}
      rowKey={({ name }) => name}
      columns={[
        { title: 'Parameter', cell: ({ name }) => <code>{name}</code> },
        { title: 'Drawn from', cell: ({ distribution }) => DISTRIBUTION[distribution] },
        { title: 'Range', cell: rangeOf },
        { title: 'Step', figure: true, cell: ({ step }) => figure(step, 6) },
        {
          title: 'Default',
          meaning: 'The value you trade by today; all defaults together are the baseline.',
          figure: true,
          cell: (spec) => figure(spec.default, 6),
        },
      ]}
    />
  )
}

/** 25 to 35; for a normal distribution its mean and spread; for listed values the list. */
export function rangeOf({ low, high, mean, standardDeviation, values, distribution }: ParameterRangeFragment): string {
  if (distribution === 'BOOLEAN') return '0 or 1'
  if (values) return values.map((value) => figure(value, 6)).join(', ')
  const bounds = `${figure(low, 6)} to ${figure(high, 6)}`
  if (distribution !== 'NORMAL') return bounds
  const bell = `${figure(mean, 6)} ± ${figure(standardDeviation, 6)}`
  return bounds === `${NONE} to ${NONE}` ? bell : `${bell}, within ${bounds}`
}
