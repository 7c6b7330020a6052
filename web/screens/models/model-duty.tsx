import { useState, type FormEvent } from 'react'
import { useMutation } from 'urql'
import { TextField } from '../../components/field.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Section } from '../../components/page.tsx'
import { refusalOf } from '../../failure.ts'
import { RemoveAliasDocument, SetAliasDocument, SetModelActiveDocument } from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import type { ModelData } from './model.tsx'

/** Whether the model answers where none is named, and by which aliases it is called. */
export function ModelDuty({ model }: { model: ModelData }) {
  const notify = useNotify()
  const isTuner = useMay('TUNER')
  const [alias, setAlias] = useState('')
  const [, setActive] = useMutation(SetModelActiveDocument)
  const [, give] = useMutation(SetAliasDocument)
  const [, take] = useMutation(RemoveAliasDocument)

  const toggle = async (active: boolean) => {
    const answer = await setActive({ id: model.id, active })
    const refusal = refusalOf(answer, answer.data?.setModelActive)
    if (refusal) notify('bad', refusal.message)
  }
  const add = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await give({ id: model.id, alias: alias.trim() }, { additionalTypenames: ['Model'] })
    const refusal = refusalOf(answer, answer.data?.setModelAlias)
    if (refusal) return notify('bad', refusal.fieldErrors[0]?.message ?? refusal.message)
    setAlias('')
  }
  const remove = async (old: string) => {
    const answer = await take({ id: model.id, alias: old })
    const refusal = refusalOf(answer, answer.data?.removeModelAlias)
    if (refusal) notify('bad', refusal.message)
  }
  return (
    <Section
      title="On duty"
      lead="An active model answers where none is named, and outlives its job. An alias such as champion goes over from the model that had it."
    >
      <label className="check">
        <input
          type="checkbox"
          role="switch"
          checked={model.active}
          disabled={!isTuner}
          onChange={(event) => void toggle(event.target.checked)}
        />
        Active
      </label>
      {!isTuner && <p className="hint">To change this takes the role of a tuner.</p>}
      <form className="filters" hidden={!isTuner} onSubmit={(event) => void add(event)} noValidate>
        <TextField label="New alias" placeholder="champion" value={alias} onChange={setAlias} />
        <button type="submit" disabled={alias.trim() === ''}>
          Give the alias
        </button>
        {model.aliases.map((each) => (
          <button key={each} type="button" aria-label={`Remove the alias ${each}`} onClick={() => void remove(each)}>
            {each} ✕
          </button>
        ))}
      </form>
    </Section>
  )
}
