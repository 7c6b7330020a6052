import { useMutation } from 'urql'
import { Allowed } from '../../components/allowed.tsx'
import { ListEnds } from '../../components/answer.tsx'
import { Badge, type Tone } from '../../components/badge.tsx'
import { ConfirmButton } from '../../components/confirm-button.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Section } from '../../components/page.tsx'
import { refusalOf } from '../../failure.ts'
import { count, figure, percent, time } from '../../format.ts'
import {
  PlaybookVersionsDocument,
  RollbackPlaybookDocument,
  type AttributionVerdict,
  type ChangeFragment,
  type PlaybookHeadFragment,
  type PlaybookVersionsQuery,
} from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { Link } from '../../router.tsx'
import { ORIGIN, REGIME } from '../../words.ts'
import { ParameterHistory } from './parameter-history.tsx'
import { parameterName, PARAMETERS } from './parameters.ts'
import { PlayTable } from './play-grid.tsx'

export type Version = NonNullable<PlaybookVersionsQuery['playbook']>['versions']['nodes'][number]

const PAGE_SIZE = 20

/** Every version, newest first: what it changed, what that did, and the way back. */
export function PlaybookVersions({ playbook }: { playbook: PlaybookHeadFragment }) {
  const pages = usePages(PlaybookVersionsDocument, { id: playbook.id, first: PAGE_SIZE }, versionsOf)
  return (
    <>
      {pages.nodes.length > 1 && <ParameterHistory versions={pages.nodes} />}
      <Section title="Versions" lead="Nothing is overwritten: going back writes a new version equal to the old one.">
        <ol className="versions">
          {pages.nodes.map((version) => (
            <li key={version.id}>
              <VersionLine version={version} playbook={playbook} onChange={pages.refresh} />
            </li>
          ))}
        </ol>
        <ListEnds pages={pages} />
      </Section>
    </>
  )
}

interface LineProps {
  version: Version
  playbook: PlaybookHeadFragment
  onChange: () => void
}

function VersionLine({ version, playbook, onChange }: LineProps) {
  const isCurrent = version.version === playbook.version
  return (
    <>
      <header className="section-head">
        <p>
          <b>Version {version.version}</b> {isCurrent && <Badge tone="info">in force</Badge>}{' '}
          <span className="muted">
            {ORIGIN[version.origin]}, {version.author}, {time(version.createdAt)} UTC
          </span>{' '}
          {version.review && <Link to={`/reviews/${version.review.id}`}>Its review</Link>}
        </p>
        {!isCurrent && (
          <Allowed role="APPROVER">
            <RollbackButton version={version} playbook={playbook} onChange={onChange} />
          </Allowed>
        )}
      </header>
      {version.restores !== null && <p>Equal to version {version.restores}.</p>}
      <ChangeList changes={version.changes} />
      {version.attribution && <AttributionLine attribution={version.attribution} />}
      <details>
        <summary>All its numbers</summary>
        <PlayTable plays={version.regimes} caption={`Version ${version.version}`} />
      </details>
    </>
  )
}

/** Old → new, one line each. */
export function ChangeList({ changes }: { changes: readonly ChangeFragment[] }) {
  if (changes.length === 0) return <p className="muted">The first of all.</p>
  return (
    <ul className="changes">
      {changes.map((change) => (
        <li key={`${change.regime} ${parameterName(change)}`}>
          {REGIME[change.regime]}: {parameterName(change)}{' '}
          <span className="muted">{PARAMETERS[change.parameter].format(change.before)}</span> →{' '}
          <b>{PARAMETERS[change.parameter].format(change.after)}</b>
        </li>
      ))}
    </ul>
  )
}

const VERDICTS: Record<AttributionVerdict, [Tone, string]> = {
  IMPROVED: ['good', 'Improved results'],
  WORSENED: ['bad', 'Worsened results'],
  NO_EVIDENCE: ['plain', 'No evidence either way'],
}

/** What the change did since; a plain before-and-after is shown beside it, because it is what one would believe. */
function AttributionLine({ attribution }: { attribution: NonNullable<Version['attribution']> }) {
  const [tone, words] = VERDICTS[attribution.verdict]
  const { effect, interval, naiveDifference, tradesBefore, tradesAfter, pValue } = attribution
  return (
    <p>
      <Badge tone={tone}>{words}</Badge> {percent(effect, 2)} a trade ({percent(interval.low, 2)} to{' '}
      {percent(interval.high, 2)}, p {figure(pValue, 2)}), from {count(tradesBefore, 'trade')} before and {tradesAfter}{' '}
      after. <span className="muted">A plain before-and-after would say {percent(naiveDifference, 2)}.</span>
    </p>
  )
}

function RollbackButton({ version: { version }, playbook, onChange }: LineProps) {
  const notify = useNotify()
  const [, rollback] = useMutation(RollbackPlaybookDocument)
  const confirm = async () => {
    const answer = await rollback({ id: playbook.id, toVersion: version, expectedVersion: playbook.version })
    const refusal = refusalOf(answer, answer.data?.rollbackPlaybook)
    if (refusal) notify('bad', refusal.message)
    else notify('good', `${playbook.name} is as it was in version ${version}.`)
    onChange()
  }
  return (
    <ConfirmButton
      question={`Go back to version ${version}?`}
      consequence={`A new version equal to version ${version} comes into force at once; bots that follow it trade by it. A review that waits will lapse.`}
      act="Go back"
      onConfirm={confirm}
    >
      Go back to this
    </ConfirmButton>
  )
}

function versionsOf(data: PlaybookVersionsQuery) {
  return data.playbook?.versions
}
