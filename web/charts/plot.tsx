import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import { useWidth } from '../hooks/use-width.ts'
import { linear, nearest, type Domain, type Scale } from './scale.ts'
import { numberTicks, timeTicks, type Tick } from './ticks.ts'

/** Where the marks of a plot go, in pixels of the inner area. */
export interface Frame {
  x: Scale
  y: Scale
  width: number
  height: number
}

interface Props {
  /** What is drawn, for those who do not see it. */
  label: string
  height: number
  x: Domain
  y: Domain
  formatY: (value: number) => string
  /** Times where not given: x is in ms. */
  formatX?: (value: number) => string
  titleX?: string
  titleY?: string
  /** Room for the labels of the y axis, so that plots under each other share their x; as much as they need at least. */
  left?: number
  /** Where the cursor can stand, ascending. */
  stops?: readonly number[]
  cursor?: number | null
  onCursor?: (index: number | null) => void
  /** A stretch was drawn with the pointer. */
  onSelect?: (from: number, to: number) => void
  children: (frame: Frame) => ReactNode
}

const TOP = 8
const RIGHT = 12
const BOTTOM = 22
const TITLE = 16
/** A movement shorter than this is a click, not a selection. */
const SHORTEST_DRAG = 8

/** Axes, grid, a cursor for pointer and arrow keys, and room for marks. Drawn at its own width in plain SVG. */
export function Plot(props: Props) {
  const { label, height, x, y, formatX, formatY, titleX, titleY, stops = [], cursor = null, onCursor, children } = props
  const [container, width] = useWidth()
  const ticksY = numberTicks(y, Math.max(3, Math.floor(height / 45)), formatY)
  const left = Math.max(props.left ?? 0, 10 + 7 * Math.max(3, ...ticksY.map((tick) => tick.label.length)))
  const top = TOP + (titleY ? TITLE : 0)
  const bottom = BOTTOM + (titleX ? TITLE : 0)
  const inner = { width: Math.max(50, width - left - RIGHT), height: Math.max(30, height - top - bottom) }
  const frame: Frame = { x: linear(x, [0, inner.width]), y: linear(y, [inner.height, 0]), ...inner }
  const columns = Math.max(2, Math.floor(inner.width / 90))
  const ticksX = formatX ? numberTicks(x, columns, formatX) : timeTicks(x, columns)
  const drag = useDrag(frame, left, props.onSelect)

  const point = (event: PointerEvent<SVGSVGElement>) => {
    drag.move(event)
    if (stops.length > 0) onCursor?.(nearest(stops, frame.x.invert(offsetOf(event) - left)))
  }
  return (
    <div ref={container} className="plot" {...(onCursor && keys(label, stops.length, cursor, onCursor))}>
      <svg
        role="img"
        aria-label={label}
        width={width}
        height={height}
        onPointerMove={point}
        onPointerDown={drag.start}
        onPointerUp={drag.end}
        onPointerLeave={() => onCursor?.(null)}
      >
        <g transform={`translate(${left} ${top})`}>
          <Axes frame={frame} ticksX={ticksX} ticksY={ticksY} />
          <svg width={inner.width} height={inner.height}>
            {children(frame)}
          </svg>
          {cursor !== null && cursor < stops.length && (
            <line className="cursor" x1={frame.x(stops[cursor])} x2={frame.x(stops[cursor])} y2={frame.height} />
          )}
          {drag.stretch && (
            <rect
              className="stretch"
              x={drag.stretch[0]}
              width={drag.stretch[1] - drag.stretch[0]}
              height={frame.height}
            />
          )}
        </g>
        {titleY && (
          <text className="axis-title" x={left} y={TOP + 4}>
            {titleY}
          </text>
        )}
        {titleX && (
          <text className="axis-title" x={left + inner.width} y={height - 3} textAnchor="end">
            {titleX}
          </text>
        )}
      </svg>
    </div>
  )
}

function Axes({ frame, ticksX, ticksY }: { frame: Frame; ticksX: Tick[]; ticksY: Tick[] }) {
  return (
    <g aria-hidden="true">
      {ticksY.map(({ at, label }) => (
        <g key={at} transform={`translate(0 ${frame.y(at)})`}>
          <line className="grid" x2={frame.width} />
          <text className="tick" x={-7} dy="0.32em" textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {ticksX.map(({ at, label }) => (
        <text key={at} className="tick" x={frame.x(at)} y={frame.height + 16} textAnchor={anchorAt(frame, at)}>
          {label}
        </text>
      ))}
      <line className="axis" y1={frame.height} y2={frame.height} x2={frame.width} />
    </g>
  )
}

/** The last label ends with the plot: a half of it would be cut off. */
function anchorAt(frame: Frame, at: number): 'middle' | 'end' {
  return frame.x(at) > frame.width - RIGHT ? 'end' : 'middle'
}

/** Arrow keys move the cursor from stop to stop, with Shift by ten; Home and End go to the ends, Escape leaves. */
function keys(label: string, count: number, cursor: number | null, onCursor: (index: number | null) => void) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 1
    const targets: Record<string, number | null> = {
      ArrowLeft: (cursor ?? count) - step,
      ArrowRight: (cursor ?? -1) + step,
      Home: 0,
      End: count - 1,
      Escape: null,
    }
    const target = targets[event.key]
    if (target === undefined || count === 0) return
    event.preventDefault()
    onCursor(target === null ? null : Math.min(count - 1, Math.max(0, target)))
  }
  return { tabIndex: 0, role: 'group', 'aria-label': `${label}. Arrow keys read the values.`, onKeyDown }
}

function offsetOf(event: PointerEvent<SVGSVGElement>): number {
  return event.clientX - event.currentTarget.getBoundingClientRect().left
}

/** Drawing a stretch with the pointer; nothing where nobody wants it. */
function useDrag(frame: Frame, left: number, onSelect: Props['onSelect']) {
  const from = useRef<number | null>(null)
  const [stretch, setStretch] = useState<Domain | null>(null)
  const within = (event: PointerEvent<SVGSVGElement>) => Math.min(frame.width, Math.max(0, offsetOf(event) - left))
  return {
    stretch,
    start: (event: PointerEvent<SVGSVGElement>) => {
      if (!onSelect || event.button !== 0 || event.pointerType === 'touch') return
      event.currentTarget.setPointerCapture(event.pointerId)
      from.current = within(event)
    },
    move: (event: PointerEvent<SVGSVGElement>) => {
      if (from.current === null) return
      const to = within(event)
      setStretch([Math.min(from.current, to), Math.max(from.current, to)])
    },
    end: () => {
      if (stretch && stretch[1] - stretch[0] > SHORTEST_DRAG) {
        onSelect?.(frame.x.invert(stretch[0]), frame.x.invert(stretch[1]))
      }
      from.current = null
      setStretch(null)
    },
  }
}

/** The values under the cursor, in a line of fixed height above or below a plot. */
export function Readout({ children, hint }: { children: ReactNode; hint: string }) {
  return (
    <output className="readout" aria-live="polite">
      {children ?? <span className="muted">{hint}</span>}
    </output>
  )
}
