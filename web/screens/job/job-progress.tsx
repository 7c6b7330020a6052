import { Section } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { duration, percent, whole } from '../../format.ts'
import type { JobHeadFragment, JobPhase } from '../../generated/graphql.ts'
import { PHASES } from '../../words.ts'

const STEPS: JobPhase[] = (Object.keys(PHASES) as JobPhase[]).filter(
  (phase) => phase !== 'QUEUED' && phase !== 'FINISHED',
)

/** How far a job is: live. */
export function JobProgress({ job: { progress, status, attempt } }: { job: JobHeadFragment }) {
  const { phase, done, total, fraction, etaMs, backtestsPerSecond } = progress
  const reached = STEPS.indexOf(phase)
  return (
    <Section title={status === 'PENDING' ? 'Waiting for a worker' : PHASES[phase]}>
      <div className="big-progress">
        <ProgressBar fraction={fraction} label="Progress" />
        <b>{percent(fraction, 0)}</b>
      </div>
      <p className="muted" role="status">
        {status === 'PENDING' && 'It starts as soon as the jobs before it are done. '}
        {total > 0 && `${whole(done)} of ${whole(total)}. `}
        {etaMs !== null && `About ${duration(etaMs)} left. `}
        {backtestsPerSecond !== null && `${whole(backtestsPerSecond)} backtests a second. `}
        {attempt > 1 && `Attempt ${attempt}: a worker before this one was lost.`}
      </p>
      <ol className="phases">
        {STEPS.map((step, at) => (
          <li
            key={step}
            className={at < reached ? 'done' : at === reached ? 'now' : ''}
            aria-current={at === reached ? 'step' : undefined}
          >
            {PHASES[step]}
          </li>
        ))}
      </ol>
    </Section>
  )
}
