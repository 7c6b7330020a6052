/** Markup that is safe to put into a picture: what comes from people has passed through `text`. */
export type Svg = string

/** Readable by day and by night: Telegram shows pictures on either ground. */
export const COLOURS = {
  ground: '#ffffff',
  ink: '#141821',
  muted: '#586172',
  grid: '#e6e9ef',
  first: '#2b56c6',
  second: '#d2691e',
  third: '#8543b8',
  fourth: '#0f8a8a',
  fifth: '#8a5a00',
  good: '#117a48',
  bad: '#bf2c27',
} as const

/** Colours of lines beside each other, in this order. */
export const LINE_COLOURS = [COLOURS.first, COLOURS.second, COLOURS.third, COLOURS.fourth, COLOURS.fifth]

type Attributes = Record<string, string | number>

export function tag(name: string, attributes: Attributes, inside: Svg = ''): Svg {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`)
  return `<${name}${written.join('')}>${inside}</${name}>`
}

export interface TextStyle {
  size?: number
  colour?: string
  bold?: boolean
  anchor?: 'start' | 'middle' | 'end'
  /** what does not fit in so many pixels is cut off */
  width?: number
}

/** A mean letter of our font is this much of its size wide; capitals are wider, so this is on the safe side. */
const LETTER = 0.65

/** Pixels that words take, rather too many than too few. */
export function textWidth(words: string, size: number): number {
  return Math.ceil(Array.from(words).length * LETTER * size)
}

/** One line of words, as they are. `y` is that of the line on which they stand. */
export function text(x: number, y: number, words: string, style: TextStyle = {}): Svg {
  const { size = 20, colour = COLOURS.ink, bold = false, anchor = 'start', width = Infinity } = style
  const weight = bold ? { 'font-weight': 700 } : {}
  const attributes = { x, y, 'font-size': size, fill: colour, 'text-anchor': anchor, ...weight }
  return tag('text', attributes, escaped(shortened(words, Math.floor(width / (LETTER * size)))))
}

function shortened(words: string, most: number): string {
  const line = words.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const letters = Array.from(line)
  return letters.length > most ? `${letters.slice(0, Math.max(0, most - 1)).join('')}…` : line
}

function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
