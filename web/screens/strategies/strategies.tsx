import { ListEnds } from '../../components/answer.tsx'
import { Badge } from '../../components/badge.tsx'
import { Prose } from '../../components/prose.tsx'
import { Page } from '../../components/page.tsx'
import { count } from '../../format.ts'
import { StrategiesDocument, type StrategiesQuery } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { Link } from '../../router.tsx'

const PAGE_SIZE = 50

/** What can be tuned. */
export function Strategies() {
  const pages = usePages(StrategiesDocument, { first: PAGE_SIZE }, strategiesOf)
  return (
    <Page
      title="Strategies"
      actions={
        <>
          <Link to="/strategies/indicators" className="button">
            Indicators
          </Link>
          <Link to="/strategies/new" className="button primary">
            New strategy
          </Link>
        </>
      }
    >
      <p className="lead">
        A strategy is data: expressions over indicators, candles and parameters. Write your own, or begin with a copy.
      </p>
      <ul className="tile-list">
        {pages.nodes.map((strategy) => (
          <StrategyTile key={strategy.id} strategy={strategy} />
        ))}
      </ul>
      <ListEnds pages={pages} />
    </Page>
  )
}

function StrategyTile({ strategy }: { strategy: StrategiesQuery['strategies']['nodes'][number] }) {
  const { id, name, description, builtIn, version, enterLong, enterShort, parameterSpace } = strategy
  const sides = [enterLong && 'long', enterShort && 'short'].filter(Boolean).join(' and ')
  return (
    <li className="tile">
      <h2>
        <Link to={`/strategies/${id}`} className="cover-link">
          {name}
        </Link>{' '}
        {builtIn ? <Badge tone="plain">built in</Badge> : <Badge tone="info">version {version}</Badge>}
      </h2>
      <p>
        <Prose text={description ?? 'No description.'} />
      </p>
      <p className="muted">
        {sides}, {count(parameterSpace.length, 'parameter')}
      </p>
    </li>
  )
}

function strategiesOf(data: StrategiesQuery) {
  return data.strategies
}
