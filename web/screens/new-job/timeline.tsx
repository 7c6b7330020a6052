import { useQuery } from 'urql'
import { linePath } from '../../charts/path.ts'
import { Plot, type Frame } from '../../charts/plot.tsx'
import { around } from '../../charts/scale.ts'
import { price } from '../../format.ts'
import { MarketLineDocument } from '../../generated/graphql.ts'
import type { MarketChoice } from './draft.ts'
import { toInstant, type PeriodDraft } from './periods.ts'

const POINTS = 300

/** The market's closes with the two periods drawn under them. */
export function Timeline({
  market,
  training,
  test,
}: {
  market: MarketChoice
  training: PeriodDraft
  test: PeriodDraft
}) {
  const [{ data }] = useQuery({
    query: MarketLineDocument,
    variables: { id: market.id, maxPoints: POINTS },
    requestPolicy: 'cache-first',
  })
  if (!market.from || !market.to) return null
  const candles = data?.market?.id === market.id ? data.market.candles : []
  return (
    <Plot
      label={`Closes of ${market.symbol} with the training and the test period`}
      height={130}
      x={[Date.parse(market.from), Date.parse(market.to)]}
      y={around(candles.map(({ close }) => close))}
      formatY={price}
    >
      {(frame) => (
        <>
          <Stretch frame={frame} kind="training" title="Training" period={training} />
          <Stretch frame={frame} kind="test" title="Test" period={test} />
          <path
            className="line thin"
            d={linePath(candles.map(({ openTime, close }) => [frame.x(Date.parse(openTime)), frame.y(close)]))}
          />
        </>
      )}
    </Plot>
  )
}

function Stretch({ frame, kind, title, period }: { frame: Frame; kind: string; title: string; period: PeriodDraft }) {
  const [from, to] = [toInstant(period.from), toInstant(period.to)]
  if (from === null || to === null) return null
  const within = (at: string) => Math.min(frame.width, Math.max(0, frame.x(Date.parse(at))))
  const [start, end] = [within(from), within(to)]
  if (end <= start) return null
  return (
    <>
      <rect className={`period-part ${kind}`} x={start} width={end - start} height={frame.height} />
      {end - start > 50 && (
        <text className="tick" x={start + 5} y={12}>
          {title}
        </text>
      )}
    </>
  )
}
