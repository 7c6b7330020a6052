import { useState, type FormEvent } from 'react'
import { SelectField, TextField } from '../../components/field.tsx'
import { rangeOf } from '../../components/space-table.tsx'
import { figure } from '../../format.ts'
import type { ParameterRangeFragment } from '../../generated/graphql.ts'
import { numberIn } from '../../number-in.ts'

interface Props {
  space: readonly ParameterRangeFragment[]
  /** What the inputs begin with, by name. */
  values: Record<string, number | null | undefined>
  act: string
  onSubmit: (parameters: Record<string, number>) => void
  /** What the server found wrong, by name. */
  errors?: Record<string, string>
  busy?: boolean
}

/** One input for each parameter of a space. A value that is not touched keeps all the digits that are not shown. */
export function ParameterForm({ space, values, act, onSubmit, errors = {}, busy = false }: Props) {
  const [texts, setTexts] = useState<Record<string, string>>({})
  const [wrong, setWrong] = useState<readonly string[]>([])
  const read = (name: string) => (texts[name] === undefined ? (values[name] ?? null) : numberIn(texts[name]))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const numbers = space.map(({ name }) => [name, read(name)] as const)
    const unread = numbers.filter(([, value]) => value === null).map(([name]) => name)
    setWrong(unread)
    if (unread.length === 0) onSubmit(Object.fromEntries(numbers) as Record<string, number>)
  }
  return (
    <form className="parameter-form" onSubmit={submit} noValidate>
      {space.map((spec) => {
        const { name } = spec
        const options = optionsOf(spec)
        const shared = {
          label: name,
          value: texts[name] ?? (options ? String(values[name] ?? '') : short(values[name])),
          onChange: (text: string) => setTexts((now) => ({ ...now, [name]: text })),
          error: wrong.includes(name) ? 'Type a number.' : errors[name],
        }
        return options ? (
          <SelectField key={name} {...shared} options={options} />
        ) : (
          <TextField key={name} {...shared} numeric hint={rangeOf(spec)} />
        )
      })}
      <button type="submit" className="primary" disabled={busy}>
        {act}
      </button>
    </form>
  )
}

/** Six digits can be read, and are near enough to begin with. */
function short(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? String(Number(value.toPrecision(6))) : ''
}

function optionsOf({ distribution, values }: ParameterRangeFragment): [string, string][] | null {
  if (distribution === 'BOOLEAN') {
    return [
      ['0', 'No'],
      ['1', 'Yes'],
    ]
  }
  return values ? values.map((value) => [String(value), figure(value, 6)]) : null
}
