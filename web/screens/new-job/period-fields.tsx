import { TextField } from '../../components/field.tsx'
import { period as showPeriod, span } from '../../format.ts'
import type { PartProps } from './job-form.tsx'
import { stretches, suggestPeriods, toInstant, type PeriodDraft } from './periods.ts'
import { Timeline } from './timeline.tsx'

/** When: what is learned from, and what nothing may see before the verdict. */
export function PeriodFields({ draft, market, errors, onChange }: PartProps) {
  return (
    <fieldset>
      <legend>When</legend>
      <p className="hint">
        {market.symbol} has candles from {showPeriod(market)} UTC. 80 % to learn from and 20 % to test is a good start.
      </p>
      <div className="presets" role="group" aria-label="Suggestions">
        {stretches(market).map(([label, ms]) => (
          <button
            key={label}
            type="button"
            className="small"
            onClick={() => onChange({ ...draft, ...suggestPeriods(market, ms) })}
          >
            {label}
          </button>
        ))}
      </div>
      <Timeline market={market} training={draft.training} test={draft.test} />
      <div className="periods">
        <Ends
          title="Training"
          place="training"
          value={draft.training}
          errors={errors}
          onChange={(training) => onChange({ ...draft, training })}
        />
        <Ends
          title="Test"
          place="test"
          value={draft.test}
          errors={errors}
          onChange={(test) => onChange({ ...draft, test })}
        />
      </div>
    </fieldset>
  )
}

interface EndsProps {
  title: string
  place: string
  value: PeriodDraft
  errors: Record<string, string>
  onChange: (value: PeriodDraft) => void
}

function Ends({ title, place, value, errors, onChange }: EndsProps) {
  const length = span({ from: toInstant(value.from), to: toInstant(value.to) })
  return (
    <div className={`period ${place}`} role="group" aria-label={`${title} period`}>
      <p className="period-title">
        <b>{title}</b> <span className="muted">{length.startsWith('−') ? '' : length}</span>
      </p>
      <TextField
        label="From (UTC)"
        type="datetime-local"
        value={value.from}
        error={errors[`${place}.from`] ?? errors[place]}
        onChange={(from) => onChange({ ...value, from })}
      />
      <TextField
        label="To, exclusive"
        type="datetime-local"
        value={value.to}
        error={errors[`${place}.to`]}
        onChange={(to) => onChange({ ...value, to })}
      />
    </div>
  )
}
