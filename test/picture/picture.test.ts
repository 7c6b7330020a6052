import { describe, expect, test } from 'vitest'
import { rangeOf, roundValues, scale } from '../../src/picture/axis.ts'
import { plot, thinned } from '../../src/picture/plot.ts'
import { png, WIDTH } from '../../src/picture/png.ts'
import { COLOURS, tag, text } from '../../src/picture/svg.ts'
import { inkOf, pixelsOf } from './pixels.ts'

const write = async (words: string) => pixelsOf(await png(60, text(20, 40, words)))

describe('a picture', () => {
  test('is a PNG file of its width and height, white where nothing is drawn', async () => {
    const file = await png(80, tag('rect', { x: 10, y: 10, width: 20, height: 5, fill: COLOURS.bad }))
    expect(file.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    const pixels = pixelsOf(file)
    expect([pixels.width, pixels.height]).toEqual([WIDTH, 80])
    expect(inkOf(pixels)).toBe(20 * 5)
    expect(inkOf(pixels, 10, 15)).toBe(20 * 5)
  })

  test('has its letters from our own font, whatever fonts the machine has', async () => {
    const [one, other] = await Promise.all([write('Grüße, Ёж, αβ → ✓'), write('Grüße, Ёж, αβ → ✗')])
    expect(inkOf(one)).toBeGreaterThan(500)
    expect(one.data).not.toEqual(other.data)
  })

  test('shows names as they are written: no markup, no line breaks, cut where there is no room', async () => {
    const drawing = text(0, 20, '<script>&"\u202e\n</text><image href="x"/>', { width: 400 })
    expect(drawing).toMatch(/^<text [^<>]*>&lt;script&gt;&amp;&quot; &lt;\/text&gt;&lt;image href…<\/text>$/)
    expect(inkOf(pixelsOf(await png(40, drawing)))).toBeGreaterThan(100)
  })

  test('is never larger than Telegram takes', async () => {
    await expect(png(10_000, '')).rejects.toThrow('10000 pixels high')
  })

  test('is the same file every time', async () => {
    expect(await png(50, text(5, 30, 'same'))).toEqual(await png(50, text(5, 30, 'same')))
  })
})

describe('a plot', () => {
  const draw = (values: readonly number[]) =>
    plot({
      title: 'Equity',
      top: 0,
      height: 300,
      lines: [{ name: 'e', colour: COLOURS.first, points: values.map((value, at) => [at, value]) }],
      formatX: String,
      formatY: String,
    })

  test('has ink where the line goes, and not a word that is not a number', async () => {
    const rising = draw(Array.from({ length: 5000 }, (_, at) => 1 + at / 5000))
    expect(rising).not.toMatch(/NaN|Infinity|undefined/)
    expect(inkOf(pixelsOf(await png(300, rising)), 60, 260)).toBeGreaterThan(1000)
  })

  test.each([[[]], [[1]], [[2, 2, 2]], [[0, 0]]])('of %j does not fail', async (values) => {
    expect(draw(values)).not.toMatch(/NaN|Infinity/)
    expect(pixelsOf(await png(300, draw(values))).height).toBe(300)
  })

  test('of many points keeps the highest and the lowest', () => {
    const points = Array.from({ length: 100_000 }, (_, at): [number, number] => [at, Math.sin(at / 7)])
    points[12_345][1] = 9
    points[54_321][1] = -9
    const kept = thinned(points, 800)
    expect(kept.length).toBeLessThanOrEqual(2 * 800 + 2)
    expect(kept).toContainEqual([12_345, 9])
    expect(kept).toContainEqual([54_321, -9])
    expect(kept.map(([x]) => x)).toEqual(kept.map(([x]) => x).toSorted((a, b) => a - b))
  })
})

describe('an axis', () => {
  test('has round values inside its range', () => {
    expect(roundValues([0.93, 1.31], 5)).toEqual([1, 1.1, 1.2, 1.3])
    expect(roundValues([-0.0031, 0], 4)).toEqual([-0.003, -0.002, -0.001, 0])
    expect(roundValues([5, 5], 4)).toEqual([5])
  })

  test('leaves room around its values, and has a range where they are all the same', () => {
    expect(rangeOf([0, 10], 0.1)).toEqual([-1, 11])
    expect(rangeOf([2, 2], 0.5)).toEqual([1, 3])
    expect(rangeOf([0, 0])).toEqual([-0.5, 0.5])
    expect(rangeOf([])).toEqual([0, 1])
    expect(scale([0, 10], 100, 0)(4)).toBe(60)
    expect(scale([3, 3], 0, 50)(3)).toBe(0)
  })
})
