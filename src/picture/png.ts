import { fileURLToPath } from 'node:url'
import { renderAsync } from '@resvg/resvg-js'
import { COLOURS, type Svg, tag } from './svg.ts'

/** Pixels. Telegram shows a picture of this width without making it smaller. */
export const WIDTH = 1000
/** Telegram refuses a photo whose sides add up to more than 10,000. */
const MAX_HEIGHT = 4000

const FAMILY = 'DejaVu Sans'
/** Ours, since a container often has no fonts: the same letters everywhere. */
const FONTS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
)

/** Paint a picture, in a thread of its own. The same drawing gives the same bytes. O(pixels): about 50 ms. */
export async function png(height: number, drawing: Svg): Promise<Buffer> {
  if (!(height > 0 && height <= MAX_HEIGHT)) throw new RangeError(`A picture is not ${height} pixels high.`)
  const size = { width: WIDTH, height: Math.ceil(height) }
  const ground = tag('rect', { ...size, fill: COLOURS.ground })
  const svg = tag('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size, 'font-family': FAMILY }, ground + drawing)
  const font = { loadSystemFonts: false, fontFiles: FONTS, defaultFontFamily: FAMILY }
  return (await renderAsync(svg, { font })).asPng()
}
