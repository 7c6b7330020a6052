import { useState } from 'react'
import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { linePath } from './path.ts'
import { Plot, Readout } from './plot.tsx'
import { around } from './scale.ts'

interface Props {
  label: string
  points: readonly { x: number; y: number }[]
  titleX: string
  titleY: string
  formatX: (value: number) => string
  formatY: (value: number) => string
}

/** One line through a few points, each marked. */
export function LineChart({ label, points, titleX, titleY, formatX, formatY }: Props) {
  const [cursor, setCursor] = useState<number | null>(null)
  const under = cursor === null ? undefined : points[cursor]
  return (
    <figure className="chart">
      <Readout hint="Point at the line, or use the arrow keys, to read it.">
        {under && (
          <>
            {formatX(under.x)}: <b>{formatY(under.y)}</b>
          </>
        )}
      </Readout>
      <Plot
        label={label}
        height={230}
        x={around(points.map(({ x }) => x))}
        y={around(points.map(({ y }) => y))}
        formatX={formatX}
        formatY={formatY}
        titleX={titleX}
        titleY={titleY}
        stops={points.map(({ x }) => x)}
        cursor={cursor}
        onCursor={setCursor}
      >
        {(frame) => (
          <>
            <path className="line" d={linePath(points.map(({ x, y }) => [frame.x(x), frame.y(y)]))} />
            {points.map(({ x, y }) => (
              <circle key={x} className="dot VALIDATION" cx={frame.x(x)} cy={frame.y(y)} r={3.5} />
            ))}
          </>
        )}
      </Plot>
      <Behind>
        <Table
          caption={label}
          rows={points}
          rowKey={({ x }) => x}
          columns={[
            { title: titleX, figure: true, cell: ({ x }) => formatX(x) },
            { title: titleY, figure: true, cell: ({ y }) => formatY(y) },
          ]}
        />
      </Behind>
    </figure>
  )
}
