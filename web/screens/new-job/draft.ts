import type {
  Algorithm,
  JobChoicesQuery,
  JobSettingsQuery,
  Metric,
  ParameterRangeFragment,
  Sampler,
} from '../../generated/graphql.ts'
import { COSTS, LIMITS, type CostName, type LimitName } from './money-fields.ts'
import { suggestPeriods, toText, type Periods } from './periods.ts'

export type Choices = JobChoicesQuery
export type StrategyChoice = Choices['strategies']['nodes'][number]
export type MarketChoice = Choices['markets']['nodes'][number]
export type JobSettings = NonNullable<JobSettingsQuery['tuningJob']>

/** The range of one parameter as it is typed. */
export interface RangeDraft {
  low: string
  high: string
  default: string
  /** Of listed values: "1.5, 2, 3". */
  values: string
}

/** A job as it is typed: texts, so that a half-written number may stand. */
export interface Draft extends Periods {
  name: string
  strategyId: string
  marketId: string
  timeframe: string
  space: Record<string, RangeDraft>
  sampleCount: string
  sampler: Sampler
  seed: string
  objective: Metric
  algorithm: Algorithm
  /** By name; '' takes the default. */
  hyperparameters: Record<string, string>
  costs: Record<CostName, string>
  limits: Record<LimitName, string>
  allowGaps: boolean
  /** '' leaves it to the server. */
  placeboRuns: string
  secondaryObjectives: readonly Metric[]
}

/** What an address may ask to begin with. */
interface Wishes {
  strategyId: string | null
  marketId: string | null
}

const USUAL_ALGORITHM: Algorithm = 'RANDOM_FOREST'

/** A form that could be sent as it stands. */
export function newDraft({ strategies, markets, algorithms }: Choices, wishes: Wishes): Draft {
  const strategy = strategies.nodes.find(({ id }) => id === wishes.strategyId) ?? strategies.nodes[0]
  const market = markets.nodes.find(({ id }) => id === wishes.marketId) ?? markets.nodes.at(-1)!
  return {
    name: '',
    strategyId: strategy.id,
    marketId: market.id,
    timeframe: market.timeframe,
    ...suggestPeriods(market),
    space: rangesOf(strategy.parameterSpace),
    sampleCount: '200',
    sampler: 'LATIN_HYPERCUBE',
    seed: '1',
    objective: 'SHARPE_RATIO',
    algorithm: (algorithms.find(({ algorithm }) => algorithm === USUAL_ALGORITHM) ?? algorithms[0]).algorithm,
    hyperparameters: {},
    costs: textsOf(COSTS, ({ usual }) => usual),
    limits: textsOf(LIMITS, () => null),
    allowGaps: false,
    placeboRuns: '',
    secondaryObjectives: [],
  }
}

/** A form with the settings of a job that was there. */
export function copiedDraft(job: JobSettings): Draft {
  return {
    name: '',
    strategyId: job.strategy.id,
    marketId: job.market.id,
    timeframe: job.timeframe,
    training: { from: toText(job.trainingPeriod.from), to: toText(job.trainingPeriod.to) },
    test: { from: toText(job.testPeriod.from), to: toText(job.testPeriod.to) },
    space: rangesOf(job.parameterSpace),
    sampleCount: String(job.sampleCount),
    sampler: job.sampler,
    seed: String(job.seed),
    objective: job.objective,
    algorithm: job.algorithm,
    hyperparameters: Object.fromEntries(
      Object.entries((job.hyperparameters ?? {}) as Record<string, number>).map(([name, value]) => [
        name,
        String(value),
      ]),
    ),
    costs: textsOf(COSTS, ({ name }) => job.execution[name]),
    limits: textsOf(LIMITS, ({ name }) => job.riskLimits[name]),
    allowGaps: false,
    placeboRuns: text(job.placeboRuns),
    secondaryObjectives: job.secondaryObjectives,
  }
}

/** What changes with another strategy: its parameters are others. */
export function withStrategy(draft: Draft, strategy: StrategyChoice): Draft {
  return { ...draft, strategyId: strategy.id, space: rangesOf(strategy.parameterSpace) }
}

/** What changes with another market: its candles lie elsewhere. */
export function withMarket(draft: Draft, market: MarketChoice): Draft {
  return { ...draft, marketId: market.id, timeframe: market.timeframe, ...suggestPeriods(market), allowGaps: false }
}

export function rangesOf(space: readonly ParameterRangeFragment[]): Record<string, RangeDraft> {
  return Object.fromEntries(space.map((spec) => [spec.name, rangeOf(spec)]))
}

export function rangeOf({ low, high, values, default: usual }: ParameterRangeFragment): RangeDraft {
  return { low: text(low), high: text(high), default: text(usual), values: values?.join(', ') ?? '' }
}

function text(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value)
}

/** Texts of a group of fields; a fraction is typed as per cent. */
function textsOf<Name extends string, Field extends { name: Name; isShare: boolean }>(
  fields: readonly Field[],
  value: (field: Field) => number | null,
): Record<Name, string> {
  const entries = fields.map((field) => {
    const number = value(field)
    return [field.name, number === null ? '' : String(field.isShare ? Number((100 * number).toPrecision(12)) : number)]
  })
  return Object.fromEntries(entries) as Record<Name, string>
}
