import { Allowed } from '../../components/allowed.tsx'
import { Empty, ListEnds } from '../../components/answer.tsx'
import { Badge } from '../../components/badge.tsx'
import { Page } from '../../components/page.tsx'
import { count, day, money, percent, time, whole } from '../../format.ts'
import { PlaybooksDocument, type PlaybooksQuery } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { Link } from '../../router.tsx'
import { NewPlaybook } from './new-playbook.tsx'

const PAGE_SIZE = 20

/** The playbooks that learn from their trades; those that wait for a decision say so. */
export function Playbooks() {
  const pages = usePages(PlaybooksDocument, { first: PAGE_SIZE }, playbooksOf)
  return (
    <Page title="Playbooks">
      {pages.totalCount === 0 && (
        <Empty title="There is no playbook yet.">
          <p>
            A playbook holds, for each state of the market, how much to risk and which strategies may trade. Your bot
            reports its trades; reviews then say what to change, and you decide. Make one below.
          </p>
        </Empty>
      )}
      {pages.nodes.length > 0 && <PlaybookTable playbooks={pages.nodes} />}
      <ListEnds pages={pages} />
      <Allowed role="TUNER" instead={<p className="muted">To make a playbook takes the role of a tuner.</p>}>
        <NewPlaybook />
      </Allowed>
    </Page>
  )
}

function PlaybookTable({ playbooks }: { playbooks: PlaybooksQuery['playbooks']['nodes'] }) {
  return (
    <table className="cards">
      <caption className="unseen">Playbooks</caption>
      <thead>
        <tr>
          <th scope="col">Playbook</th>
          <th scope="col">Review</th>
          <th scope="col" className="figure">
            Trades
          </th>
          <th scope="col" className="figure">
            Win rate
          </th>
          <th scope="col" className="figure">
            Profit
          </th>
          <th scope="col">Next review</th>
          <th scope="col">Changed (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {playbooks.map(({ id, name, version, market, strategy, pendingReview, performance, ...book }) => (
          <tr key={id}>
            <td className="main-cell">
              <Link to={`/playbooks/${id}`} className="row-link">
                {name} v{version}
              </Link>
              <span className="sub">
                {[strategy?.name, market?.symbol].filter(Boolean).join(' on ') || 'no strategy to check it on'}
              </span>
            </td>
            <td data-label="Review">
              {pendingReview ? (
                <Link to={`/reviews/${pendingReview.id}`}>
                  <Badge tone="warn">{count(pendingReview.recommendations.length, 'change')} to decide</Badge>
                </Link>
              ) : (
                <span className="muted">none waits</span>
              )}
            </td>
            <td data-label="Trades" className="figure">
              {whole(performance.trades)}
            </td>
            <td data-label="Win rate" className="figure">
              {percent(performance.winRate, 0)}
            </td>
            <td data-label="Profit" className={`figure ${performance.profit < 0 ? 'loss' : 'gain'}`}>
              {performance.trades === 0 ? '–' : money(performance.profit)}
            </td>
            <td data-label="Next review" className="nowrap">
              {day(book.nextReviewAt)}
            </td>
            <td data-label="Changed (UTC)" className="nowrap">
              {time(book.updatedAt)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function playbooksOf(data: PlaybooksQuery) {
  return data.playbooks
}
