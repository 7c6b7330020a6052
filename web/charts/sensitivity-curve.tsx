import { useState } from 'react'
import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { figure } from '../format.ts'
import { bandPath, linePath } from './path.ts'
import { Plot, Readout } from './plot.tsx'
import type { Domain } from './scale.ts'

interface Props {
  parameter: string
  points: readonly { value: number; objective: number; low: number; high: number }[]
  safeRange: { low: number; high: number } | null
  /** The value of the first candidate. */
  best: number | undefined
  /** Shared by all curves of a job, so that a flat one looks flat. */
  y: Domain
  formatObjective: (value: number) => string
}

/** How the predicted objective answers to one parameter: mean, band over the others, safe range, best value. */
export function SensitivityCurve({ parameter, points, safeRange, best, y, formatObjective }: Props) {
  const [cursor, setCursor] = useState<number | null>(null)
  const stops = points.map(({ value }) => value)
  const under = cursor === null ? undefined : points[cursor]
  return (
    <figure className="small-plot">
      <figcaption>
        <code>{parameter}</code>
        {safeRange && (
          <span className="muted">
            safe {figure(safeRange.low, 4)} to {figure(safeRange.high, 4)}
          </span>
        )}
      </figcaption>
      <Plot
        label={`Predicted objective over ${parameter}`}
        height={190}
        x={[stops[0], stops.at(-1)!]}
        y={y}
        formatX={(value) => figure(value, 4)}
        formatY={formatObjective}
        stops={stops}
        cursor={cursor}
        onCursor={setCursor}
      >
        {(frame) => (
          <>
            {safeRange && (
              <rect
                className="safe-range"
                x={frame.x(safeRange.low)}
                width={Math.max(1, frame.x(safeRange.high) - frame.x(safeRange.low))}
                height={frame.height}
              />
            )}
            <path
              className="band"
              d={bandPath(
                points.map(({ value, high }) => [frame.x(value), frame.y(high)]),
                points.map(({ value, low }) => [frame.x(value), frame.y(low)]),
              )}
            />
            <path
              className="line"
              d={linePath(points.map((point) => [frame.x(point.value), frame.y(point.objective)]))}
            />
            {best !== undefined && <line className="best" x1={frame.x(best)} x2={frame.x(best)} y2={frame.height} />}
          </>
        )}
      </Plot>
      <Readout hint={best === undefined ? 'Point at the curve to read it.' : `Best set: ${figure(best, 4)}`}>
        {under && (
          <>
            {figure(under.value, 4)} → <b>{formatObjective(under.objective)}</b>{' '}
            <span className="muted">
              ({formatObjective(under.low)} to {formatObjective(under.high)})
            </span>
          </>
        )}
      </Readout>
      <Behind>
        <Table
          caption={`Predicted objective over ${parameter}`}
          rows={points}
          rowKey={({ value }) => value}
          columns={[
            { title: <code>{parameter}</code>, figure: true, cell: ({ value }) => figure(value, 4) },
            { title: 'Mean', figure: true, cell: ({ objective }) => <b>{formatObjective(objective)}</b> },
            { title: '10 %', figure: true, cell: ({ low }) => formatObjective(low) },
            { title: '90 %', figure: true, cell: ({ high }) => formatObjective(high) },
          ]}
        />
      </Behind>
    </figure>
  )
}
