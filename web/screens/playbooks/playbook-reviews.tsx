import { Empty, ListEnds } from '../../components/answer.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { NONE, time, whole } from '../../format.ts'
import { PlaybookReviewsDocument, type PlaybookReviewsQuery } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { Link } from '../../router.tsx'
import { ReviewBadge } from '../review/review-badge.tsx'

const PAGE_SIZE = 20

/** Every review, newest first, and who decided it. */
export function PlaybookReviews({ id }: { id: string }) {
  const pages = usePages(PlaybookReviewsDocument, { id, first: PAGE_SIZE }, reviewsOf)
  return (
    <Section title="Reviews">
      {pages.totalCount === 0 && (
        <Empty title="No review has been made yet.">
          <p>“Review now” looks at the trades of the lookback period; otherwise one is made when it is due.</p>
        </Empty>
      )}
      {pages.nodes.length > 0 && (
        <Table
          caption="Reviews"
          rows={pages.nodes}
          rowKey={(review) => review.id}
          columns={[
            {
              title: 'Made (UTC)',
              cell: ({ id, createdAt }) => (
                <Link to={`/reviews/${id}`} className="nowrap">
                  {time(createdAt)}
                </Link>
              ),
            },
            { title: 'State', cell: ({ status }) => <ReviewBadge status={status} /> },
            { title: 'Changes', figure: true, cell: ({ recommendations }) => whole(recommendations.length) },
            { title: 'What it says', cell: ({ explanation }) => explanation },
            { title: 'Decided by', cell: ({ decidedBy }) => decidedBy ?? NONE },
            { title: 'Decided (UTC)', cell: ({ decidedAt }) => <span className="nowrap">{time(decidedAt)}</span> },
          ]}
        />
      )}
      <ListEnds pages={pages} />
    </Section>
  )
}

function reviewsOf(data: PlaybookReviewsQuery) {
  return data.playbook?.reviews
}
