import { useQuery } from 'urql'
import { Answer, Empty } from '../../components/answer.tsx'
import { Facts, Tiles } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { money, percent, ratio, time, whole } from '../../format.ts'
import { PlaybookPerformanceDocument, type PlaybookPerformanceQuery } from '../../generated/graphql.ts'
import { REGIME } from '../../words.ts'

type Performance = NonNullable<PlaybookPerformanceQuery['playbook']>['performance']

/** How its trades went, by regime and by strategy, and how well its reviews did. */
export function PlaybookPerformance({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: PlaybookPerformanceDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ playbook }) =>
        playbook && playbook.performance.trades > 0 ? (
          <Parts performance={playbook.performance} />
        ) : (
          <Empty title="No trades yet.">
            <p>
              A bot reports them by the mutation <code>recordTrades</code>, each with its regime and confidence.
            </p>
          </Empty>
        )
      }
    </Answer>
  )
}

function Parts({ performance }: { performance: Performance }) {
  const { byRegime, byStrategy } = performance
  return (
    <>
      <Tiles
        facts={[
          ['Trades', whole(performance.trades)],
          ['Win rate', percent(performance.winRate)],
          ['Profit', money(performance.profit), 'In quote currency.'],
          ['Profit factor', ratio(performance.profitFactor)],
          [
            'Sharpe ratio',
            ratio(performance.sharpeRatio),
            'Of daily sums of profit ratios; not defined under 10 days.',
          ],
          ['Max. drawdown', percent(performance.maxDrawdown), 'Of an account that puts everything into each trade.'],
        ]}
      />
      <div className="two-columns">
        <Section title="By regime">
          <Table
            caption="Performance by regime"
            rows={byRegime}
            rowKey={({ regime }) => regime}
            columns={[
              { title: 'Regime', cell: ({ regime }) => REGIME[regime] },
              { title: 'Trades', figure: true, cell: ({ trades }) => whole(trades) },
              { title: 'Win rate', figure: true, cell: ({ winRate }) => percent(winRate, 0) },
              { title: 'Profit', figure: true, cell: ({ profit }) => <Profit value={profit} /> },
              {
                title: 'Brier score',
                meaning: 'Mean squared error of the confidence: 0 is perfect, 0.25 a coin called at 50 %.',
                figure: true,
                cell: ({ brierScore }) => ratio(brierScore),
              },
            ]}
          />
        </Section>
        <Section title="By strategy">
          <Table
            caption="Performance by strategy"
            rows={byStrategy}
            rowKey={({ strategy }) => strategy}
            columns={[
              { title: 'Strategy', cell: ({ strategy }) => strategy },
              { title: 'Trades', figure: true, cell: ({ trades }) => whole(trades) },
              { title: 'Win rate', figure: true, cell: ({ winRate }) => percent(winRate, 0) },
              { title: 'Profit', figure: true, cell: ({ profit }) => <Profit value={profit} /> },
            ]}
          />
        </Section>
      </div>
      <Kpis kpis={performance.kpis} />
    </>
  )
}

export function Profit({ value }: { value: number }) {
  return <span className={value < 0 ? 'loss' : 'gain'}>{money(value)}</span>
}

function Kpis({ kpis }: { kpis: Performance['kpis'] }) {
  const interval = kpis.recommendationAccuracyInterval
  return (
    <Section title="How well its reviews do">
      <Facts
        facts={[
          ['Reviews', whole(kpis.reviews)],
          ['Recommendations', whole(kpis.recommendations)],
          ['Accepted', percent(kpis.acceptanceRate, 0), 'Share of decided recommendations that were applied.'],
          [
            'Turned out well',
            interval
              ? `${percent(kpis.recommendationAccuracy, 0)} (${percent(interval.low, 0)} to ${percent(interval.high, 0)})`
              : percent(kpis.recommendationAccuracy, 0),
            'Share of applied, judged changes that improved results.',
          ],
          ['Stability', percent(kpis.parameterStability, 0), '100 % where successive reviews ask for the same values.'],
          ['Changes taken back', whole(kpis.signFlips), 'How often a change went back on the one before.'],
          ['Data quality', whole(kpis.averageDataQuality), 'Mean over the reviews, 0 to 100.'],
          ['Last review (UTC)', time(kpis.lastReviewAt)],
        ]}
      />
    </Section>
  )
}
