import { inflateSync } from 'node:zlib'

/** A picture as it is seen: 8 bits of red, green, blue and opacity for each pixel. */
export interface Pixels {
  width: number
  height: number
  data: Uint8Array
}

const CHANNELS = 4

/** Read a PNG file of 8-bit RGBA without interlacing, as ours are. */
export function pixelsOf(png: Buffer): Pixels {
  if (png.subarray(1, 4).toString() !== 'PNG') throw new Error('not a PNG file')
  const parts: Buffer[] = []
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    if (png.subarray(at + 4, at + 8).toString() === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  if (png.readUInt32BE(24) >>> 8 !== 0x080600) throw new Error('not 8-bit RGBA')
  return { width, height, data: unfiltered(inflateSync(Buffer.concat(parts)), width * CHANNELS, height) }
}

function unfiltered(raw: Buffer, stride: number, height: number): Uint8Array {
  const data = new Uint8Array(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x >= CHANNELS ? data[at - CHANNELS] : 0
      const up = y > 0 ? data[at - stride] : 0
      const corner = x >= CHANNELS && y > 0 ? data[at - stride - CHANNELS] : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]
      data[at] = raw[y * (stride + 1) + 1 + x] + guess
    }
  }
  return data
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value))
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** How many pixels of a stretch of rows are not the ground. */
export function inkOf({ width, height, data }: Pixels, from = 0, to = height): number {
  let ink = 0
  for (let at = from * width * CHANNELS; at < to * width * CHANNELS; at += CHANNELS) {
    if (data[at] + data[at + 1] + data[at + 2] < 3 * 250) ink++
  }
  return ink
}
