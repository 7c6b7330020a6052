import { useId, type ReactNode } from 'react'

interface Props {
  label: string
  /** What belongs in here, in a few words. */
  hint?: ReactNode
  error?: ReactNode
  /** The control gets these, so that label, hint and error belong to it. */
  children: (control: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode
  className?: string
}

/** A control with its label, a hint, and what is wrong with its value. */
export function Field({ label, hint, error, children, className = '' }: Props) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': Boolean(error) })}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}

interface TextProps extends Omit<Props, 'children'> {
  value: string
  onChange: (value: string) => void
  type?: 'text' | 'search' | 'password' | 'date' | 'datetime-local'
  /** Numbers are typed as text, so that "0." or "-" may stand for a moment; the phone shows its number pad. */
  numeric?: boolean
  placeholder?: string
  /** After the input: a unit. */
  unit?: string
}

export function TextField({ value, onChange, type = 'text', numeric, placeholder = '', unit, ...field }: TextProps) {
  return (
    <Field {...field}>
      {(control) => (
        <span className={unit ? 'with-unit' : 'plain-input'}>
          <input
            {...control}
            type={type}
            value={value}
            placeholder={placeholder}
            inputMode={numeric ? 'decimal' : undefined}
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
          />
          {unit && <span className="unit">{unit}</span>}
        </span>
      )}
    </Field>
  )
}

interface SelectProps extends Omit<Props, 'children'> {
  value: string
  onChange: (value: string) => void
  options: readonly (readonly [value: string, label: string])[]
}

export function SelectField({ value, onChange, options, ...field }: SelectProps) {
  return (
    <Field {...field}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map(([option, label]) => (
            <option key={option} value={option}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
