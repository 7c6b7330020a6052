import { useState } from 'react'
import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { percent, ratio } from '../format.ts'
import type { MonteCarloPartsFragment } from '../generated/graphql.ts'
import { bandPath, linePath } from './path.ts'
import { Plot, Readout, type Frame } from './plot.tsx'
import { around } from './scale.ts'

type Point = MonteCarloPartsFragment['fan'][number]
type Quantile = Exclude<keyof Point, 'share' | '__typename'>

const QUANTILES: readonly (readonly [Quantile, string])[] = [
  ['p05', '5 %'],
  ['p25', '25 %'],
  ['p50', 'Median'],
  ['p75', '75 %'],
  ['p95', '95 %'],
]

/** Many possible ways of an equity as bands: nine tenths of them, the middle half, the median. */
export function FanChart({ points }: { points: readonly Point[] }) {
  const [cursor, setCursor] = useState<number | null>(null)
  const under = cursor === null ? undefined : points[cursor]
  return (
    <figure className="chart">
      <Readout hint="Point at the fan, or use the arrow keys, to read it.">
        {under && (
          <>
            After {percent(under.share, 0)} of the period: median <b>{ratio(under.p50)}</b>, half of the runs{' '}
            {ratio(under.p25)} to {ratio(under.p75)}, nine tenths {ratio(under.p05)} to {ratio(under.p95)}
          </>
        )}
      </Readout>
      <Plot
        label="Equity on its way, by quantiles of the runs"
        height={260}
        x={[0, 1]}
        y={around([1, ...points.flatMap(({ p05, p95 }) => [p05, p95])])}
        formatX={(share) => percent(share, 0)}
        formatY={ratio}
        titleX="Share of the test period"
        titleY="Equity, as a multiple of the beginning"
        stops={points.map(({ share }) => share)}
        cursor={cursor}
        onCursor={setCursor}
      >
        {(frame) => (
          <>
            <line className="zero" y1={frame.y(1)} y2={frame.y(1)} x2={frame.width} />
            <path className="outcomes" d={bandPath(lineOf(points, 'p95', frame), lineOf(points, 'p05', frame))} />
            <path className="outcomes" d={bandPath(lineOf(points, 'p75', frame), lineOf(points, 'p25', frame))} />
            <path className="line" d={linePath(lineOf(points, 'p50', frame))} />
          </>
        )}
      </Plot>
      <Behind what="The fan">
        <Table
          caption="Equity on its way, multiples of the beginning"
          rows={points}
          rowKey={({ share }) => share}
          columns={[
            { title: 'Of the period', figure: true, cell: ({ share }) => percent(share, 0) },
            ...QUANTILES.map(([name, title]) => ({
              title,
              figure: true,
              cell: (point: Point) => ratio(point[name]),
            })),
          ]}
        />
      </Behind>
    </figure>
  )
}

function lineOf(points: readonly Point[], name: Quantile, frame: Frame): (readonly [number, number])[] {
  return points.map((point) => [frame.x(point.share), frame.y(point[name])] as const)
}
