import { useEffect, type ReactNode } from 'react'
import { useMutation, useQuery, useSubscription } from 'urql'
import { Allowed } from '../../components/allowed.tsx'
import { Answer } from '../../components/answer.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Page } from '../../components/page.tsx'
import { useReturns } from '../../connection.ts'
import { refusalOf } from '../../failure.ts'
import { count, time } from '../../format.ts'
import {
  PlaybookChangedDocument,
  PlaybookDocument,
  StartReviewDocument,
  type PlaybookHeadFragment,
} from '../../generated/graphql.ts'
import { Link, navigate } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { PlayGrid } from './play-grid.tsx'
import { PlaybookPerformance } from './playbook-performance.tsx'
import { PlaybookReviews } from './playbook-reviews.tsx'
import { PlaybookSettings } from './playbook-settings.tsx'
import { PlaybookTrades } from './playbook-trades.tsx'
import { PlaybookVersions } from './playbook-versions.tsx'

/** The tabs of a playbook, by their place in the address. */
const TABS: [tab: string, label: string, screen: (playbook: PlaybookHeadFragment, again: () => void) => ReactNode][] = [
  ['plan', 'Plan', (playbook, again) => <PlayGrid playbook={playbook} again={again} />],
  ['performance', 'Performance', ({ id }) => <PlaybookPerformance id={id} />],
  ['versions', 'Versions', (playbook) => <PlaybookVersions playbook={playbook} />],
  ['trades', 'Trades', ({ id }) => <PlaybookTrades id={id} />],
  ['reviews', 'Reviews', ({ id }) => <PlaybookReviews id={id} />],
  ['settings', 'Settings', ({ id }) => <PlaybookSettings id={id} />],
]

/** One playbook: what it does in each regime, how it fares, and how it came to be so. */
export function Playbook({ id, tab }: { id: string; tab: string }) {
  const [state, ask] = useQuery({ query: PlaybookDocument, variables: { id } })
  const asked = state.data?.playbook
  const [{ data: news }] = useSubscription({ query: PlaybookChangedDocument, variables: { id }, pause: !asked })
  const returns = useReturns()
  useEffect(() => {
    if (returns > 0) ask({ requestPolicy: 'network-only' })
  }, [returns, ask])
  if (state.data && !asked) return <NotFound what="playbook" back={<Link to="/playbooks">Go to the playbooks</Link>} />
  const told = news?.playbookChanged
  const playbook = told && asked && told.version >= asked.version ? told : asked
  const [, label, screen] = TABS.find(([name]) => name === tab) ?? TABS[0]
  return (
    <Page
      title={playbook ? `${playbook.name} v${playbook.version}` : 'Playbook'}
      above={playbook && <Where playbook={playbook} />}
      actions={
        playbook && (
          <Allowed role="TUNER">
            <ReviewNow playbook={playbook} />
          </Allowed>
        )
      }
    >
      <Answer state={state} retry={() => ask({ requestPolicy: 'network-only' })}>
        {() =>
          playbook && (
            <>
              <Waiting playbook={playbook} />
              <nav className="tabs" aria-label="Parts of the playbook">
                {TABS.map(([name, text]) => (
                  <Link
                    key={name}
                    to={name === 'plan' ? `/playbooks/${id}` : `/playbooks/${id}/${name}`}
                    aria-current={text === label ? 'page' : undefined}
                  >
                    {text}
                  </Link>
                ))}
              </nav>
              {screen(playbook, () => ask({ requestPolicy: 'network-only' }))}
            </>
          )
        }
      </Answer>
    </Page>
  )
}

function Where({ playbook: { strategy, market, nextReviewAt } }: { playbook: PlaybookHeadFragment }) {
  return (
    <>
      {strategy && <Link to={`/strategies/${strategy.id}`}>{strategy.name}</Link>} {strategy && market && 'on '}
      {market && <Link to={`/markets/${market.id}`}>{market.symbol}</Link>}
      {(strategy ?? market) && '. '}Next review {time(nextReviewAt)} UTC
    </>
  )
}

/** What waits for a human. */
function Waiting({ playbook: { pendingReview, autoApplyStopped } }: { playbook: PlaybookHeadFragment }) {
  return (
    <>
      {pendingReview && (
        <p className="message warn">
          <b>{count(pendingReview.recommendations.length, 'change')} to decide</b> until {time(pendingReview.expiresAt)}{' '}
          UTC. <Link to={`/reviews/${pendingReview.id}`}>Look at the review</Link>
        </p>
      )}
      {autoApplyStopped && <p className="message bad">Changes are not applied by themselves: {autoApplyStopped}</p>}
    </>
  )
}

function ReviewNow({ playbook: { id, pendingReview } }: { playbook: PlaybookHeadFragment }) {
  const notify = useNotify()
  const [{ fetching }, start] = useMutation(StartReviewDocument)
  if (pendingReview) {
    return (
      <Link to={`/reviews/${pendingReview.id}`} className="button primary">
        Decide
      </Link>
    )
  }
  const review = async () => {
    const answer = await start({ id }, { additionalTypenames: ['Playbook', 'PlaybookReview'] })
    const result = answer.data?.startPlaybookReview
    if (result && 'review' in result) return navigate(`/reviews/${result.review.id}`)
    notify('bad', refusalOf(answer, result)?.message ?? '')
  }
  return (
    <button type="button" className="primary" disabled={fetching} onClick={() => void review()}>
      {fetching ? 'Looking at the trades …' : 'Review now'}
    </button>
  )
}
