import { useRef, useState } from 'react'
import { useQuery } from 'urql'
import { CandleChart } from '../../charts/candle-chart.tsx'
import { EquityChart } from '../../charts/equity-chart.tsx'
import type { Domain } from '../../charts/scale.ts'
import { Answer } from '../../components/answer.tsx'
import { Facts, Tiles, type Fact } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { duration, money, percent, ratio, whole } from '../../format.ts'
import { BacktestDocument, type BacktestQuery } from '../../generated/graphql.ts'
import { METRICS } from '../../metrics.ts'
import { backtestInput, EQUITY_POINTS } from './backtest-input.ts'
import type { BacktestJob } from './job-backtest.tsx'
import { TradeMarks } from './trade-marks.tsx'
import { TradeTable, type Trade } from './trade-table.tsx'

type Report = BacktestQuery['backtest']

interface Props {
  job: BacktestJob
  parameters: Record<string, number>
  stretch: { from: string; to: string }
  /** Where the test period begins, where both are shown. */
  unseenFrom: string | null
}

/** What came out, from the summary down to the single trade. */
export function BacktestResult({ job, parameters, stretch, unseenFrom }: Props) {
  const [state, retry] = useQuery({
    query: BacktestDocument,
    variables: { input: backtestInput(job, job.execution, parameters, stretch), maxPoints: EQUITY_POINTS },
    requestPolicy: 'cache-first',
  })
  return (
    <Answer state={state} retry={() => retry({ requestPolicy: 'network-only' })}>
      {({ backtest }) => (
        <>
          <Section title="Result" lead={summaryOf(backtest)}>
            <Tiles facts={mainFigures(backtest)} />
            <EquityChart
              points={backtest.equity}
              initialCapital={job.execution.initialCapital}
              unseenFrom={unseenFrom === null ? null : Date.parse(unseenFrom)}
            />
            <details>
              <summary>More figures</summary>
              <Facts facts={moreFigures(backtest)} />
            </details>
          </Section>
          <Trades job={job} trades={backtest.trades} stretch={stretch} />
        </>
      )}
    </Answer>
  )
}

function summaryOf({ metrics }: Report): string {
  if (metrics.tradeCount === 0) return 'No trade at all: the entry conditions were never met in this stretch.'
  const difference = metrics.roi - metrics.buyAndHoldRoi
  const than = `${percent(Math.abs(difference))} ${difference >= 0 ? 'more' : 'less'} than buying and holding`
  return `${whole(metrics.tradeCount)} trades, ${than} (${percent(metrics.buyAndHoldRoi)}).`
}

function mainFigures({ metrics }: Report): Fact[] {
  return (['roi', 'maxDrawdown', 'sharpeRatio', 'winRate', 'profitFactor'] as const).map((metric) => [
    METRICS[metric].label,
    METRICS[metric].format(metrics[metric]),
    METRICS[metric].meaning,
  ])
}

function moreFigures({ metrics, fingerprint, durationMs }: Report): Fact[] {
  const rest = ['cagr', 'sortinoRatio', 'calmarRatio', 'expectancy', 'sqn', 'tradeCount'] as const
  return [
    ...rest.map((metric) => [METRICS[metric].label, METRICS[metric].format(metrics[metric])] as const),
    ['Final equity', money(metrics.finalEquity)],
    ['Fees paid', money(metrics.feesPaid)],
    ['Time in the market', percent(metrics.exposure)],
    ['Volatility, a year', percent(metrics.volatility)],
    ['Average win over loss', ratio(metrics.payoffRatio)],
    ['Average trade', duration(metrics.averageTradeDurationMs)],
    ['Best trade', percent(metrics.bestTrade)],
    ['Worst trade', percent(metrics.worstTrade)],
    ['Longest time under a peak', duration(metrics.maxDrawdownDurationMs)],
    ['Computed in', `${whole(durationMs)} ms`],
    ['Fingerprint', <code key="fingerprint">{fingerprint}</code>, 'Equal fingerprints give equal bits.'],
  ]
}

/** The trades on the candles and as a table; a row takes the chart to its trade. */
function Trades({ job, trades, stretch }: { job: BacktestJob; trades: readonly Trade[]; stretch: Props['stretch'] }) {
  const all: Domain = [Date.parse(stretch.from), Date.parse(stretch.to)]
  const [range, setRange] = useState<Domain>(all)
  const chart = useRef<HTMLDivElement>(null)
  if (trades.length === 0) return null
  const show = ({ entryTime, exitTime }: Trade) => {
    const [from, to] = [Date.parse(entryTime), Date.parse(exitTime)]
    const around = Math.max(to - from, 60 * 60_000)
    setRange([from - around, to + around])
    chart.current?.scrollIntoView({ behavior: 'smooth', block: 'center' })
  }
  return (
    <Section title="Trades" lead="Up: entry, down: exit. A row of the table takes the chart to its trade.">
      <div ref={chart}>
        <CandleChart
          marketId={job.market.id}
          whole={all}
          range={range}
          onRange={setRange}
          marks={(frame) => <TradeMarks trades={trades} frame={frame} range={range} />}
        />
      </div>
      <TradeTable trades={trades} onShow={show} />
    </Section>
  )
}
