import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { TextField } from '../../components/field.tsx'
import { Prose } from '../../components/prose.tsx'
import { Page } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { IndicatorsDocument } from '../../generated/graphql.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { Link } from '../../router.tsx'

/** The reference: everything that an expression can call. */
export function Indicators() {
  const [state, retry] = useQuery({ query: IndicatorsDocument })
  const [search, change] = useSearch()
  const text = (search.get('search') ?? '').trim().toLowerCase()
  return (
    <Page title="Indicators" above={<Link to="/strategies">Strategies</Link>}>
      <p className="lead">
        Everything that an expression can call, with its defaults. Arguments may be parameters:{' '}
        <code>rsi(rsi_period)</code>. A bar offset looks back: <code>close[1]</code>. <code>crosses_above(a, b)</code>{' '}
        and <code>crosses_below(a, b)</code> say when one line crosses another.
      </p>
      <div className="filters" role="search" aria-label="Indicators">
        <TextField
          label="Search"
          type="search"
          value={search.get('search') ?? ''}
          placeholder="Name or description"
          onChange={(value) => change({ search: value })}
        />
      </div>
      <Answer state={state} retry={() => retry()}>
        {({ indicators }) => {
          const found = indicators.filter(({ name, description }) =>
            `${name} ${description}`.toLowerCase().includes(text),
          )
          if (found.length === 0) return <p>No indicator is called so, or says so.</p>
          return (
            <Table
              caption="Indicators"
              rows={found}
              rowKey={({ name }) => name}
              columns={[
                { title: 'Call', cell: ({ signature }) => <code>{signature}</code> },
                { title: 'What it is', cell: ({ description }) => <Prose text={description} /> },
                {
                  title: 'Family',
                  meaning: 'Its siblings, each callable by itself.',
                  cell: ({ name, outputs }) => outputs.filter((output) => output !== name).join(', ') || '–',
                },
              ]}
            />
          )
        }}
      </Answer>
    </Page>
  )
}
