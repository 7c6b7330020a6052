import { Gauge } from '../../charts/gauge.tsx'
import { Badge } from '../../components/badge.tsx'
import { Facts } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { ENOUGH, scoreTone } from '../../components/score.tsx'
import { duration, period, time, whole } from '../../format.ts'
import type { JobHeadFragment } from '../../generated/graphql.ts'
import { objectiveLabel } from '../../metrics.ts'
import { algorithmName } from '../../words.ts'
import { BestSet } from './best-set.tsx'
import { CriteriaTable } from './criteria-table.tsx'
import { criterionInfo, inWords, shortfallOf } from './criteria.ts'
import { InAndOut, OutOfSample } from './out-of-sample.tsx'
import type { Criterion, Readiness } from './types.ts'

/** May this be traded? Why, or why not; and what the best set did where nothing could have cheated. */
export function Verdict({ job }: { job: JobHeadFragment }) {
  const { readiness, warnings } = job
  if (!readiness) return null
  return (
    <>
      <Headline readiness={readiness} />
      <InAndOut job={job} />
      <div className="two-columns">
        <Section title="Criteria" lead="How well the model knows the sampled past. They carry the score.">
          <CriteriaTable caption="Criterion" lines={readiness.criteria} points />
        </Section>
        <Section title="Gates" lead="Could it be luck? They carry no points; all must pass.">
          <CriteriaTable caption="Gate" lines={readiness.gates} points={false} />
        </Section>
      </div>
      {warnings.length > 0 && (
        <div className="message warn">
          <p className="message-title">What to look at</p>
          <ul>
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </div>
      )}
      <BestSet id={job.id} />
      <OutOfSample job={job} />
      <Section title="This job">
        <Facts facts={factsOf(job)} />
      </Section>
    </>
  )
}

function Headline({ readiness }: { readiness: Readiness }) {
  const { score, productionReady, criteriaMet } = readiness
  const tone = productionReady ? 'good' : criteriaMet ? 'warn' : 'bad'
  return (
    <section className={`verdict ${tone}`} aria-label="Verdict">
      <Gauge
        value={score}
        needed={ENOUGH}
        tone={scoreTone(score, productionReady)}
        label={`Score ${Math.round(score)} of 100`}
      />
      <div>
        <h2>{productionReady ? 'Ready' : 'Not ready'}</h2>
        <p className="tally">
          <Tally lines={readiness.criteria} what="criteria" /> <Tally lines={readiness.gates} what="gates" />
        </p>
        <Why readiness={readiness} />
      </div>
    </section>
  )
}

/** What the explanation says to do, behind its sentence on what failed: that stands here line by line. */
const ADVICE = /^Not ready: .*?\. ([A-Z].*)$/s

function Why({ readiness: { productionReady, criteria, gates, explanation } }: { readiness: Readiness }) {
  if (productionReady) return <p>{explanation.replace(/^Ready: every/, 'Every')}</p>
  return (
    <>
      <p>Do not trade this set. What speaks against it:</p>
      <ul className="why">
        {[...criteria, ...gates]
          .filter(({ passed }) => !passed)
          .map((line) => (
            <li key={line.name}>
              <b>{criterionInfo(line).label}</b> {shortfallOf(line)}
            </li>
          ))}
      </ul>
      <p>{inWords(ADVICE.exec(explanation)?.[1] ?? explanation)}</p>
    </>
  )
}

/** How many of the lines are passed. */
function Tally({ lines, what }: { lines: readonly Criterion[]; what: string }) {
  const passed = lines.filter((line) => line.passed).length
  return (
    <Badge tone={passed === lines.length ? 'good' : 'bad'}>
      {passed} of {lines.length} {what}
    </Badge>
  )
}

function factsOf(job: JobHeadFragment) {
  return [
    ['Training', period(job.trainingPeriod)],
    ['Test', period(job.testPeriod)],
    ['Objective', objectiveLabel(job.objective)],
    ['Samples', whole(job.sampleCount)],
    ['Algorithm', algorithmName(job.chosenAlgorithm ?? job.algorithm)],
    ['Finished (UTC)', time(job.finishedAt)],
    ['Took', duration(job.durationMs)],
  ] as const
}
