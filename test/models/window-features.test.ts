import { describe, expect, test } from 'vitest'
import type { Candles } from '../../src/engine/candles.ts'
import { windowFeatures, windowFigures, type WindowFigure } from '../../src/models/window-features.ts'

const HOUR = 3_600_000
const BOTH = { market: true, temporal: true }

/** Bars of an hour, two of them to a window: closes and volumes as given, each opens where the one before closed. */
function windowsOf(closes: number[], volumes: number[] = closes.map(() => 1), from = Date.UTC(2025, 0, 1)) {
  const close = Float64Array.from(closes)
  const open = Float64Array.from(closes, (_, bar) => (bar > 0 ? closes[bar - 1] : closes[0]))
  const openTime = Float64Array.from(closes, (_, bar) => from + bar * HOUR)
  const candles: Candles = { openTime, open, high: close, low: close, close, volume: Float64Array.from(volumes) }
  const bounds = Int32Array.from({ length: closes.length / 2 + 1 }, (_, window) => 2 * window)
  return { candles, bounds, windowMs: 2 * HOUR }
}

function figure(figures: WindowFigure[], name: string): number[] {
  return [...figures.find((each) => each.name === name)!.values]
}

describe('figures of a window', () => {
  test('volatility is the root of the summed squares of its returns, from the close before on', () => {
    const [first, second] = figure(windowFigures(windowsOf([100, 110, 99, 99]), BOTH), 'market.volatility')
    expect(first).toBeCloseTo(0.1, 12) // 0 from its own open, then 10 %
    expect(second).toBeCloseTo(0.1, 12)
  })

  test('trend strength is 1 straight up, −1 straight down, and less the more it goes to and fro', () => {
    const closes = [100, 110, 100, 90, 95, 85, 85, 85]
    expect(figure(windowFigures(windowsOf(closes), BOTH), 'market.trend_strength')).toEqual([1, -1, -1 / 3, 0])
  })

  test('rising volume is the share of what was traded in bars that rose; a half where nothing was', () => {
    const figures = windowFigures(windowsOf([100, 110, 120, 110, 110, 110], [5, 3, 1, 3, 0, 0]), BOTH)
    expect(figure(figures, 'market.rising_volume')).toEqual([3 / 8, 0.25, 0.5])
  })

  test('relative volume compares with the mean of the windows before, of a week at most', () => {
    const volumes = [1, 1, 4, 4, 0, 0, ...Array.from({ length: 60 }, () => 3)]
    const relative = figure(
      windowFigures(
        windowsOf(
          volumes.map(() => 100),
          volumes,
        ),
        BOTH,
      ),
      'market.relative_volume',
    )
    expect(relative.slice(0, 4)).toEqual([1, 4, 0, 6 / (10 / 3)])
    expect(relative.at(-1)).toBe(1) // nothing but sixes in the last 28
  })

  test('the calendar counts hours from 0, weekdays from Monday = 1 and months from 1, by UTC', () => {
    const figures = windowFigures(windowsOf([1, 1, 1, 1], undefined, Date.UTC(2025, 11, 31, 22)), BOTH)
    expect(figure(figures, 'time.hour')).toEqual([22, 0])
    expect(figure(figures, 'time.weekday')).toEqual([3, 4]) // a Wednesday, then a Thursday
    expect(figure(figures, 'time.month')).toEqual([12, 1])
  })

  test('begin where the clock says, whether the first bar of the window is there or not', () => {
    const { candles, ...rest } = windowsOf([1, 1], undefined, Date.UTC(2025, 0, 1, 5))
    expect(figure(windowFigures({ candles, ...rest, bounds: Int32Array.of(0, 2) }, BOTH), 'time.hour')).toEqual([4])
  })

  test('know nothing of what comes after the window', () => {
    const closes = [100, 103, 101, 102, 107, 104]
    const before = windowFigures(windowsOf(closes.slice(0, 4)), BOTH)
    const all = windowFigures(windowsOf(closes), BOTH)
    for (const { name, values } of before) expect(figure(all, name).slice(0, 2)).toEqual([...values])
  })
})

describe('features of a window', () => {
  test('have an order of their own, and only those that were asked for', () => {
    const names = (settings: { market: boolean; temporal: boolean }) =>
      windowFeatures(windowFigures(windowsOf([1, 2]), settings)).names
    const market = ['volatility', 'trend_strength', 'rising_volume', 'relative_volume'].map((name) => `market.${name}`)
    const temporal = ['hour', 'weekday', 'month'].flatMap((name) => [`time.${name}_sin`, `time.${name}_cos`])
    expect(names(BOTH)).toEqual([...market, ...temporal])
    expect(names({ market: true, temporal: false })).toEqual(market)
    expect(names({ market: false, temporal: true })).toEqual(temporal)
  })

  test('stand in a row per window, places of the calendar on a circle', () => {
    const figures = windowFigures(windowsOf([1, 2, 3, 4, 5, 6]), BOTH)
    const { names, matrix } = windowFeatures(figures)
    expect(matrix).toMatchObject({ rows: 3, columns: 10 })
    const at = (row: number, name: string) => matrix.values[row * 10 + names.indexOf(name)]
    expect(at(1, 'market.volatility')).toBe(figure(figures, 'market.volatility')[1])
    expect([at(1, 'time.hour_sin'), at(1, 'time.hour_cos')]).toEqual([
      expect.closeTo(Math.sin(Math.PI / 6), 12),
      expect.closeTo(Math.cos(Math.PI / 6), 12),
    ])
  })
})
