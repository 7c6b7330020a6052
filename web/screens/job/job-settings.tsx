import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Facts, type Fact } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { Rules } from '../../components/rules.tsx'
import { SpaceTable } from '../../components/space-table.tsx'
import { duration, figure, money, period, rate, span, whole } from '../../format.ts'
import { JobSettingsDocument, type JobSettingsQuery } from '../../generated/graphql.ts'
import { objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { algorithmName, SAMPLER, sentence } from '../../words.ts'

type Job = NonNullable<JobSettingsQuery['tuningJob']>

/** Everything that decided the outcome: the same settings give the same result. */
export function JobSettings({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: JobSettingsDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ tuningJob: job }) => (job ? <Settings job={job} /> : null)}
    </Answer>
  )
}

function Settings({ job }: { job: Job }) {
  return (
    <>
      <Section
        title="Strategy"
        lead={
          <>
            <Link to={`/strategies/${job.strategy.id}`}>{job.strategy.name}</Link>, the rules as they are today.
          </>
        }
      >
        <Rules rules={job.strategy} parameters={job.parameterSpace.map(({ name }) => name)} />
      </Section>
      <Section title="Parameter space">
        <SpaceTable space={job.parameterSpace} />
      </Section>
      <Section title="Settings">
        <div className="fact-groups">
          <FactGroup title="What and when" facts={whatAndWhen(job)} />
          <FactGroup title="Search and learning" facts={learning(job)} />
          <FactGroup title="Costs and execution" facts={costs(job)} />
          <FactGroup title="Limits for candidates" facts={limits(job)} />
          <FactGroup title="Record" facts={record(job)} />
        </div>
      </Section>
    </>
  )
}

function FactGroup({ title, facts }: { title: string; facts: readonly Fact[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <Facts facts={facts} />
    </div>
  )
}

function whatAndWhen(job: Job): Fact[] {
  return [
    [
      'Market',
      <Link key="market" to={`/markets/${job.market.id}`}>
        {job.market.symbol}
      </Link>,
    ],
    ['Timeframe', job.timeframe],
    ['Training', `${period(job.trainingPeriod)} (${span(job.trainingPeriod)})`],
    ['Test', `${period(job.testPeriod)} (${span(job.testPeriod)})`],
    ['Objective', objectiveLabel(job.objective)],
    ...(job.secondaryObjectives.length > 0
      ? [['Also watched', job.secondaryObjectives.map(objectiveLabel).join(', ')] as const]
      : []),
  ]
}

const FEATURES = ['interactions', 'market', 'temporal'] as const

function learning(job: Job): Fact[] {
  const hyperparameters = Object.entries((job.hyperparameters ?? {}) as Record<string, number>)
  const features = FEATURES.filter((name) => job.features[name])
  return [
    ['Samples', whole(job.sampleCount)],
    ['Sampler', SAMPLER[job.sampler]],
    ['Seed', String(job.seed)],
    ['Algorithm', algorithmName(job.algorithm)],
    ...hyperparameters.map(([name, value]) => [sentence(name), figure(value, 4)] as const),
    ['Features beside the parameters', features.join(', ') || 'none'],
  ]
}

function costs({ execution }: Job): Fact[] {
  return [
    ['Initial capital', money(execution.initialCapital)],
    ['Fee a side', rate(execution.feeRate)],
    ['Fee of take-profit exits', rate(execution.makerFeeRate)],
    ['Slippage', rate(execution.slippage)],
    ['Leverage', figure(execution.leverage)],
    ['Equity in each position', rate(execution.positionFraction)],
    ['Risk per trade', execution.riskPerTrade > 0 ? rate(execution.riskPerTrade) : 'no limit'],
    ['Funding', `${rate(execution.fundingRate)} every ${duration(execution.fundingIntervalMs)}`],
    ['Maintenance margin', rate(execution.maintenanceMarginRate)],
  ]
}

function limits({ riskLimits }: Job): Fact[] {
  const { maxDrawdown, minTrades, minWinRate, minProfitFactor } = riskLimits
  return [
    ['Max. drawdown', maxDrawdown === null ? 'no limit' : rate(maxDrawdown)],
    ['Trades, at least', minTrades === null ? 'no limit' : whole(minTrades)],
    ['Win rate, at least', minWinRate === null ? 'no limit' : rate(minWinRate)],
    ['Profit factor, at least', minProfitFactor === null ? 'no limit' : figure(minProfitFactor)],
  ]
}

function record(job: Job): Fact[] {
  return [
    ['Id', <code key="id">{job.id}</code>],
    ['Created by', job.createdBy],
    ...(job.model
      ? [
          [
            'Model',
            <Link key="model" to={`/models/${job.model.id}`}>
              {job.model.name} v{job.model.version}
            </Link>,
          ] as const,
        ]
      : []),
    ...(job.resultDigest
      ? [
          [
            'Result digest',
            <code key="digest">{job.resultDigest}</code>,
            'Equal for equal input, whatever ran it.',
          ] as const,
        ]
      : []),
  ]
}
