import type { ParameterRangeFragment } from '../../generated/graphql.ts'
import { figure } from '../../format.ts'
import { DISTRIBUTION } from '../../words.ts'
import { rangeOf, type RangeDraft } from './draft.ts'
import type { PartProps } from './job-form.tsx'

/** In which ranges the parameters vary; the strategy's own to begin with. */
export function SpaceFields({ draft, strategy, errors, onChange, open }: PartProps & { open: boolean }) {
  const set = (name: string, range: RangeDraft) => onChange({ ...draft, space: { ...draft.space, [name]: range } })
  return (
    <fieldset>
      <legend>Parameter ranges</legend>
      <details open={open || Object.keys(errors).some((place) => place.startsWith('space'))}>
        <summary>{summaryOf(strategy.parameterSpace)}</summary>
        <p className="hint">
          Narrow a range to search it closer; give both ends the same value to keep a parameter fixed.
        </p>
        {errors.space && <p className="field-error">{errors.space}</p>}
        <div className="space-grid">
          {strategy.parameterSpace.map((spec) => (
            <RangeFields
              key={spec.name}
              spec={spec}
              range={draft.space[spec.name] ?? rangeOf(spec)}
              errors={errors}
              onChange={(range) => set(spec.name, range)}
            />
          ))}
        </div>
      </details>
    </fieldset>
  )
}

function summaryOf(space: readonly ParameterRangeFragment[]): string {
  return space.map(({ name }) => name).join(', ')
}

interface RangeProps {
  spec: ParameterRangeFragment
  range: RangeDraft
  errors: Record<string, string>
  onChange: (range: RangeDraft) => void
}

function RangeFields({ spec, range, errors, onChange }: RangeProps) {
  const { name, distribution, step, mean, standardDeviation } = spec
  const parts: [part: keyof RangeDraft, label: string][] =
    distribution === 'DISCRETE'
      ? [['values', 'values']]
      : distribution === 'BOOLEAN'
        ? []
        : [
            ['low', 'from'],
            ['high', 'to'],
          ]
  const mine = Object.entries(errors).filter(([place]) => place.startsWith(`space.${name}`))
  return (
    <div className="space-row" role="group" aria-label={name}>
      <div className="space-name">
        <code>{name}</code>
        <span className="sub">
          {DISTRIBUTION[distribution]}
          {step !== null && `, steps of ${figure(step, 6)}`}
          {distribution === 'NORMAL' && `, ${figure(mean, 6)} ± ${figure(standardDeviation, 6)}`}
        </span>
      </div>
      {[...parts, ['default', 'default'] as const].map(([part, label]) => (
        <label key={part} className={part}>
          <span>{label}</span>
          <input
            value={range[part]}
            inputMode="decimal"
            autoComplete="off"
            aria-label={`${name}, ${label}`}
            aria-invalid={errors[`space.${name}.${part}`] !== undefined}
            onChange={(event) => onChange({ ...range, [part]: event.target.value })}
          />
        </label>
      ))}
      {mine.map(([place, message]) => (
        <p key={place} className="field-error" role="alert">
          {message}
        </p>
      ))}
    </div>
  )
}
