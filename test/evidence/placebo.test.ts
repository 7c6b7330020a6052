import { describe, expect, test } from 'vitest'
import type { Candles } from '../../src/engine/candles.ts'
import { Random } from '../../src/engine/random.ts'
import { pearson } from '../../src/engine/statistics.ts'
import { permuteCandles, placeboOf } from '../../src/evidence/placebo.ts'
import { ValidationError } from '../../src/errors.ts'
import { readCandles, withShared } from '../shared.ts'

/** A market that trends, with quiet and stormy stretches and gaps between bars. */
function market(n: number, seed: number): Candles {
  const random = new Random(seed)
  const column = () => new Float64Array(n)
  const candles = {
    openTime: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  }
  let price = 100
  let drift = 0
  for (let bar = 0; bar < n; bar++) {
    const size = Math.floor(bar / 100) % 2 ? 0.02 : 0.002
    drift = 0.8 * drift + size * (random.float() - 0.5)
    const open = price * (1 + 0.001 * (random.float() - 0.5))
    const close = open * (1 + drift)
    candles.openTime[bar] = bar * 60_000
    candles.open[bar] = open
    candles.close[bar] = close
    candles.high[bar] = Math.max(open, close) * (1 + size * random.float() * (bar % 3 ? 1 : 0))
    candles.low[bar] = Math.min(open, close) * (1 - size * random.float() * (bar % 2))
    candles.volume[bar] = 1 + bar
    price = close
  }
  return candles
}

function expectValid({ openTime, open, high, low, close, volume }: Candles): void {
  for (let bar = 0; bar < openTime.length; bar++) {
    expect(low[bar] > 0 && low[bar] <= Math.min(open[bar], close[bar])).toBe(true)
    expect(Number.isFinite(high[bar]) && high[bar] >= Math.max(open[bar], close[bar])).toBe(true)
    expect(volume[bar]).toBeGreaterThanOrEqual(0)
  }
}

const bodies = ({ open, close }: Candles): Float64Array => close.map((value, bar) => value / open[bar])
const ranges = ({ high, low }: Candles): Float64Array => high.map((value, bar) => value / low[bar])
const gaps = ({ open, close }: Candles): Float64Array => open.subarray(1).map((value, bar) => value / close[bar])

function expectSameValues(actual: Float64Array, expected: Float64Array): void {
  const wanted = expected.slice().sort()
  actual
    .slice()
    .sort()
    .forEach((value, at) => expect(Math.abs(value / wanted[at] - 1)).toBeLessThan(1e-12))
}

/** Correlation of each change with the next one. */
function persistence(values: Float64Array): number {
  return pearson(values.subarray(1), values.subarray(0, -1))!
}

describe('permuted candles', () => {
  const real = market(2000, 1)

  test.each([1, 7, 100])(
    'are valid candles with the same bodies, ranges, gaps and volumes, in blocks of %i',
    (blockLength) => {
      const permuted = permuteCandles(real, 1, 0, { blockLength })
      expectValid(permuted)
      for (const part of [bodies, ranges, gaps]) expectSameValues(part(permuted), part(real))
      expectSameValues(permuted.volume, real.volume)
      expect(permuted.openTime).toEqual(real.openTime)
    },
  )

  test('start and end where the market did', () => {
    const permuted = permuteCandles(real, 1, 0)
    expect(permuted.open[0]).toBe(real.open[0])
    expect(permuted.close[1999] / real.close[1999]).toBeCloseTo(1, 10)
  })

  test('have lost what one bar says of the next, and with it the stormy times', () => {
    const size = (candles: Candles): Float64Array => bodies(candles).map((body) => Math.abs(body - 1))
    const permuted = permuteCandles(real, 1, 0)
    expect(persistence(bodies(real))).toBeGreaterThan(0.6)
    expect(Math.abs(persistence(bodies(permuted)))).toBeLessThan(0.08)
    expect(persistence(size(real))).toBeGreaterThan(0.5)
    expect(Math.abs(persistence(size(permuted)))).toBeLessThan(0.08)
  })

  test('keep both within blocks', () => {
    expect(persistence(bodies(permuteCandles(real, 1, 0, { blockLength: 50 })))).toBeGreaterThan(0.5)
  })

  test('carry the volume with the body that it moved', () => {
    const { volume, open, close } = permuteCandles(real, 4, 0)
    volume.forEach((amount, bar) => {
      const was = amount - 1
      expect(close[bar] / open[bar]).toBeCloseTo(real.close[was] / real.open[was], 12)
    })
  })

  test('depend on the seed and the number of the placebo, and leave the market alone', () => {
    const before = structuredClone(real)
    expect(permuteCandles(real, 1, 3)).toEqual(permuteCandles(real, 1, 3))
    expect(permuteCandles(real, 1, 3).close).not.toEqual(permuteCandles(real, 1, 4).close)
    expect(permuteCandles(real, 2, 3).close).not.toEqual(permuteCandles(real, 1, 3).close)
    expect(real).toEqual(before)
  })

  test('of one bar are that bar', () => {
    expect(permuteCandles(market(1, 1), 1, 0)).toEqual(market(1, 1))
  })

  test('come in blocks of whole bars', () => {
    expect(() => permuteCandles(real, 1, 0, { blockLength: 0 })).toThrow(ValidationError)
    expect(() => permuteCandles(real, 1, 0, { blockLength: 1.5 })).toThrow(/blockLength: must be a whole number/)
  })
})

describe('placebo', () => {
  test('counts the placebo bests that the real one beats', () => {
    expect(placeboOf(2, [1, 2, 3, 1.5])).toEqual({ runs: 4, percentile: 0.5, pValue: 3 / 5 })
    expect(placeboOf(9, [1, 2, 3, 1.5])).toEqual({ runs: 4, percentile: 1, pValue: 1 / 5 })
  })

  test('takes a placebo without a best for beaten', () => {
    expect(placeboOf(-1, [null, null])!.percentile).toBe(1)
  })

  test('is not defined without a real best or without a placebo', () => {
    expect(placeboOf(null, [1])).toBeNull()
    expect(placeboOf(1, [])).toBeNull()
  })
})

withShared('permuted real candles', () => {
  test('are valid and end where the market ended', () => {
    const real = readCandles('binance-BTCUSDT-1h-20170817-20240421.csv.gz')
    const permuted = permuteCandles(real, 1, 0)
    expectValid(permuted)
    expect(permuted.close.at(-1)! / real.close.at(-1)!).toBeCloseTo(1, 9)
  })
})
