import { Plot } from './plot.tsx'
import { around } from './scale.ts'

interface Row {
  name: string
  p05: number
  p25: number
  p50: number
  p75: number
  p95: number
}

interface Props {
  label: string
  format: (value: number) => string
  rows: readonly Row[]
}

const ROW = 34

/** Spreads of outcomes under each other: nine tenths of the runs, the middle half, the median. */
export function QuantileBars({ label, format, rows }: Props) {
  const x = around([0, ...rows.flatMap(({ p05, p95 }) => [p05, p95])])
  return (
    <figure className="small-plot">
      <figcaption>{label}</figcaption>
      <Plot
        label={`Spread of ${label} over all runs`}
        height={ROW * rows.length + 40}
        x={x}
        y={[rows.length, 0]}
        left={12}
        formatX={format}
        formatY={() => ''}
      >
        {(frame) =>
          rows.map(({ name, p05, p25, p50, p75, p95 }, at) => {
            const middle = frame.y(at) + 23
            const width = (from: number, to: number) => Math.max(1, frame.x(to) - frame.x(from))
            return (
              <g key={name}>
                <title>{`${name}: ${format(p05)} to ${format(p95)}, median ${format(p50)}`}</title>
                {at === 0 && <line className="zero" x1={frame.x(0)} x2={frame.x(0)} y2={frame.height} />}
                <text className="over-marks" x={2} y={frame.y(at) + 13}>
                  {name}
                </text>
                <rect className="outcomes" x={frame.x(p05)} width={width(p05, p95)} y={middle - 3} height={6} rx={3} />
                <rect
                  className="outcomes inner"
                  x={frame.x(p25)}
                  width={width(p25, p75)}
                  y={middle - 5}
                  height={10}
                  rx={3}
                />
                <line className="best" x1={frame.x(p50)} x2={frame.x(p50)} y1={middle - 7} y2={middle + 7} />
              </g>
            )
          })
        }
      </Plot>
    </figure>
  )
}
