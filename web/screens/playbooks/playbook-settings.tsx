import { useState, type FormEvent } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer, FailureBox } from '../../components/answer.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { refusalOf, type Failure } from '../../failure.ts'
import {
  PlaybookSettingsDocument,
  UpdateTuningSettingsDocument,
  type PlaybookSettingsQuery,
  type RiskLevel,
  type TuningSettingsInput,
} from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import { numberIn } from '../../number-in.ts'
import { PARAMETERS } from './parameters.ts'

type Settings = NonNullable<PlaybookSettingsQuery['playbook']>['settings']

const NUMBERS = [
  ['minTradesForTuning', 'Trades, at least', 'Fewer in a regime say nothing', 1],
  ['lookbackDays', 'Looks back, days', 'Older trades are not looked at', 1],
  ['retrainingFrequencyDays', 'Review every, days', 'By itself; a review can be started at any time', 1],
  ['reviewExpiryHours', 'Decide within, hours', 'Then a review lapses without a change', 1],
  ['confidenceThreshold', 'Confidence, at least, %', 'Recommendations below it are withheld', 100],
  ['maxParameterChange', 'Most change in a review, %', 'Of a parameter’s value', 100],
  ['maxMonthlyChange', 'Most change in 30 days, %', 'All reviews together', 100],
] as const
type NumberName = (typeof NUMBERS)[number][0]

/** How the playbook may tune itself. */
export function PlaybookSettings({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: PlaybookSettingsDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ playbook }) =>
        playbook && (
          <>
            <SettingsForm key={JSON.stringify(playbook.settings)} id={id} settings={playbook.settings} />
            <Section title="Bounds" lead="What a number may never leave, whoever changes it.">
              <Table
                caption="Bounds of the parameters"
                rows={playbook.settings.bounds}
                rowKey={({ parameter }) => parameter}
                columns={[
                  { title: 'Parameter', cell: ({ parameter }) => PARAMETERS[parameter].label },
                  { title: 'From', figure: true, cell: ({ parameter, min }) => PARAMETERS[parameter].format(min) },
                  { title: 'To', figure: true, cell: ({ parameter, max }) => PARAMETERS[parameter].format(max) },
                ]}
              />
            </Section>
          </>
        )
      }
    </Answer>
  )
}

const ONLY_LOW = [
  ['LOW', 'Low risk only'],
  ['MEDIUM', 'Low and medium risk'],
] as const

function SettingsForm({ id, settings }: { id: string; settings: Settings }) {
  const maySet = useMay('APPROVER', 'ADMIN')
  const notify = useNotify()
  const [texts, setTexts] = useState(() => textsOf(settings))
  const [human, setHuman] = useState(settings.humanReviewRequired)
  const [risk, setRisk] = useState<RiskLevel>(settings.autoApplyRisk)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [{ fetching }, update] = useMutation(UpdateTuningSettingsDocument)

  const save = async (event: FormEvent) => {
    event.preventDefault()
    const numbers = NUMBERS.map(([name, , , scale]) => [name, (numberIn(texts[name]) ?? 0) / scale] as const)
    const changed = numbers.filter(([name, value]) => value !== settings[name])
    const input: TuningSettingsInput = {
      ...(Object.fromEntries(changed) as TuningSettingsInput),
      humanReviewRequired: human,
      autoApplyRisk: risk,
    }
    const answer = await update({ id, settings: input }, { additionalTypenames: ['Playbook'] })
    const refusal = refusalOf(answer, answer.data?.updateTuningSettings)
    setFailure(refusal)
    if (!refusal) notify('good', 'The settings are saved.')
  }
  const errorAt = (name: string) => failure?.fieldErrors.find(({ path }) => path.includes(name))?.message
  return (
    <Section title="How it may tune itself">
      <form onSubmit={(event) => void save(event)} noValidate className="import">
        <label className="check">
          <input type="checkbox" checked={human} onChange={(event) => setHuman(event.target.checked)} />
          Every change waits for a human
        </label>
        <div className="fields">
          {!human && (
            <SelectField
              label="Applied without asking"
              hint="High risk always waits for a human"
              value={risk}
              error={errorAt('autoApplyRisk')}
              options={ONLY_LOW}
              onChange={(value) => setRisk(value as RiskLevel)}
            />
          )}
          {NUMBERS.map(([name, label, hint]) => (
            <TextField
              key={name}
              label={label}
              hint={hint}
              numeric
              value={texts[name]}
              error={errorAt(name)}
              onChange={(text) => setTexts({ ...texts, [name]: text })}
            />
          ))}
        </div>
        {failure && failure.fieldErrors.length === 0 && <FailureBox failure={failure} />}
        <div className="actions">
          <button type="submit" className="primary" disabled={fetching || !maySet}>
            Save
          </button>
          {!maySet && <p className="hint">To change settings takes the role of an approver or an administrator.</p>}
        </div>
      </form>
    </Section>
  )
}

function textsOf(settings: Settings): Record<NumberName, string> {
  return Object.fromEntries(
    NUMBERS.map(([name, , , scale]) => [name, String(Number((settings[name] * scale).toPrecision(12)))]),
  ) as Record<NumberName, string>
}
