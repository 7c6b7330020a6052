import { DISTRIBUTION } from '../../words.ts'
import type { FieldError } from '../../failure.ts'
import type { Distribution } from '../../generated/graphql.ts'
import { ASKED, parameterDraft, type SpecDraft, type SpecNumber } from './strategy-draft.ts'

interface Props {
  space: readonly SpecDraft[]
  /** With paths as in ["parameterSpace", "2", "high"]. */
  problems: readonly FieldError[]
  onChange: (space: readonly SpecDraft[]) => void
}

/** What varies, and between which bounds: a row for each parameter. */
export function SpaceEditor({ space, problems, onChange }: Props) {
  const set = (spec: SpecDraft) => onChange(space.map((each) => (each.key === spec.key ? spec : each)))
  const add = () => {
    const key = 1 + Math.max(-1, ...space.map((spec) => spec.key))
    onChange([...space, parameterDraft({ key })])
  }
  const whole = problems.filter(({ path }) => path.length === 1)
  return (
    <fieldset>
      <legend>Parameters</legend>
      <p className="hint">
        Names that the expressions use and that a job varies. The default is what you trade by today.
      </p>
      <div className="space-grid">
        {space.map((spec, at) => (
          <SpecRow
            key={spec.key}
            spec={spec}
            problems={problems.filter(({ path }) => path[1] === String(at))}
            onChange={set}
            onRemove={() => onChange(space.filter(({ key }) => key !== spec.key))}
          />
        ))}
      </div>
      {whole.map(({ message }) => (
        <p key={message} className="field-error">
          {message}
        </p>
      ))}
      <button type="button" onClick={add}>
        Add a parameter
      </button>
    </fieldset>
  )
}

const LABELS: Record<SpecNumber, string> = {
  low: 'from',
  high: 'to',
  step: 'step',
  mean: 'mean',
  standardDeviation: 'spread',
  default: 'default',
}

interface RowProps {
  spec: SpecDraft
  problems: readonly FieldError[]
  onChange: (spec: SpecDraft) => void
  onRemove: () => void
}

function SpecRow({ spec, problems, onChange, onRemove }: RowProps) {
  const { name, distribution, numbers, values } = spec
  const called = name || 'new parameter'
  const isWrong = (field: string) => problems.some(({ path }) => path[2] === field)
  return (
    <div className="spec-row" role="group" aria-label={called}>
      <label className="spec-name">
        <span>name</span>
        <input
          className="code"
          value={name}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={isWrong('name')}
          onChange={(event) => onChange({ ...spec, name: event.target.value })}
        />
      </label>
      <label>
        <span>drawn from</span>
        <select
          value={distribution}
          aria-invalid={isWrong('distribution')}
          onChange={(event) => onChange({ ...spec, distribution: event.target.value as Distribution })}
        >
          {Object.entries(DISTRIBUTION).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {distribution === 'DISCRETE' && (
        <label className="spec-values">
          <span>values</span>
          <input
            value={values}
            placeholder="1, 2, 5"
            aria-label={`${called}, values`}
            aria-invalid={isWrong('values')}
            onChange={(event) => onChange({ ...spec, values: event.target.value })}
          />
        </label>
      )}
      {[...ASKED[distribution], 'default' as const].map((field) => (
        <label key={field}>
          <span>{LABELS[field]}</span>
          <input
            value={numbers[field]}
            inputMode="decimal"
            autoComplete="off"
            aria-label={`${called}, ${LABELS[field]}`}
            aria-invalid={isWrong(field)}
            onChange={(event) => onChange({ ...spec, numbers: { ...numbers, [field]: event.target.value } })}
          />
        </label>
      ))}
      <button type="button" className="plain remove" aria-label={`Remove ${called}`} onClick={onRemove}>
        ✕
      </button>
      {problems.map(({ path, message }) => (
        <p key={path.join()} className="field-error">
          {message}
        </p>
      ))}
    </div>
  )
}
