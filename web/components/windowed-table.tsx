import { useState, type UIEvent } from 'react'
import type { Column } from './table.tsx'

interface Props<Row> {
  caption: string
  columns: readonly Column<Row>[]
  /** Those that are loaded, from the first on. */
  rows: readonly Row[]
  /** Of all rows, loaded or not. */
  totalCount: number
  rowKey: (row: Row) => string | number
  /** Somebody looks at rows that are not loaded yet. */
  onWanted: () => void
}

/** Every row is this high, in pixels; style/tables.css says the same. */
const ROW_HEIGHT = 38
/** Rows drawn above and below what is seen, so that a flick shows no gap. */
const OVERSCAN = 12
const FIRST_VIEW = 30

/** A table of any length: only the rows in sight are drawn, and pages are fetched as one scrolls to them. */
export function WindowedTable<Row>({ caption, columns, rows, totalCount, rowKey, onWanted }: Props<Row>) {
  const [view, setView] = useState({ first: 0, last: FIRST_VIEW })
  const first = Math.max(0, Math.min(view.first - OVERSCAN, rows.length))
  const last = Math.min(rows.length, view.last + OVERSCAN)
  const scroll = ({ currentTarget: { scrollTop, clientHeight } }: UIEvent<HTMLDivElement>) => {
    const next = {
      first: Math.floor(scrollTop / ROW_HEIGHT),
      last: Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT),
    }
    if (next.first !== view.first || next.last !== view.last) setView(next)
    if (next.last + OVERSCAN > rows.length && rows.length < totalCount) onWanted()
  }
  return (
    <div className="table-region windowed" role="region" aria-label={caption} tabIndex={0} onScroll={scroll}>
      <table aria-rowcount={totalCount + 1}>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ title, meaning, figure }, at) => (
              <th key={at} scope="col" className={figure ? 'figure' : ''} title={meaning}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Room rows={first} columns={columns.length} />
          {rows.slice(first, last).map((row, at) => (
            <tr key={rowKey(row)} aria-rowindex={first + at + 2}>
              {columns.map(({ cell, figure }, column) => (
                <td key={column} className={figure ? 'figure' : ''}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
          <Room rows={rows.length - last} columns={columns.length} />
        </tbody>
      </table>
    </div>
  )
}

/** Stands for rows that are not drawn, so that the scroll bar tells the truth. */
function Room({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null
  return (
    <tr className="room" aria-hidden="true">
      <td colSpan={columns} style={{ height: rows * ROW_HEIGHT }} />
    </tr>
  )
}
