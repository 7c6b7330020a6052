import { Allowed } from '../../components/allowed.tsx'
import { Empty, ListEnds } from '../../components/answer.tsx'
import { QualityBadge, SyntheticBadge } from '../../components/badge.tsx'
import { Page } from '../../components/page.tsx'
import { day, rate, span, time, whole } from '../../format.ts'
import { MarketsDocument, type MarketsQuery, type MarketRowFragment } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { Link } from '../../router.tsx'
import { ImportCandles } from './import-candles.tsx'
import { missingShare } from './quality.ts'

const PAGE_SIZE = 50

/** The candles that there are, and the way to bring more. */
export function Markets() {
  const pages = usePages(MarketsDocument, { first: PAGE_SIZE }, marketsOf)
  return (
    <Page title="Markets">
      {pages.totalCount === 0 && (
        <Empty title="No candles are here yet.">
          <p>
            Import a file below, or <code>npx tunebook import candles.csv --symbol BTC/USDT --timeframe 1m</code> for
            large ones. <code>npm run demo</code> makes two synthetic markets to try things on.
          </p>
        </Empty>
      )}
      {pages.nodes.length > 0 && <MarketTable markets={pages.nodes} />}
      <ListEnds pages={pages} />
      <Allowed role="TUNER" instead={<p className="muted">To bring candles in takes the role of a tuner.</p>}>
        <ImportCandles onImported={pages.refresh} />
      </Allowed>
    </Page>
  )
}

function MarketTable({ markets }: { markets: readonly MarketRowFragment[] }) {
  return (
    <table className="cards">
      <caption className="unseen">Markets</caption>
      <thead>
        <tr>
          <th scope="col">Market</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col" className="figure">
            Span
          </th>
          <th scope="col" className="figure">
            Candles
          </th>
          <th scope="col">Quality</th>
          <th scope="col" className="figure">
            Missing
          </th>
          <th scope="col">Last import (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {markets.map((market) => (
          <tr key={market.id}>
            <td className="main-cell">
              <Link to={`/markets/${market.id}`} className="row-link">
                {market.symbol} {market.timeframe}
              </Link>
              <span className="sub">{market.synthetic ? <SyntheticBadge /> : market.exchange}</span>
            </td>
            <td data-label="From" className="nowrap">
              {day(market.from)}
            </td>
            <td data-label="To" className="nowrap">
              {day(market.to)}
            </td>
            <td data-label="Span" className="figure">
              {span(market)}
            </td>
            <td data-label="Candles" className="figure">
              {whole(market.candleCount)}
            </td>
            <td data-label="Quality">
              <QualityBadge score={market.quality.score} />
            </td>
            <td data-label="Missing" className="figure">
              {rate(missingShare(market))}
            </td>
            <td data-label="Last import (UTC)" className="nowrap">
              {time(market.updatedAt)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function marketsOf(data: MarketsQuery) {
  return data.markets
}
