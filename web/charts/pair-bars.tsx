import { Plot } from './plot.tsx'
import { around } from './scale.ts'

interface Props {
  label: string
  names: readonly [first: string, second: string]
  format: (value: number) => string
  groups: readonly { name: string; values: readonly [number | null, number | null] }[]
}

/** Two bars for each group, side by side around zero: how the second keeps what the first promised. */
export function PairBars({ label, names, format, groups }: Props) {
  const y = around([0, ...groups.flatMap(({ values }) => values)])
  const nameOf = (at: number) => (Number.isInteger(at) ? (groups[at]?.name ?? '') : '')
  return (
    <figure className="chart">
      <figcaption className="legend">
        {names.map((name, at) => (
          <span key={name}>
            <span className={`swatch pair-${at}`} aria-hidden="true" /> {name}
          </span>
        ))}
      </figcaption>
      <Plot label={label} height={220} x={[-0.5, groups.length - 0.5]} y={y} formatX={nameOf} formatY={format}>
        {(frame) => {
          const slot = frame.x(1) - frame.x(0)
          const bar = Math.min(28, slot * 0.36)
          const zero = frame.y(0)
          return (
            <>
              <line className="zero" x2={frame.width} y1={zero} y2={zero} />
              {groups.flatMap(({ name, values }, group) =>
                values.map((value, at) => {
                  if (value === null) return null
                  const top = Math.min(zero, frame.y(value))
                  return (
                    <rect
                      key={`${name}-${at}`}
                      className={`pair-${at}`}
                      x={frame.x(group) + (at - 1) * bar}
                      width={Math.max(1, bar - 1)}
                      y={top}
                      height={Math.max(1, Math.abs(frame.y(value) - zero))}
                    >
                      <title>{`${name}, ${names[at]}: ${format(value)}`}</title>
                    </rect>
                  )
                }),
              )}
            </>
          )
        }}
      </Plot>
    </figure>
  )
}
