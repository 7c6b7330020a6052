import { PHASES } from '../../words.ts'
import type { JobError } from './types.ts'

/** Why a job failed, and whether trying again may help. */
export function JobFailure({ error: { message, phase, retryable, code } }: { error: JobError }) {
  return (
    <div className="message bad" role="alert">
      <p className="message-title">
        Failed while {PHASES[phase].toLowerCase()} <code>{code}</code>
      </p>
      <p>{message}</p>
      <p className="muted">
        {retryable
          ? 'Trying again without a change may help: “Retry” runs it from the start.'
          : 'Trying again alone will not help. “Run with changes” opens the form with these settings.'}
      </p>
    </div>
  )
}
