import { TextField } from '../../components/field.tsx'
import type { PartProps } from './job-form.tsx'
import { COSTS, LIMITS } from './money-fields.ts'

/** How orders are filled and what they cost. */
export function CostFields({ draft, errors, onChange }: PartProps) {
  const { costs } = draft
  return (
    <fieldset>
      <legend>Costs and execution</legend>
      <details>
        <summary>
          {costs.feeRate || '0.1'} % fee, {costs.slippage || '0'} % slippage, leverage {costs.leverage || '1'}
        </summary>
        <div className="fields">
          {COSTS.map(({ name, label, hint, isShare, unit }) => (
            <TextField
              key={name}
              label={label}
              hint={hint}
              numeric
              {...unitOf(isShare, unit)}
              value={costs[name]}
              error={errors[`costs.${name}`]}
              onChange={(text) => onChange({ ...draft, costs: { ...costs, [name]: text } })}
            />
          ))}
        </div>
      </details>
    </fieldset>
  )
}

/** What the proposed candidates must keep. */
export function LimitFields({ draft, errors, onChange }: PartProps) {
  const { limits } = draft
  const kept = LIMITS.filter(({ name }) => limits[name].trim() !== '').map(({ label }) => label.toLowerCase())
  return (
    <fieldset>
      <legend>Limits for candidates</legend>
      <details>
        <summary>{kept.length === 0 ? 'No limits' : kept.join(', ')}</summary>
        <p className="hint">Only parameter sets that keep these in sample are proposed. Empty is no limit.</p>
        <div className="fields">
          {LIMITS.map(({ name, label, hint, isShare }) => (
            <TextField
              key={name}
              label={label}
              hint={hint}
              numeric
              {...unitOf(isShare)}
              value={limits[name]}
              error={errors[`limits.${name}`]}
              onChange={(text) => onChange({ ...draft, limits: { ...limits, [name]: text } })}
            />
          ))}
        </div>
      </details>
    </fieldset>
  )
}

function unitOf(isShare: boolean, unit?: string): { unit?: string } {
  if (isShare) return { unit: '%' }
  return unit ? { unit } : {}
}
