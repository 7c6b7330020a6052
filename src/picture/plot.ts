import { rangeOf, roundValues, scale, type Range } from './axis.ts'
import { WIDTH } from './png.ts'
import { COLOURS, tag, text, textWidth, type Svg } from './svg.ts'

type Point = readonly [x: number, y: number]

export interface Line {
  /** as the legend has it; empty: it does not */
  name: string
  colour: string
  /** finite, x ascending */
  points: readonly Point[]
  /** fill what lies between the line and 0 */
  filled?: boolean
  dashed?: boolean
  /** a value holds until the next one */
  stepped?: boolean
  /** pixels further down, so that equal lines stand beside each other */
  shift?: number
}

export interface Plot {
  title: string
  /** pixels from the top of the picture to that of the title, and of the whole plot */
  top: number
  height: number
  lines: readonly Line[]
  y?: Range
  formatX: (value: number) => string
  formatY: (value: number) => string
  /** where the x axis is named; four places in between where not given */
  ticksX?: readonly number[]
}

const LEFT = 110
const RIGHT = 30
const TITLE = 42
const FOOT = 34
/** A row for the names of the lines, where there are several. */
const LEGEND = 26
const LEGEND_SIZE = 16
const SWATCH = 30
/** More points than pixels would only cost time. */
const COLUMNS = WIDTH - LEFT - RIGHT

/** A title with the names of the lines, axes with a grid, and the lines. */
export function plot({ title, top, height, lines, y, formatX, formatY, ticksX }: Plot): Svg {
  const points = lines.flatMap((line) => line.points)
  const spanX = rangeOf(
    points.map(([x]) => x),
    0,
  )
  const spanY = y ?? rangeOf(points.map((point) => point[1]))
  const named = lines.filter(({ name }) => name !== '')
  const [above, below] = [top + TITLE + (named.length > 1 ? LEGEND : 0), top + height - FOOT]
  const toX = scale(spanX, LEFT, WIDTH - RIGHT)
  const toY = scale(spanY, below, above)
  const places = ticksX ?? [0, 1, 2, 3, 4].map((part) => spanX[0] + (part / 4) * (spanX[1] - spanX[0]))
  return [
    text(LEFT, top + 22, title, { bold: true, width: COLUMNS }),
    ...(named.length > 1 ? legend(named, top + 22 + LEGEND) : []),
    ...roundValues(spanY, Math.max(2, Math.floor(height / 55))).map((value) => gridLine(toY(value), formatY(value))),
    ...places.map((value) =>
      text(toX(value), below + 26, formatX(value), { size: 16, colour: COLOURS.muted, anchor: anchorAt(toX(value)) }),
    ),
    ...lines.filter((line) => line.points.length > 0).map((line) => draw(line, toX, toY, [above, below])),
  ].join('')
}

/** The names of the lines beside each other; what has no room is left out. */
function legend(lines: readonly Line[], y: number): Svg[] {
  let x = LEFT
  return lines.map(({ name, colour, dashed = false }) => {
    const room = SWATCH + textWidth(name, LEGEND_SIZE)
    if (x + room > WIDTH - RIGHT) return ''
    const drawn = stroke(`M${x} ${y - 6}h${SWATCH - 8}`, colour, dashed)
    const words = text(x + SWATCH, y, name, { size: LEGEND_SIZE })
    x += room
    return drawn + words
  })
}

function gridLine(y: number, label: string): Svg {
  const line = tag('path', { d: `M${LEFT} ${y.toFixed(1)}H${WIDTH - RIGHT}`, stroke: COLOURS.grid, 'stroke-width': 1 })
  return line + text(LEFT - 10, y + 6, label, { size: 16, colour: COLOURS.muted, anchor: 'end' })
}

/** Labels at the ends stay inside. */
function anchorAt(x: number): 'start' | 'middle' | 'end' {
  if (x < LEFT + 40) return 'start'
  return x > WIDTH - RIGHT - 40 ? 'end' : 'middle'
}

type ToPixel = (value: number) => number

function draw(line: Line, toX: ToPixel, toY: ToPixel, [above, below]: Range): Svg {
  const corners = thinned(line.points, COLUMNS).map(([x, y]) => [toX(x), toY(y) + (line.shift ?? 0)] as const)
  const path = pathOf(corners, line.stepped ?? false)
  if (!line.filled) return stroke(path, line.colour, line.dashed ?? false)
  const zero = Math.min(below, Math.max(above, toY(0))).toFixed(1)
  const area = `${path}V${zero}H${corners[0][0].toFixed(1)}Z`
  return tag('path', { d: area, fill: line.colour, 'fill-opacity': 0.18 }) + stroke(path, line.colour, false)
}

function stroke(d: string, colour: string, dashed: boolean): Svg {
  const dashes = dashed ? { 'stroke-dasharray': '8 6' } : {}
  return tag('path', { d, fill: 'none', stroke: colour, 'stroke-width': 2.5, 'stroke-linejoin': 'round', ...dashes })
}

function pathOf(corners: readonly Point[], stepped: boolean): string {
  return corners
    .map(([x, y], at) => {
      if (at === 0) return `M${x.toFixed(1)} ${y.toFixed(1)}`
      return stepped ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `L${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}

/** Of each of `columns` stretches the lowest and the highest point, so that no peak and no fall is lost. O(n). */
export function thinned(points: readonly Point[], columns: number): Point[] {
  if (points.length <= 2 * columns) return [...points]
  const kept: Point[] = [points[0]]
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * points.length) / columns)
    const to = Math.floor(((column + 1) * points.length) / columns)
    let [low, high] = [from, from]
    for (let at = from; at < to; at++) {
      if (points[at][1] < points[low][1]) low = at
      if (points[at][1] > points[high][1]) high = at
    }
    kept.push(points[Math.min(low, high)], ...(low === high ? [] : [points[Math.max(low, high)]]))
  }
  return [...kept, points[points.length - 1]]
}
