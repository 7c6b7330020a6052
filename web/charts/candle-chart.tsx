import { useState, type ReactNode } from 'react'
import { useQuery } from 'urql'
import { Answer, Empty } from '../components/answer.tsx'
import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { duration, price, time, whole } from '../format.ts'
import { CandlesDocument } from '../generated/graphql.ts'
import { useWidth } from '../hooks/use-width.ts'
import { Candles, type CandleBar } from './candles.tsx'
import { Plot, Readout, type Frame } from './plot.tsx'
import { around, type Domain } from './scale.ts'

interface Props {
  marketId: string
  /** All that can be shown, ms. */
  whole: Domain
  /** What is shown, ms. */
  range: Domain
  onRange: (range: Domain) => void
  /** Drawn over the candles: trades. */
  marks?: (frame: Frame) => ReactNode
  /** Drawn behind the candles: regimes. */
  behind?: (frame: Frame) => ReactNode
}

/** A candle is at least this wide, in pixels. */
const CANDLE_WIDTH = 5
/** Of the table: more nobody reads. */
const MOST_ROWS = 100
const SHORTEST_MS = 10 * 60_000

/** The candles of a market in a window that can be moved, narrowed by drawing over it, and widened again. */
export function CandleChart({ marketId, whole: all, range, onRange, marks, behind }: Props) {
  const [container, width] = useWidth()
  const maxPoints = Math.max(40, Math.floor(width / CANDLE_WIDTH / 20) * 20)
  const [from, to] = range.map((at) => new Date(Math.round(at)).toISOString())
  const [state, retry] = useQuery({ query: CandlesDocument, variables: { id: marketId, from, to, maxPoints } })
  return (
    <div ref={container}>
      <Answer state={state} retry={retry}>
        {({ market }) => {
          const bars = market?.candles.map((candle) => ({ ...candle, openTime: Date.parse(candle.openTime) })) ?? []
          if (bars.length === 0) return <Empty title="No candles in this stretch.">Choose a wider one.</Empty>
          return <Chart bars={bars} range={range} onRange={onRange} marks={marks} behind={behind} stale={state.stale} />
        }}
      </Answer>
      <Windows all={all} range={range} onRange={onRange} />
    </div>
  )
}

function Chart({ bars, range, onRange, marks, behind, stale }: Pick<Props, 'range' | 'onRange'> & ChartProps) {
  const [cursor, setCursor] = useState<number | null>(null)
  const gaps = bars.slice(1).map(({ openTime }, at) => openTime - bars[at].openTime)
  const barMs = gaps.length > 0 ? gaps.sort((a, b) => a - b)[gaps.length >> 1] : range[1] - range[0]
  const under = cursor === null ? undefined : bars[cursor]
  const y = around(bars.flatMap(({ high, low }) => [high, low]))
  return (
    <figure className="chart" aria-busy={stale}>
      <Readout hint={`Each candle shows ${duration(barMs)}. Draw over the chart to look closer.`}>
        {under && (
          <>
            {time(new Date(under.openTime).toISOString())} open {price(under.open)}, high {price(under.high)}, low{' '}
            {price(under.low)}, close <b>{price(under.close)}</b>, volume {whole(under.volume)}
          </>
        )}
      </Readout>
      <Plot
        label="Candles"
        height={360}
        x={range}
        y={y}
        formatY={price}
        stops={bars.map(({ openTime }) => openTime + barMs / 2)}
        cursor={cursor}
        onCursor={setCursor}
        onSelect={(from, to) => onRange(atLeast([from, to]))}
      >
        {(frame) => (
          <>
            {behind?.(frame)}
            <Candles bars={bars} frame={frame} barMs={barMs} />
            {marks?.(frame)}
          </>
        )}
      </Plot>
      <Behind>
        <Table
          caption="Candles"
          rows={bars.slice(-MOST_ROWS)}
          rowKey={({ openTime }) => openTime}
          columns={[
            {
              title: 'Opens (UTC)',
              cell: ({ openTime }) => <span className="nowrap">{time(new Date(openTime).toISOString())}</span>,
            },
            { title: 'Open', figure: true, cell: (bar) => price(bar.open) },
            { title: 'High', figure: true, cell: ({ high }) => price(high) },
            { title: 'Low', figure: true, cell: ({ low }) => price(low) },
            { title: 'Close', figure: true, cell: ({ close }) => <b>{price(close)}</b> },
            { title: 'Volume', meaning: 'In base units.', figure: true, cell: ({ volume }) => whole(volume) },
          ]}
        />
        {bars.length > MOST_ROWS && <p className="muted">The last {MOST_ROWS} candles of this stretch.</p>}
      </Behind>
    </figure>
  )
}

interface ChartProps {
  bars: readonly CandleBar[]
  marks: Props['marks'] | undefined
  behind: Props['behind'] | undefined
  stale: boolean
}

function atLeast([from, to]: Domain): Domain {
  const missing = Math.max(0, SHORTEST_MS - (to - from)) / 2
  return [from - missing, to + missing]
}

const DAY = 86_400_000
const WINDOWS: [number, string][] = [
  [DAY, '1 d'],
  [7 * DAY, '7 d'],
  [30 * DAY, '30 d'],
  [365 * DAY, '1 y'],
]

/** Buttons for what the pointer can do as well: move, look at a window of a given length, see all. */
function Windows({ all, range, onRange }: { all: Domain; range: Domain; onRange: (range: Domain) => void }) {
  const length = range[1] - range[0]
  /** A window of that length that ends at `end`, moved to where there are candles. */
  const show = (length: number, end: number) => {
    const to = Math.min(all[1], Math.max(all[0] + length, end))
    onRange([Math.max(all[0], to - length), to])
  }
  const everything = range[0] <= all[0] && range[1] >= all[1]
  return (
    <div className="windows" role="group" aria-label="Stretch of time">
      <button type="button" disabled={range[0] <= all[0]} onClick={() => show(length, range[1] - length / 2)}>
        ← Earlier
      </button>
      {WINDOWS.filter(([window]) => window < all[1] - all[0]).map(([window, label]) => (
        <button key={label} type="button" onClick={() => show(window, range[1])}>
          {label}
        </button>
      ))}
      <button type="button" disabled={everything} onClick={() => onRange(all)}>
        All
      </button>
      <button type="button" disabled={range[1] >= all[1]} onClick={() => show(length, range[1] + length / 2)}>
        Later →
      </button>
    </div>
  )
}
