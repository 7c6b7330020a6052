import { useState } from 'react'
import { money, percent, ratio, time, whole } from '../format.ts'
import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { bandPath, linePath } from './path.ts'
import { Plot, Readout, type Frame } from './plot.tsx'
import { around } from './scale.ts'

export interface EquityPoint {
  /** Close of the bar, ISO. */
  time: string
  equity: number
  /** Fall from the highest equity so far, a positive fraction. */
  drawdown: number
}

interface Props {
  points: readonly EquityPoint[]
  initialCapital: number
  /** Where candles begin that nothing has seen, ms; null where all or none are such. */
  unseenFrom?: number | null
  /** The equity is a multiple of the beginning, not money. */
  multiple?: boolean
}

/** Equity over time with the drawdown beneath it; one cursor reads both. */
export function EquityChart({ points, initialCapital, unseenFrom = null, multiple = false }: Props) {
  const [cursor, setCursor] = useState<number | null>(null)
  const times = points.map((point) => Date.parse(point.time))
  const shared = { left: 64, x: [times[0], times.at(-1)!] as const, stops: times, cursor, onCursor: setCursor }
  const amount = multiple ? ratio : money
  const deepest = Math.max(0.001, ...points.map(({ drawdown }) => drawdown))
  const under = cursor === null ? undefined : points[cursor]
  return (
    <figure className="chart">
      <Readout hint="Point at the curve, or focus it and use the arrow keys, to read it.">
        {under && (
          <>
            {time(under.time)} <b>{amount(under.equity)}</b> ({percent(under.equity / initialCapital - 1)}), drawdown{' '}
            {percent(under.drawdown)}
          </>
        )}
      </Readout>
      <Plot
        label="Equity"
        height={240}
        y={around([initialCapital, ...points.map(({ equity }) => equity)])}
        formatY={multiple ? ratio : whole}
        titleY={multiple ? 'Equity, as a multiple of the beginning' : 'Equity, in quote currency'}
        {...shared}
      >
        {(frame) => (
          <>
            <Unseen frame={frame} from={unseenFrom} name="Test" />
            <line className="zero" y1={frame.y(initialCapital)} y2={frame.y(initialCapital)} x2={frame.width} />
            <path
              className="line"
              d={linePath(points.map(({ equity }, at) => [frame.x(times[at]), frame.y(equity)]))}
            />
          </>
        )}
      </Plot>
      <Plot
        label="Drawdown"
        height={120}
        y={[-deepest * 1.05, 0]}
        formatY={(value) => percent(-Math.abs(value), deepest < 0.05 ? 1 : 0)}
        titleY="Drawdown"
        {...shared}
      >
        {(frame) => {
          const line = points.map(({ drawdown }, at) => [frame.x(times[at]), frame.y(-drawdown)] as const)
          return (
            <>
              <Unseen frame={frame} from={unseenFrom} />
              <path
                className="fall"
                d={bandPath(
                  [
                    [line[0][0], 0],
                    [line.at(-1)![0], 0],
                  ],
                  line,
                )}
              />
              <path className="fall-line" d={linePath(line)} />
            </>
          )
        }}
      </Plot>
      <Behind>
        <Table
          caption="Equity and drawdown"
          rows={thinned(points)}
          rowKey={({ time }) => time}
          columns={[
            { title: 'Time (UTC)', cell: (point) => <span className="nowrap">{time(point.time)}</span> },
            { title: 'Equity', figure: true, cell: ({ equity }) => amount(equity) },
            { title: 'ROI', figure: true, cell: ({ equity }) => percent(equity / initialCapital - 1) },
            { title: 'Drawdown', figure: true, cell: ({ drawdown }) => percent(drawdown) },
          ]}
        />
      </Behind>
    </figure>
  )
}

const MOST_ROWS = 60

/** Evenly spread points, the last one with them: more rows than this nobody reads. */
function thinned(points: readonly EquityPoint[]): EquityPoint[] {
  const step = Math.max(1, Math.ceil(points.length / MOST_ROWS))
  return points.filter((_, at) => at % step === 0 || at === points.length - 1)
}

/** The stretch on which the result is judged: shaded, and named where it is shown first. */
function Unseen({ frame, from, name }: { frame: Frame; from: number | null; name?: string }) {
  if (from === null) return null
  const start = frame.x(from)
  return (
    <>
      <rect className="unseen-part" x={start} width={Math.max(0, frame.width - start)} height={frame.height} />
      <text className="tick" x={start + 6} y={12}>
        {name}
      </text>
    </>
  )
}
