import { Facts } from '../../components/facts.tsx'
import { bytes, count, duration, whole } from '../../format.ts'
import type { EstimateJobQuery } from '../../generated/graphql.ts'

interface Props {
  estimate: EstimateJobQuery['estimateTuningJob'] | null
  settling: boolean
  problems: number
}

/** What the job would cost, and what to think of before it starts. */
export function Estimate({ estimate, settling, problems }: Props) {
  return (
    <div className={settling ? 'estimate settling' : 'estimate'} role="status" aria-busy={settling}>
      <h2>Estimate</h2>
      {problems > 0 && <p className="field-error">{count(problems, 'field')} to put right.</p>}
      {estimate ? (
        <>
          <p className="estimate-time">about {duration(estimate.durationMs)}</p>
          <Facts
            facts={[
              ['Backtests', whole(estimate.backtests)],
              ['Bars', whole(estimate.bars)],
              ['Memory', bytes(estimate.memoryBytes)],
            ]}
          />
          {estimate.warnings.length > 0 && (
            <ul className="message warn">
              {estimate.warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <p className="muted">{problems > 0 ? 'Follows when the fields are in order.' : 'Working it out …'}</p>
      )}
    </div>
  )
}
