import type { ReactNode } from 'react'

export interface Column<Row> {
  title: ReactNode
  /** Said to screen readers and shown as a tooltip, where the title is short. */
  meaning?: string
  cell: (row: Row) => ReactNode
  /** Figures stand to the right. */
  figure?: boolean
}

interface Props<Row> {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string | number
}

/** A table that scrolls sideways by itself where the window is narrow; keyboards reach it too. */
export function Table<Row>({ caption, columns, rows, rowKey }: Props<Row>) {
  return (
    <TableRegion label={caption}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, meaning, figure }, at) => (
              <th key={at} scope="col" className={figure ? 'figure' : ''} title={meaning}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ cell, figure }, at) => (
                <td key={at} className={figure ? 'figure' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableRegion>
  )
}

export function TableRegion({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="table-region" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}
