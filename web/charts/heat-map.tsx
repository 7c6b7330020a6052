import { TableRegion } from '../components/table.tsx'
import { ratio } from '../format.ts'

interface Props {
  caption: string
  rows: readonly string[]
  columns: readonly string[]
  /** What stands above a column. */
  labelOf: (column: string) => string
  /** −1..1; null where one of the two is constant. */
  value: (row: string, column: string) => number | null
}

/** Correlations as a table whose cells are coloured by sign and strength; the numbers stay readable. */
export function HeatMap({ caption, rows, columns, labelOf, value }: Props) {
  return (
    <TableRegion label={caption}>
      <table className="heat-map">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col">
                {labelOf(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {columns.map((column) => (
                <HeatCell key={column} value={value(row, column)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableRegion>
  )
}

function HeatCell({ value }: { value: number | null }) {
  if (value === null) return <td className="muted">·</td>
  const colour = value < 0 ? 'var(--against)' : 'var(--accent-solid)'
  return (
    <td style={{ background: `color-mix(in srgb, ${colour} ${Math.round(60 * Math.abs(value))}%, transparent)` }}>
      {ratio(value)}
    </td>
  )
}
