import { useQuery } from 'urql'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { rangeOf } from '../../components/space-table.tsx'
import { figure, NONE } from '../../format.ts'
import { JobOutOfSampleDocument } from '../../generated/graphql.ts'
import { Link } from '../../router.tsx'
import { backtestPath } from './backtest-place.ts'

/** The best parameters, and how far each may move before the result suffers. */
export function BestSet({ id }: { id: string }) {
  const [{ data }] = useQuery({ query: JobOutOfSampleDocument, variables: { id } })
  const job = data?.tuningJob
  if (!job?.outOfSample) return null // why there is none stands under "Out of sample"
  const { parameterSpace, sensitivity, outOfSample } = job
  const { parameters } = outOfSample
  const safe = new Map(sensitivity.map((one) => [one.parameter, one.safeRange]))
  return (
    <Section
      title="Best parameters"
      lead="Inside its safe range a parameter hardly changes the predicted result; a narrow one is a warning."
      aside={<Link to={backtestPath(id, parameters)}>See its equity and trades</Link>}
    >
      <Table
        caption="Best parameters with safe ranges"
        rows={parameterSpace}
        rowKey={({ name }) => name}
        columns={[
          { title: 'Parameter', cell: ({ name }) => <code>{name}</code> },
          { title: 'Best', figure: true, cell: ({ name }) => <b>{figure(parameters[name], 4)}</b> },
          {
            title: 'Safe range',
            figure: true,
            cell: ({ name }) => {
              const range = safe.get(name)
              return range ? `${figure(range.low, 4)} to ${figure(range.high, 4)}` : NONE
            },
          },
          { title: 'Default', figure: true, cell: (spec) => figure(spec.default, 4) },
          { title: 'Searched', cell: rangeOf },
        ]}
      />
    </Section>
  )
}
