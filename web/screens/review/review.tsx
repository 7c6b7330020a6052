import { useEffect, useState, type ComponentProps } from 'react'
import { useQuery, useSubscription } from 'urql'
import { Allowed } from '../../components/allowed.tsx'
import { Answer } from '../../components/answer.tsx'
import { Page, Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { useReturns } from '../../connection.ts'
import { period, percent, ratio, time, whole } from '../../format.ts'
import { ReviewChangedDocument, ReviewDocument, type ReviewHeadFragment } from '../../generated/graphql.ts'
import { useIsPast } from '../../hooks/use-is-past.ts'
import { Link } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { Decisions } from './decisions.tsx'
import { Recommendations } from './recommendations.tsx'
import { ReviewBadge } from './review-badge.tsx'

/** What the trades speak for, with its evidence; and the decision. It follows what others decide meanwhile. */
export function Review({ id }: { id: string }) {
  const [state, ask] = useQuery({ query: ReviewDocument, variables: { id } })
  const asked = state.data?.playbookReview
  const playbookId = asked?.playbook.id ?? ''
  const [{ data: news }] = useSubscription({
    query: ReviewChangedDocument,
    variables: { playbookId },
    pause: playbookId === '',
  })
  const again = () => ask({ requestPolicy: 'network-only' })
  const returns = useReturns()
  useEffect(() => {
    if (returns > 0) ask({ requestPolicy: 'network-only' })
  }, [returns, ask])
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())

  if (state.data && !asked) return <NotFound what="review" back={<Link to="/playbooks">Go to the playbooks</Link>} />
  const told = news?.playbookReviewChanged
  const review = told && asked && told.id === id && told.revision > asked.revision ? told : asked
  return (
    <Page
      title={review ? `Review of ${review.playbook.name}` : 'Review'}
      above={review && <Where review={review} />}
      actions={review && <Link to={`/playbooks/${review.playbook.id}`}>The playbook</Link>}
    >
      <Answer state={state} retry={again}>
        {() =>
          review && (
            <>
              <Summary review={review} />
              {review.status === 'PENDING' && <Decision review={review} selected={selected} onDecided={again} />}
              <Recommendations review={review} selected={selected} onSelect={setSelected} />
              <Check review={review} />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

function Where({ review }: { review: ReviewHeadFragment }) {
  return (
    <>
      <ReviewBadge status={review.status} /> {time(review.createdAt)} UTC, asked for by {review.requestedBy}, for
      version {review.baseVersion}
    </>
  )
}

/** What it comes to, and in whose hands it is. */
function Summary({ review }: { review: ReviewHeadFragment }) {
  const { status, explanation, decidedBy, decidedAt, expiresAt, reason, driftWarnings, rollbackTo } = review
  return (
    <>
      <Section
        title={status === 'PENDING' ? `To be decided until ${time(expiresAt)} UTC` : 'What came of it'}
        lead={status === 'PENDING' ? undefined : explanation}
      >
        <p className="muted">
          {whole(review.tradesAnalysed)} trades were looked at; the quality of the data is{' '}
          {whole(review.dataQuality.score)} of 100.
          {decidedBy && ` Decided by ${decidedBy} at ${time(decidedAt)} UTC.`}
          {reason && ` Reason: ${reason}`}
        </p>
        {status === 'PENDING' && (
          <details>
            <summary>In one paragraph, with what was withheld</summary>
            <p>{explanation}</p>
          </details>
        )}
        {status === 'EXPIRED' && <Lapsed playbook={review.playbook} />}
        {rollbackTo !== null && (
          <p className="message bad">
            The version in force made results worse. This review proposes to go back to version {rollbackTo}.
          </p>
        )}
      </Section>
      {driftWarnings.length > 0 && (
        <div className="message warn">
          <p className="message-title">The market has changed</p>
          <ul>
            {driftWarnings.map(({ feature, message }) => (
              <li key={feature}>{message}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

/** Nobody decided in time: what that means, and the way on. */
function Lapsed({ playbook: { id, name } }: { playbook: ReviewHeadFragment['playbook'] }) {
  return (
    <p className="message warn" role="status">
      Nobody decided in time, or the playbook was changed meanwhile. Nothing was applied and nothing is lost: “Review
      now” on <Link to={`/playbooks/${id}`}>{name}</Link> looks at the trades afresh.
    </p>
  )
}

/** The four ways to decide, as long as there is time, for whoever may. */
function Decision({ review, selected, onDecided }: ComponentProps<typeof Decisions>) {
  const isOver = useIsPast(Date.parse(review.expiresAt))
  if (isOver) return <Lapsed playbook={review.playbook} />
  const why = <p className="message">You can read this review; to decide takes the role of an approver.</p>
  return (
    <Allowed role="APPROVER" instead={why}>
      <Decisions review={review} selected={selected} onDecided={onDecided} />
    </Allowed>
  )
}

/** The strategy before and after, on candles. */
function Check({ review: { backtestCheck: check } }: { review: ReviewHeadFragment }) {
  if (!check) return null
  const rows = [
    { name: 'Before', ...check.before },
    { name: 'After', ...check.after },
  ]
  return (
    <Section title="Checked by a backtest" lead={check.note}>
      <Table
        caption={`Backtest, ${period(check)}`}
        rows={rows}
        rowKey={({ name }) => name}
        columns={[
          { title: period(check), cell: ({ name }) => name },
          { title: 'ROI', figure: true, cell: ({ roi }) => percent(roi) },
          { title: 'Sharpe ratio', figure: true, cell: ({ sharpeRatio }) => ratio(sharpeRatio) },
          { title: 'Max. drawdown', figure: true, cell: ({ maxDrawdown }) => percent(maxDrawdown) },
          { title: 'Trades', figure: true, cell: ({ tradeCount }) => whole(tradeCount) },
        ]}
      />
    </Section>
  )
}
