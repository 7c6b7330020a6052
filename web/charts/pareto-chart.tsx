import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { linePath } from './path.ts'
import { Plot } from './plot.tsx'
import { around } from './scale.ts'

/** One side of the picture. */
export interface ParetoAxis {
  title: string
  format: (value: number) => string
}

export interface ParetoPoint {
  rank: number
  x: number
  y: number
}

interface Props {
  points: readonly ParetoPoint[]
  /** Those that no other beats in both, in the order of x. */
  front: readonly ParetoPoint[]
  x: ParetoAxis
  y: ParetoAxis
  /** What the points are: candidates. */
  what: string
  /** Whether the front is a line: not where more than two figures decide. */
  line?: boolean
}

/** Two figures of several parameter sets against each other; those on the line are beaten by no other in both. */
export function ParetoChart({ points, front, x, y, what, line = true }: Props) {
  const onFront = new Set(front.map(({ rank }) => rank))
  const label = `${y.title} against ${x.title} of ${points.length} ${what}`
  return (
    <figure className="chart">
      <Plot
        label={label}
        height={320}
        x={around(points.map((point) => point.x))}
        y={around(points.map((point) => point.y))}
        formatX={x.format}
        formatY={y.format}
        titleX={x.title}
        titleY={y.title}
      >
        {(frame) => (
          <>
            {line && (
              <path className="front" d={linePath(front.map((point) => [frame.x(point.x), frame.y(point.y)]))} />
            )}
            {points.map(({ rank, ...point }) => (
              <g key={rank} transform={`translate(${frame.x(point.x).toFixed(1)} ${frame.y(point.y).toFixed(1)})`}>
                <circle className={onFront.has(rank) ? 'dot VALIDATION' : 'dot TRAIN'} r={onFront.has(rank) ? 5 : 4}>
                  <title>{`${rank}: ${y.title} ${y.format(point.y)}, ${x.title} ${x.format(point.x)}`}</title>
                </circle>
                <text x={7} y={-5} aria-hidden="true">
                  {rank}
                </text>
              </g>
            ))}
          </>
        )}
      </Plot>
      <Behind>
        <Table
          caption={label}
          rows={points}
          rowKey={({ rank }) => rank}
          columns={[
            { title: '#', figure: true, cell: ({ rank }) => rank },
            { title: y.title, figure: true, cell: (point) => y.format(point.y) },
            { title: x.title, figure: true, cell: (point) => x.format(point.x) },
            ...(line
              ? [{ title: 'On the line', cell: ({ rank }: ParetoPoint) => (onFront.has(rank) ? 'yes' : 'no') }]
              : []),
          ]}
        />
      </Behind>
    </figure>
  )
}
