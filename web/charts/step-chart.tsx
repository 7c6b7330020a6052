import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { linePath } from './path.ts'
import { Plot } from './plot.tsx'
import { around } from './scale.ts'

interface Line {
  name: string
  /** x are whole numbers, ascending. */
  points: readonly { x: number; y: number }[]
}

interface Props {
  label: string
  lines: readonly Line[]
  titleX: string
  formatY: (value: number) => string
}

/** Values that hold until the next one: a step line for each name, each with a colour and a dash of its own. */
export function StepChart({ label, lines, titleX, formatY }: Props) {
  const points = lines.flatMap((line) => line.points)
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const last = xs.at(-1) ?? 1
  return (
    <figure className="chart">
      <figcaption className="legend">
        {lines.map(({ name }, at) => (
          <span key={name}>
            <svg className="legend-line" viewBox="0 0 26 8" aria-hidden="true">
              <path className={`step step-${at % 5}`} d="M0 4h26" />
            </svg>{' '}
            {name}
          </span>
        ))}
      </figcaption>
      <Plot
        label={label}
        height={230}
        x={[xs[0] ?? 0, last + 0.5]}
        y={around(points.map(({ y }) => y))}
        formatX={(value) => (Number.isInteger(value) ? String(value) : '')}
        formatY={formatY}
        titleX={titleX}
      >
        {(frame) =>
          lines.map(({ name, points }, at) => (
            <path
              key={name}
              className={`step step-${at % 5}`}
              d={linePath(
                points.flatMap(({ x, y }, point) => [
                  // a pixel or two apart, so that equal lines can be told
                  [frame.x(x), frame.y(y) + at * 1.5 - 3] as const,
                  [frame.x(points[point + 1]?.x ?? last + 0.5), frame.y(y) + at * 1.5 - 3] as const,
                ]),
              )}
            >
              <title>{name}</title>
            </path>
          ))
        }
      </Plot>
      <Behind>
        <Table
          caption={label}
          rows={xs}
          rowKey={(x) => x}
          columns={[
            { title: titleX, figure: true, cell: (x) => x },
            ...lines.map(({ name, points }) => ({
              title: name,
              figure: true,
              cell: (x: number) => {
                const point = points.find((one) => one.x === x)
                return point ? formatY(point.y) : '–'
              },
            })),
          ]}
        />
      </Behind>
    </figure>
  )
}
