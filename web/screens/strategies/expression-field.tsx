import { useRef } from 'react'
import { Field } from '../../components/field.tsx'
import type { FieldError } from '../../failure.ts'

interface Props {
  label: string
  hint?: string | undefined
  value: string
  onChange: (text: string) => void
  problems: readonly FieldError[]
  rows?: number
}

/** An expression, and below it every place where it is wrong; a press on a place puts the cursor there. */
export function ExpressionField({ label, hint, value, onChange, problems, rows = 1 }: Props) {
  const area = useRef<HTMLTextAreaElement>(null)
  const go = (start: number, end: number) => {
    area.current?.focus()
    area.current?.setSelectionRange(start, end)
  }
  const error = problems.length > 0 && (
    <>
      {problems.map(({ message, column }, at) => (
        <span key={at} className="problem">
          {typeof column === 'number' && <Place text={value} start={column - 1} onGo={go} />}
          {message}
        </span>
      ))}
    </>
  )
  return (
    <Field label={label} hint={hint} error={error} className="expression-field">
      {(control) => (
        <textarea
          {...control}
          ref={area}
          className="code"
          rows={Math.max(rows, value.split('\n').length, Math.ceil(value.length / 90))}
          value={value}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** Characters that are shown on either side of what is wrong. */
const AROUND = 28

/** The word that is wrong among its neighbours. */
function Place({ text, start, onGo }: { text: string; start: number; onGo: (start: number, end: number) => void }) {
  const word = /^(?:[\w.]+|\S)?/.exec(text.slice(start))?.[0] ?? ''
  const end = start + word.length
  return (
    <button
      type="button"
      className="place"
      title="Go there"
      aria-label={`Go to column ${start + 1}`}
      onClick={() => onGo(start, end)}
    >
      {start > AROUND && '…'}
      {text.slice(Math.max(0, start - AROUND), start)}
      <mark>{word || '\u00a0'}</mark>
      {text.slice(end, end + AROUND)}
      {end + AROUND < text.length && '…'}
    </button>
  )
}
