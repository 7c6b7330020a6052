import { ForecastChart } from '../../charts/forecast-chart.tsx'
import { PairBars } from '../../charts/pair-bars.tsx'
import { Behind } from '../../components/behind.tsx'
import { Facts } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { percent, ratio, time, whole } from '../../format.ts'
import type { PredictionRowFragment } from '../../generated/graphql.ts'
import type { ModelData } from './model.tsx'

interface Props {
  model: ModelData
  predictions: readonly PredictionRowFragment[]
  show: (value: number | null) => string
}

/** What came of the predictions that were checked by a real backtest. */
export function TrackRecord({ model, predictions, show }: Props) {
  const checked = predictions
    .filter(({ actualValue }) => actualValue !== null)
    .toReversed()
    .map((one) => ({ ...one, actualValue: one.actualValue ?? 0 }))
  if (checked.length === 0 && model.reliability.length === 0) return null
  return (
    <Section
      title="What came of its predictions"
      lead="Each dot is what the model said, with its interval; the square is what a real backtest gave."
    >
      {checked.length > 0 && (
        <>
          <ForecastChart forecasts={checked} format={show} />
          <Behind>
            <Table
              caption="Checked predictions, oldest first"
              rows={checked}
              rowKey={({ id }) => id}
              columns={[
                { title: 'Asked (UTC)', cell: ({ createdAt }) => <span className="nowrap">{time(createdAt)}</span> },
                { title: 'Predicted', figure: true, cell: ({ predictedValue }) => show(predictedValue) },
                {
                  title: 'Interval',
                  figure: true,
                  cell: ({ interval: { low, high } }) => `${show(low)} to ${show(high)}`,
                },
                { title: 'Backtested', figure: true, cell: ({ actualValue }) => <b>{show(actualValue)}</b> },
              ]}
            />
          </Behind>
        </>
      )}
      <Facts
        facts={[
          [
            'Inside their intervals',
            `${percent(model.observedCoverage, 0)}, promised ${percent(predictions[0]?.interval.level, 0)}`,
            'Of the checked predictions.',
          ],
          [
            'Brier score of the confidence',
            `${ratio(model.brierScore)}, by always saying the mean ${ratio(model.baseBrierScore)}`,
            'Mean squared error of the confidence: 0 is perfect. Lower is better.',
          ],
        ]}
      />
      {model.reliability.length > 0 && (
        <>
          <PairBars
            label="Confidence said against share that reached the reference"
            names={['Said', 'Reached']}
            format={(value) => whole(value)}
            groups={model.reliability.map(({ confidence, reached, count }) => ({
              name: `${whole(confidence)} (${whole(count)})`,
              values: [confidence, reached],
            }))}
          />
          <Behind what="The confidence">
            <Table
              caption="Confidence said against share that reached the reference"
              rows={model.reliability}
              rowKey={({ confidence }) => confidence}
              columns={[
                { title: 'Said', meaning: '0 to 100.', figure: true, cell: ({ confidence }) => whole(confidence) },
                {
                  title: 'Reached',
                  meaning: 'Of 100 predictions like these.',
                  figure: true,
                  cell: ({ reached }) => <b>{whole(reached)}</b>,
                },
                { title: 'Predictions', figure: true, cell: ({ count }) => whole(count) },
              ]}
            />
          </Behind>
          <p className="muted">
            Where both bars are equally high the confidence can be trusted; in brackets the number of predictions.
          </p>
        </>
      )}
    </Section>
  )
}
