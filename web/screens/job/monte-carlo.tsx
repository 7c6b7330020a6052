import { useState } from 'react'
import { FanChart } from '../../charts/fan-chart.tsx'
import { QuantileBars } from '../../charts/quantile-bars.tsx'
import { Behind } from '../../components/behind.tsx'
import { Choice } from '../../components/choice.tsx'
import { Section } from '../../components/page.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { percent, ratio, whole } from '../../format.ts'
import type { MonteCarloPartsFragment, QuantilePartsFragment } from '../../generated/graphql.ts'
import { sentence } from '../../words.ts'

/** What each method changes. One that is not listed is shown by its own name. */
const METHODS: Record<string, [name: string, says: string]> = {
  SHUFFLE: ['Other order', 'the same trades in random order'],
  BOOTSTRAP: ['Drawn anew', 'trades drawn with replacement'],
  SKIP: ['Some missed', 'each trade missed with 10 %'],
  STATIONARY_BLOCK: ['Blocks of days', 'daily returns in blocks'],
  PARAMETER_JITTER: ['Parameters moved', 'real backtests near the chosen set'],
  COST_STRESS: ['Double costs', 'trades at double costs, drawn with replacement'],
}

const FIGURES = [
  ['roi', 'ROI', percent],
  ['maxDrawdown', 'Max. drawdown', percent],
  ['sharpeRatio', 'Sharpe ratio', ratio],
] as const

/** How else the test period could have ended: fans of outcomes. */
export function MonteCarlo({ methods }: { methods: readonly MonteCarloPartsFragment[] }) {
  return (
    <Section
      title="Monte Carlo"
      lead="How else the test period could have ended. Bars: 90 % and 50 % of all runs; the line: the median. An ROI left of zero is a loss."
    >
      {methods.length === 0 ? (
        <p className="muted">Fewer than ten trades out of sample: too few to shuffle.</p>
      ) : (
        <>
          <div className="small-plots">
            {FIGURES.map(([figure, label, format]) => (
              <QuantileBars
                key={figure}
                label={label}
                format={format}
                rows={methods.map((one) => ({
                  name: METHODS[one.method]?.[0] ?? sentence(one.method),
                  ...one[figure],
                }))}
              />
            ))}
          </div>
          <Behind>
            <Table caption="Monte Carlo" rows={methods} rowKey={({ method }) => method} columns={COLUMNS} />
          </Behind>
          <Fans methods={methods} />
        </>
      )}
    </Section>
  )
}

/** The way of the runs, by one method at a time. */
function Fans({ methods }: { methods: readonly MonteCarloPartsFragment[] }) {
  const withFan = methods.filter(({ fan }) => fan.length > 0)
  const [chosen, setChosen] = useState('STATIONARY_BLOCK')
  const shown = withFan.find(({ method }) => method === chosen) ?? withFan[0]
  if (!shown) return null
  const [, says] = METHODS[shown.method] ?? []
  return (
    <>
      <header className="section-head">
        <div>
          <h3 className="part-title">On the way there</h3>
          <p className="lead">
            {whole(shown.runs)} runs: {says}. Half of them stay inside the dark band, nine tenths inside the light one.
          </p>
        </div>
        <Choice
          label="Method"
          value={shown.method}
          options={withFan.map(({ method }) => [method, METHODS[method]?.[0] ?? sentence(method)] as const)}
          onChange={setChosen}
        />
      </header>
      <FanChart points={shown.fan} />
    </>
  )
}

const spread = ({ p05, p50, p95 }: QuantilePartsFragment, format: (value: number) => string) =>
  `${format(p05)} … ${format(p50)} … ${format(p95)}`

const COLUMNS: Column<MonteCarloPartsFragment>[] = [
  {
    title: 'Method',
    cell: ({ method }) => (
      <>
        {METHODS[method]?.[0] ?? sentence(method)}
        <span className="sub">{METHODS[method]?.[1]}</span>
      </>
    ),
  },
  { title: 'Runs', figure: true, cell: ({ runs }) => whole(runs) },
  { title: 'Ends with a loss', figure: true, cell: ({ probabilityOfLoss }) => <b>{percent(probabilityOfLoss, 0)}</b> },
  ...FIGURES.map(([figure, label, format]) => ({
    title: `${label}, 5 % … median … 95 %`,
    figure: true,
    cell: (row: MonteCarloPartsFragment) => spread(row[figure], format),
  })),
]
