import { memo, useState, type UIEvent } from 'react'
import type { Column } from './table.tsx'

/** A column that may be sorted by. */
export interface SortedColumn extends Column<number> {
  /** By what it is called; undefined where there is nothing to sort. */
  key?: string
  /** In pixels: given, since cells that come and go would move the columns, and measuring them all takes time. */
  width: number
}

export interface Sort {
  key: string
  descending: boolean
}

interface Props {
  caption: string
  /** The same array as long as the cells are the same: rows are drawn again for another one only. */
  columns: readonly SortedColumn[]
  /** What each row shows, top down. */
  rows: ArrayLike<number>
  sort: Sort
  onSort: (sort: Sort) => void
}

/** Every row is this high, in pixels; style/tables.css says the same. */
const ROW_HEIGHT = 38
/** Rows drawn above and below what is seen, so that a flick shows no gap. */
const OVERSCAN = 10
/** One draws a little ahead and again only when that is used up, not with each pixel. */
const STEP = 5
const FIRST_VIEW = 25

/** A table of any length: only the rows in sight are drawn. A press on a title sorts by it, another one turns it round. */
export function WindowedTable({ caption, columns, rows, sort, onSort }: Props) {
  const [view, setView] = useState({ first: 0, last: FIRST_VIEW })
  const first = Math.max(0, Math.min(view.first - OVERSCAN, rows.length))
  const last = Math.min(rows.length, view.last + OVERSCAN)
  const scroll = ({ currentTarget: { scrollTop, clientHeight } }: UIEvent<HTMLDivElement>) => {
    const next = {
      first: Math.floor(scrollTop / ROW_HEIGHT / STEP) * STEP,
      last: Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT / STEP) * STEP,
    }
    if (next.first !== view.first || next.last !== view.last) setView(next)
  }
  return (
    <div className="table-region windowed" role="region" aria-label={caption} tabIndex={0} onScroll={scroll}>
      <table aria-rowcount={rows.length + 1} style={{ minWidth: columns.reduce((sum, { width }) => sum + width, 0) }}>
        <caption className="unseen">{caption}</caption>
        <colgroup>
          {columns.map(({ width }, at) => (
            <col key={at} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column, at) => (
              <Title key={at} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Room rows={first} columns={columns.length} />
          {Array.from({ length: last - first }, (_, at) => (
            // rows that leave the view lend their cells to those that enter it
            <Row key={(first + at) % (last - first)} row={rows[first + at]} place={first + at} columns={columns} />
          ))}
          <Room rows={rows.length - last} columns={columns.length} />
        </tbody>
      </table>
    </div>
  )
}

interface TitleProps {
  column: SortedColumn
  sort: Sort
  onSort: Props['onSort']
}

function Title({ column: { title, meaning, figure, key }, sort, onSort }: TitleProps) {
  const isSorted = key === sort.key
  const direction = isSorted ? (sort.descending ? 'descending' : 'ascending') : undefined
  return (
    <th scope="col" className={figure ? 'figure' : ''} title={meaning} aria-sort={direction}>
      {key === undefined ? (
        title
      ) : (
        <button
          type="button"
          className="sorter"
          onClick={() => onSort({ key, descending: isSorted ? !sort.descending : true })}
        >
          {title}
          <span className="arrow" aria-hidden="true">
            {direction && (sort.descending ? '↓' : '↑')}
          </span>
        </button>
      )}
    </th>
  )
}

/** Drawn again for other samples only. */
const Row = memo(function Row({
  row,
  place,
  columns,
}: {
  row: number
  place: number
  columns: readonly SortedColumn[]
}) {
  return (
    <tr aria-rowindex={place + 2}>
      {columns.map(({ cell, figure }, column) => (
        <td key={column} className={figure ? 'figure' : ''}>
          {cell(row)}
        </td>
      ))}
    </tr>
  )
})

/** Stands for rows that are not drawn, so that the scroll bar tells the truth. */
function Room({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null
  return (
    <tr className="room" aria-hidden="true">
      <td colSpan={columns} style={{ height: rows * ROW_HEIGHT }} />
    </tr>
  )
}
