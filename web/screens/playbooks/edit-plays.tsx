import { useState, type FormEvent } from 'react'
import { useMutation } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Section } from '../../components/page.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { refusalOf, type Failure, type FieldError } from '../../failure.ts'
import { UpdatePlaybookDocument, type PlaybookHeadFragment } from '../../generated/graphql.ts'
import { REGIME, sentence } from '../../words.ts'
import { draftsOf, playsIn, PLAY_NUMBERS, type PlayDraft } from './play-draft.ts'

interface Props {
  /** As it is now: it may change while somebody types. */
  playbook: PlaybookHeadFragment
  onDone: () => void
  /** Ask for the playbook again. */
  onConflict: () => void
}

/** The plays as a form. Who saves onto a version that is not the newest any more is asked what should count. */
export function EditPlays({ playbook, onDone, onConflict }: Props) {
  const notify = useNotify()
  const [drafts, setDrafts] = useState(() => draftsOf(playbook.regimes))
  const [base, setBase] = useState(playbook.version)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [{ fetching }, update] = useMutation(UpdatePlaybookDocument)
  const isOutrun = playbook.version !== base
  const { plays, unread } = playsIn(drafts)

  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (unread.length > 0) return setFailure({ message: '', fieldErrors: unread })
    const answer = await update({ id: playbook.id, expectedVersion: base, regimes: plays })
    const result = answer.data?.updatePlaybook
    if (result && 'playbook' in result) {
      const { version } = result.playbook
      notify('good', version === base ? 'Nothing was changed.' : `${playbook.name}: version ${version} is in force.`)
      return onDone()
    }
    if (result?.__typename === 'ConflictError') onConflict()
    else setFailure(refusalOf(answer, result))
  }
  const change = (draft: PlayDraft) => {
    setDrafts(drafts.map((each) => (each.regime === draft.regime ? draft : each)))
    setFailure(null)
  }
  const goOn = (from: readonly PlayDraft[]) => {
    setDrafts([...from])
    setBase(playbook.version)
    setFailure(null)
  }
  return (
    <Section
      title="Change it by hand"
      lead="Makes a new version, which comes into force at once. Empty: left to the strategy."
    >
      <form className="import" onSubmit={(event) => void save(event)} noValidate>
        {isOutrun && (
          <div className="message warn" role="alert">
            <p className="message-title">Version {playbook.version} came into force while you were typing.</p>
            <p>What you have typed is still here, and nothing of it is saved. Which numbers should count?</p>
            <p className="actions">
              <button type="button" onClick={() => goOn(drafts)}>
                Mine, on top of version {playbook.version}
              </button>
              <button type="button" onClick={() => goOn(draftsOf(playbook.regimes))}>
                Those of version {playbook.version}
              </button>
            </p>
          </div>
        )}
        <Table
          caption="Plays to change"
          rows={drafts}
          rowKey={({ regime }) => regime}
          columns={columnsFor(change, failure?.fieldErrors ?? [], drafts)}
        />
        {failure?.fieldErrors.map(({ path, message }) => (
          <p key={path.join()} className="field-error" role="alert">
            {placeOf(path, drafts)}: {message}
          </p>
        ))}
        {failure && failure.fieldErrors.length === 0 && <FailureBox failure={failure} />}
        <div className="actions">
          <button type="submit" className="primary" disabled={fetching || isOutrun}>
            Save as version {base + 1}
          </button>
          <button type="button" onClick={onDone}>
            Leave it as it is
          </button>
        </div>
      </form>
    </Section>
  )
}

function columnsFor(
  onChange: (draft: PlayDraft) => void,
  errors: readonly FieldError[],
  drafts: readonly PlayDraft[],
): Column<PlayDraft>[] {
  const isWrong = ({ regime }: PlayDraft, name: string) =>
    errors.some(({ path }) => drafts[Number(path[1])]?.regime === regime && path[2] === name)
  return [
    { title: 'Regime', cell: ({ regime }) => <b className="nowrap">{REGIME[regime]}</b> },
    ...PLAY_NUMBERS.map(([name, label]) => ({
      title: label,
      cell: (draft: PlayDraft) => (
        <input
          className="play-number"
          value={draft.numbers[name]}
          inputMode="decimal"
          autoComplete="off"
          aria-label={`${REGIME[draft.regime]}, ${label}`}
          aria-invalid={isWrong(draft, name)}
          onChange={(event) => onChange({ ...draft, numbers: { ...draft.numbers, [name]: event.target.value } })}
        />
      ),
    })),
    {
      title: 'Strategies, %',
      meaning: 'Shares of the strategies that may trade: trend 60, dip 40. Empty: all alike.',
      cell: (draft) => (
        <input
          value={draft.weights}
          placeholder="all alike"
          autoComplete="off"
          aria-label={`${REGIME[draft.regime]}, strategies`}
          aria-invalid={isWrong(draft, 'strategyWeights')}
          onChange={(event) => onChange({ ...draft, weights: event.target.value })}
        />
      ),
    },
  ]
}

/** ["regimes", "2", "stopLoss"] is Ranging, stop loss. */
function placeOf([, at, name = '']: string[], drafts: readonly PlayDraft[]): string {
  const draft = drafts[Number(at)]
  return draft ? `${REGIME[draft.regime]}, ${sentence(name).toLowerCase()}` : 'The plays'
}
