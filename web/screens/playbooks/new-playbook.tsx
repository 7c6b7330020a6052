import { useState, type FormEvent } from 'react'
import { useMutation, useQuery } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { refusalOf, type Failure } from '../../failure.ts'
import {
  CreatePlaybookDocument,
  JobChoicesDocument,
  type CreatePlaybookMutationVariables,
  type MarketRegime,
} from '../../generated/graphql.ts'
import { numberIn } from '../../number-in.ts'
import { navigate } from '../../router.tsx'
import { REGIME } from '../../words.ts'

/** What every regime begins with: careful enough to learn from. */
const USUAL = { leverage: '1', riskRewardRatio: '2', confidenceThreshold: '60' }
type Field = keyof typeof USUAL

const FIELDS: [Field, label: string, hint: string][] = [
  ['leverage', 'Leverage', 'Position over margin'],
  ['riskRewardRatio', 'Reward to risk', 'Target over stop, by distance'],
  ['confidenceThreshold', 'Min. confidence', '0 to 100; weaker signals are left out'],
]

/** A playbook with the same play for every regime; its reviews will tell them apart. */
export function NewPlaybook() {
  const [name, setName] = useState('')
  const [texts, setTexts] = useState(USUAL)
  const [subject, setSubject] = useState({ strategyId: '', marketId: '' })
  const [failure, setFailure] = useState<Failure | null>(null)
  const [{ data: choices }] = useQuery({ query: JobChoicesDocument })
  const [{ fetching }, create] = useMutation(CreatePlaybookDocument)
  const errorAt = (part: string) => failure?.fieldErrors.find(({ path }) => path.includes(part))?.message

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await create(variablesOf(name, texts, subject), { additionalTypenames: ['Playbook'] })
    const result = answer.data?.createPlaybook
    if (result && 'playbook' in result) return navigate(`/playbooks/${result.playbook.id}`)
    setFailure(refusalOf(answer, result))
  }
  const none = ['', 'none'] as const
  return (
    <Section title="New playbook" lead="All regimes begin alike; what your trades show will tell them apart.">
      <form className="import-fields" onSubmit={(event) => void submit(event)} noValidate>
        <TextField label="Name" value={name} onChange={setName} error={errorAt('name')} />
        {FIELDS.map(([field, label, hint]) => (
          <TextField
            key={field}
            label={label}
            hint={hint}
            numeric
            value={texts[field]}
            error={errorAt(field)}
            onChange={(text) => setTexts({ ...texts, [field]: text })}
          />
        ))}
        <SelectField
          label="Strategy"
          hint="Changes are backtested on it first"
          value={subject.strategyId}
          error={errorAt('strategyId')}
          options={[none, ...(choices?.strategies.nodes.map((each) => [each.id, each.name] as const) ?? [])]}
          onChange={(strategyId) => setSubject({ ...subject, strategyId })}
        />
        <SelectField
          label="Market"
          value={subject.marketId}
          error={errorAt('marketId')}
          options={[
            none,
            ...(choices?.markets.nodes.map((each) => [each.id, `${each.symbol} ${each.timeframe}`] as const) ?? []),
          ]}
          onChange={(marketId) => setSubject({ ...subject, marketId })}
        />
        <button type="submit" className="primary" disabled={fetching}>
          Make the playbook
        </button>
      </form>
      {failure && failure.fieldErrors.length === 0 && <FailureBox failure={failure} />}
    </Section>
  )
}

function variablesOf(
  name: string,
  texts: Record<Field, string>,
  { strategyId, marketId }: { strategyId: string; marketId: string },
): CreatePlaybookMutationVariables {
  const number = (field: Field) => numberIn(texts[field]) ?? 0
  const regimes = (Object.keys(REGIME) as MarketRegime[]).map((regime) => ({
    regime,
    leverage: number('leverage'),
    riskRewardRatio: number('riskRewardRatio'),
    confidenceThreshold: number('confidenceThreshold'),
  }))
  return {
    name: name.trim(),
    regimes,
    ...(strategyId && { strategyId }),
    ...(marketId && { marketId }),
  }
}
