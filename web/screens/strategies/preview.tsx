import { useState } from 'react'
import { useQuery } from 'urql'
import { EquityChart } from '../../charts/equity-chart.tsx'
import { Empty, FailureBox, Loading } from '../../components/answer.tsx'
import { Choice } from '../../components/choice.tsx'
import { Tiles } from '../../components/facts.tsx'
import { SelectField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { ParameterList } from '../../components/parameter-list.tsx'
import { failureOf } from '../../failure.ts'
import { duration, percent } from '../../format.ts'
import {
  PreviewMarketsDocument,
  StrategyPreviewDocument,
  type BacktestInput,
  type PreviewMarketsQuery,
  type StrategyPreviewQuery,
} from '../../generated/graphql.ts'
import { METRICS } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import type { SoundRules } from './use-strategy-check.ts'

type Market = PreviewMarketsQuery['markets']['nodes'][number]

const DAY_MS = 86_400_000
const POINTS = 400
/** What a backtest begins with where nothing else is said. */
const INITIAL_CAPITAL = 10_000
const SPANS = [
  ['30', '30 d'],
  ['90', '90 d'],
  ['365', '1 y'],
  ['', 'All'],
] as const
type Span = (typeof SPANS)[number][0]

interface Props {
  /** Null where there are none at the moment. */
  rules: SoundRules | null
  /** Somebody types. */
  settling: boolean
  /** Whether the rules are what stands in the form; otherwise they are the last ones without a mistake. */
  isSound: boolean
}

/** What the rules would have done on a market, as the server backtests them, while one writes them. */
export function Preview({ rules, settling, isSound }: Props) {
  const [{ data }] = useQuery({ query: PreviewMarketsDocument })
  const [marketId, setMarketId] = useState('')
  const [span, setSpan] = useState<Span>('90')
  const markets = data?.markets.nodes.filter(({ to }) => to !== null) ?? []
  const market = markets.find(({ id }) => id === marketId) ?? markets[0]
  return (
    <Section
      title="Preview"
      lead="A backtest with these rules and the default of each parameter, usual costs included."
      aside={<Choice label="Over the last" value={span} options={SPANS} onChange={setSpan} />}
    >
      {data && !market && (
        <Empty title="There are no candles to look at.">
          <p>
            <Link to="/markets">Import a file of candles</Link>; the strategy can be saved without.
          </p>
        </Empty>
      )}
      {market && (
        <>
          <SelectField
            label="Market"
            value={market.id}
            options={markets.map((each) => [each.id, nameOf(each)] as const)}
            onChange={setMarketId}
          />
          <Outcome rules={rules} settling={settling} isSound={isSound} market={market} span={span} />
        </>
      )}
    </Section>
  )
}

function nameOf({ symbol, timeframe, synthetic }: Market): string {
  return `${symbol} ${timeframe}${synthetic ? ' (synthetic)' : ''}`
}

function Outcome({ rules, settling, isSound, market, span }: Props & { market: Market; span: Span }) {
  const [{ data, error, fetching }] = useQuery({
    query: StrategyPreviewDocument,
    variables: { input: inputFor(rules, market, span), maxPoints: POINTS },
    pause: rules === null,
    requestPolicy: 'network-only',
  })
  if (rules === null)
    return <p className="muted">As soon as nothing is wrong with the rules, their result stands here.</p>
  if (error && !fetching) return <FailureBox failure={failureOf(error)} />
  if (!data) return <Loading what="Backtesting" />
  return (
    <div className={settling || fetching || !isSound ? 'settling' : ''} aria-busy={fetching}>
      {!isSound && !settling && <p className="hint">Of the last rules without a mistake:</p>}
      <Result backtest={data.backtest} parameters={rules.parameters} />
    </div>
  )
}

function inputFor(rules: Props['rules'], market: Market, span: Span): BacktestInput {
  const end = Date.parse(market.to ?? '')
  const start = Math.max(Date.parse(market.from ?? ''), end - Number(span) * DAY_MS)
  return {
    strategy: rules?.strategy ?? null,
    marketId: market.id,
    parameters: rules?.parameters ?? {},
    from: span === '' ? null : new Date(start).toISOString(),
  }
}

const SHOWN = ['roi', 'maxDrawdown', 'sharpeRatio', 'winRate', 'tradeCount'] as const

function Result({
  backtest: { metrics, equity, durationMs },
  parameters,
}: {
  backtest: StrategyPreviewQuery['backtest']
  parameters: Record<string, number>
}) {
  return (
    <>
      <Tiles
        facts={[
          ...SHOWN.map(
            (name) => [METRICS[name].label, METRICS[name].format(metrics[name]), METRICS[name].meaning] as const,
          ),
          [
            'Buy and hold',
            percent(metrics.buyAndHoldRoi),
            'ROI of buying at the first open and selling at the last close.',
          ],
        ]}
      />
      {metrics.tradeCount === 0 && <p className="message warn">The entry conditions were never met in this stretch.</p>}
      <EquityChart points={equity} initialCapital={INITIAL_CAPITAL} />
      <p className="muted">
        <ParameterList parameters={parameters} /> Backtested in {duration(durationMs)}. One set on one market proves
        nothing: a job asks whether it would last.
      </p>
    </>
  )
}
