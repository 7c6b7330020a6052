import { useState, type KeyboardEvent } from 'react'
import { Behind } from '../components/behind.tsx'
import { Table } from '../components/table.tsx'
import { figure } from '../format.ts'
import { Plot, Readout, type Frame } from './plot.tsx'
import { nearest } from './scale.ts'

/** A parameter and the values of it that are looked at, ascending. */
export interface Side {
  parameter: string
  values: readonly number[]
  /** Its value in the best set. */
  best: number | undefined
}

interface Props {
  x: Side
  y: Side
  /** Row by row of y, from its lowest value on. */
  cells: Float64Array
  /** What the cells are: ROI. */
  label: string
  format: (value: number) => string
}

const HEIGHT = 400

/** Predictions over two parameters as a map: the darker the better, the best set marked. */
export function SurfaceMap({ x, y, cells, label, format }: Props) {
  const [at, setAt] = useState<readonly [column: number, row: number] | null>(null)
  const valueAt = (column: number, row: number) => cells[row * x.values.length + column]
  const [low, high] = [cells.reduce((a, b) => Math.min(a, b)), cells.reduce((a, b) => Math.max(a, b))]
  return (
    <figure className="chart">
      <Readout hint="Point at the map, or focus it and use the arrow keys, to read it.">
        {at && (
          <>
            {x.parameter} {figure(x.values[at[0]], 4)}, {y.parameter} {figure(y.values[at[1]], 4)}: {label}{' '}
            <b>{format(valueAt(...at))}</b>
          </>
        )}
      </Readout>
      <div
        role="group"
        tabIndex={0}
        aria-label={`Predicted ${label} over ${x.parameter} and ${y.parameter}. Arrow keys read the values.`}
        onKeyDown={(event) => setAt(moved(event, at, x.values.length, y.values.length))}
        onPointerLeave={() => setAt(null)}
      >
        <Plot
          label={`Map of the predicted ${label}`}
          height={HEIGHT}
          x={[-0.5, x.values.length - 0.5]}
          y={[-0.5, y.values.length - 0.5]}
          formatX={(index) => valueLabel(x, index)}
          formatY={(index) => valueLabel(y, index)}
          titleX={x.parameter}
          titleY={y.parameter}
        >
          {(frame) => (
            <>
              {Array.from(cells, (value, cell) => {
                const [column, row] = [cell % x.values.length, Math.floor(cell / x.values.length)]
                const share = high > low ? (value - low) / (high - low) : 0.5
                return <Cell key={cell} frame={frame} column={column} row={row} share={share} onEnter={setAt} />
              })}
              <BestMark frame={frame} x={x} y={y} />
              {at && <Outline frame={frame} column={at[0]} row={at[1]} />}
            </>
          )}
        </Plot>
      </div>
      <Scale low={format(low)} high={format(high)} label={label} />
      <Behind>
        <Table
          caption={`Predicted ${label}; rows: ${y.parameter}, columns: ${x.parameter}`}
          rows={y.values.map((value, row) => ({ value, row })).toReversed()}
          rowKey={({ row }) => row}
          columns={[
            { title: `${y.parameter} \\ ${x.parameter}`, figure: true, cell: ({ value }) => <b>{figure(value, 4)}</b> },
            ...x.values.map((value, column) => ({
              title: figure(value, 4),
              figure: true,
              cell: ({ row }: { row: number }) => format(valueAt(column, row)),
            })),
          ]}
        />
      </Behind>
    </figure>
  )
}

function valueLabel({ values }: Side, index: number): string {
  return Number.isInteger(index) && values[index] !== undefined ? figure(values[index], 3) : ''
}

interface CellProps {
  frame: Frame
  column: number
  row: number
}

/** A little larger than its place, so that no seam shows between neighbours. */
const SEAM = 0.6

function placeOf({ frame, column, row }: CellProps) {
  const [left, top] = [frame.x(column - 0.5), frame.y(row + 0.5)]
  return { x: left, y: top, width: frame.x(column + 0.5) - left + SEAM, height: frame.y(row - 0.5) - top + SEAM }
}

/** @param share 0 for the lowest cell, 1 for the highest */
function Cell({
  share,
  onEnter,
  ...place
}: CellProps & { share: number; onEnter: (at: readonly [number, number]) => void }) {
  return (
    <rect
      {...placeOf(place)}
      style={{ fill: `color-mix(in oklab, var(--surface-high) ${(100 * share).toFixed(0)}%, var(--surface-low))` }}
      onPointerEnter={() => onEnter([place.column, place.row])}
    />
  )
}

function Outline(place: CellProps) {
  return <rect {...placeOf(place)} className="cell-outline" />
}

/** A ring at the cell next to the best set. */
function BestMark({ frame, x, y }: { frame: Frame; x: Side; y: Side }) {
  if (x.best === undefined || y.best === undefined) return null
  const [cx, cy] = [frame.x(nearest(x.values, x.best)), frame.y(nearest(y.values, y.best))]
  return (
    <g className="best-mark">
      <title>Best set</title>
      <circle cx={cx} cy={cy} r={7} />
      <circle cx={cx} cy={cy} r={2} />
    </g>
  )
}

function Scale({ low, high, label }: { low: string; high: string; label: string }) {
  return (
    <p className="map-scale">
      <span>{low}</span>
      <span className="map-ramp" aria-hidden="true" />
      <span>
        {high} <span className="muted">{label}; ring: the best set</span>
      </span>
    </p>
  )
}

const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}

/** Where an arrow key leads from a cell; nowhere by Escape. */
function moved(
  event: KeyboardEvent,
  at: readonly [number, number] | null,
  columns: number,
  rows: number,
): readonly [number, number] | null {
  if (event.key === 'Escape') return null
  const step = STEPS[event.key]
  if (!step) return at
  event.preventDefault()
  if (!at) return [0, 0]
  const within = (value: number, count: number) => Math.min(count - 1, Math.max(0, value))
  return [within(at[0] + step[0], columns), within(at[1] + step[1], rows)]
}
