import { Empty, ListEnds } from '../../components/answer.tsx'
import { Badge, SyntheticBadge } from '../../components/badge.tsx'
import { Page } from '../../components/page.tsx'
import { bytes, ratio, time } from '../../format.ts'
import { ModelsDocument, type ModelsQuery } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { algorithmName } from '../../words.ts'

const PAGE_SIZE = 20

/** What the jobs have learned. */
export function Models() {
  const pages = usePages(ModelsDocument, { first: PAGE_SIZE }, modelsOf)
  return (
    <Page title="Models">
      {pages.totalCount === 0 && (
        <Empty title="No model has been trained yet.">
          <p>Each finished job leaves one: it predicts what a parameter set would earn, without a backtest.</p>
          <p>
            <Link to="/jobs/new" className="button primary">
              New job
            </Link>
          </p>
        </Empty>
      )}
      {pages.nodes.length > 0 && (
        <table className="cards">
          <caption className="unseen">Models</caption>
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Predicts</th>
              <th scope="col">Algorithm</th>
              <th scope="col" className="figure">
                Validation R²
              </th>
              <th scope="col" className="figure">
                Test R²
              </th>
              <th scope="col" className="figure">
                Size
              </th>
              <th scope="col">Trained (UTC)</th>
            </tr>
          </thead>
          <tbody>
            {pages.nodes.map((model) => (
              <tr key={model.id}>
                <td className="main-cell">
                  <Link to={`/models/${model.id}`} className="row-link">
                    {model.name} v{model.version}
                  </Link>
                  {model.active && <Badge tone="good">active</Badge>}{' '}
                  {model.aliases.map((alias) => (
                    <Badge key={alias} tone="info">
                      {alias}
                    </Badge>
                  ))}
                  <span className="sub">
                    {model.strategy.name} on {model.market.symbol} {model.market.synthetic && <SyntheticBadge />}
                  </span>
                </td>
                <td data-label="Predicts">{objectiveLabel(model.objective)}</td>
                <td data-label="Algorithm">{algorithmName(model.algorithm)}</td>
                <td data-label="Validation R²" className="figure">
                  {ratio(model.validation.r2)}
                </td>
                <td data-label="Test R²" className="figure">
                  {ratio(model.test.r2)}
                </td>
                <td data-label="Size" className="figure">
                  {bytes(model.sizeBytes)}
                </td>
                <td data-label="Trained (UTC)" className="nowrap">
                  {time(model.createdAt)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ListEnds pages={pages} />
    </Page>
  )
}

function modelsOf(data: ModelsQuery) {
  return data.models
}
