import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { SyntheticBadge } from '../../components/badge.tsx'
import { Choice } from '../../components/choice.tsx'
import { Page, Section } from '../../components/page.tsx'
import { period } from '../../format.ts'
import { BacktestSettingsDocument, type BacktestSettingsQuery } from '../../generated/graphql.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { Link, navigate } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { backtestPath, readBacktestPlace, STRETCHES, type Stretch } from './backtest-place.ts'
import { BacktestResult } from './backtest-result.tsx'
import { ParameterForm } from './parameter-form.tsx'

export type BacktestJob = NonNullable<BacktestSettingsQuery['tuningJob']>

/** One parameter set of a job in full detail: equity, drawdown, trades. The address holds the whole question. */
export function JobBacktest({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: BacktestSettingsDocument, variables: { id } })
  const job = state.data?.tuningJob
  if (state.data && !job) return <NotFound what="job" back={<Link to="/">Go to the jobs</Link>} />
  return (
    <Page
      title="Backtest"
      tab={job ? `Backtest: ${job.name}` : 'Backtest'}
      above={
        job && (
          <>
            <Link to={`/jobs/${id}/candidates`}>{job.name}</Link>, {job.strategy.name} on {job.market.symbol}{' '}
            {job.timeframe} {job.market.synthetic && <SyntheticBadge />}
          </>
        )
      }
    >
      <Answer state={state} retry={() => retry()}>
        {() => job && <Backtest job={job} />}
      </Answer>
    </Page>
  )
}

function Backtest({ job }: { job: BacktestJob }) {
  const [search] = useSearch()
  const { over, values } = readBacktestPlace(search)
  const parameters = Object.keys(values).length > 0 ? values : bestOf(job)
  const go = (next: Record<string, number>, stretch: Stretch) =>
    navigate(backtestPath(job.id, next, stretch), { replace: true })
  const stretch = stretchOf(job, over)
  return (
    <>
      <Section
        title="Parameters"
        lead={originOf(job, parameters)}
        aside={
          <Choice
            label="Over which candles"
            value={over}
            options={STRETCHES}
            onChange={(next) => go(parameters, next)}
          />
        }
      >
        <ParameterForm
          key={search.toString()}
          space={job.parameterSpace}
          values={parameters}
          act="Backtest"
          onSubmit={(next) => go(next, over)}
        />
        <p className="muted">
          {period(stretch)}.{' '}
          {over === 'both' && 'Shaded: the test period, which neither samples nor model nor search have seen. '}
          {!job.strategy.builtIn && 'Runs by the rules of the strategy as they are today.'}
        </p>
      </Section>
      <BacktestResult
        job={job}
        parameters={parameters}
        stretch={stretch}
        unseenFrom={over === 'both' ? job.testPeriod.from : null}
      />
    </>
  )
}

/** Where these parameters come from, as far as one can tell. */
function originOf(job: BacktestJob, parameters: Record<string, number>): string {
  const candidate = job.candidates.find((each) =>
    Object.entries(each.parameters).every(([name, value]) => parameters[name] === value),
  )
  if (candidate) return `Candidate ${candidate.rank}. Change a value to see what it does.`
  return 'Not one of the candidates. The strategy’s costs and execution are those of the job.'
}

function bestOf({ candidates, parameterSpace }: BacktestJob): Record<string, number> {
  const defaults = parameterSpace.map((spec) => [spec.name, spec.default ?? spec.low ?? spec.values?.[0] ?? 0] as const)
  return candidates[0]?.parameters ?? Object.fromEntries(defaults)
}

function stretchOf({ trainingPeriod, testPeriod }: BacktestJob, over: Stretch): { from: string; to: string } {
  return {
    from: over === 'test' ? testPeriod.from : trainingPeriod.from,
    to: over === 'training' ? trainingPeriod.to : testPeriod.to,
  }
}
