import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { binFeatures, exactCut, MAX_BINS } from '../../src/models/binning.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { singleDecimal, singleThreshold } from '../../src/models/single-number.ts'

function column(values: number[]): Matrix {
  return matrixOf(values.map((value) => [value]))
}

const cutsOf = (values: number[]): number[] => [...binFeatures(column(values)).cuts].filter(Number.isFinite)

describe('binning', () => {
  test('gives each value a bin and cuts half-way, where there are at most 256', () => {
    const cuts = cutsOf([3, 1, 1, 2, 7])
    expect(cuts.map(Math.fround)).toEqual([1.5, 2.5, 5])
    expect(cutsOf(Array.from({ length: 256 }, (_, i) => i))).toHaveLength(255)
  })

  test('fills the bins about equally where there are more values', () => {
    const random = new Random(1)
    const values = Array.from({ length: 5120 }, () => random.float() ** 3)
    const cuts = cutsOf(values)
    expect(cuts).toHaveLength(MAX_BINS - 1)
    const counts = new Int32Array(MAX_BINS)
    for (const value of values) counts[cuts.filter((cut) => cut <= value).length]++
    for (const count of counts) expect(Math.abs(count - 20)).toBeLessThanOrEqual(1)
  })

  test('gives a frequent value a bin of its own and the others their share', () => {
    const values = Array.from({ length: 3000 }, (_, i) => (i < 1500 ? 0 : i))
    const cuts = cutsOf(values)
    expect(cuts.length).toBeGreaterThan(250)
    expect(cuts[0]).toBeCloseTo(750, 3)
  })

  test('has no slot for a feature that does not vary, and orders the others by their bins', () => {
    const { columns, bins } = binFeatures(
      matrixOf([
        [1, 5, 1, 0],
        [2, 5, 1, 1],
        [3, 5, 2, 2],
        [4, 5, 2, 2],
      ]),
    )
    expect([...columns]).toEqual([2, 3, 0])
    expect([...bins]).toEqual([2, 3, 4])
  })

  test('separates neighbours among the 32-bit numbers and joins what is one number there', () => {
    expect(cutsOf([1, 1 + 2 ** -23])).toEqual([1 + 2 ** -24 + 2 ** -52])
    expect(cutsOf([1, 1 + 2 ** -30])).toEqual([])
    expect(cutsOf([-1e300, 1e300]).map((cut) => Math.fround(cut) + 0)).toEqual([0])
  })
})

describe('an exact cut', () => {
  const random = new Random(3)
  const single = new Float32Array(1)
  const bits = new Uint32Array(single.buffer)
  const draw = (): number => {
    bits[0] = random.uint32()
    return Number.isFinite(single[0]) ? single[0] : draw()
  }
  const thresholds = [0, -0, 1, -1, 0.5, 2 ** -149, -(2 ** -149), 2 ** -126, ...Array.from({ length: 2000 }, draw)]

  test('compares 64-bit numbers as XGBoost compares them rounded', () => {
    for (const threshold of thresholds) {
      const cut = exactCut(threshold)
      const size = Math.max(Math.abs(cut), 1e-300)
      for (const x of [cut, cut - size * 2 ** -52, cut + size * 2 ** -52, threshold, cut * 0.9, cut * 1.1, 0, -0]) {
        expect(x < cut, `${x} against ${threshold}`).toBe(Math.fround(x) < threshold)
      }
    }
  })

  test('is rounded to the threshold again', () => {
    for (const threshold of thresholds) {
      expect(Math.fround(exactCut(threshold)) + 0).toBe(threshold + 0)
      expect(singleThreshold(exactCut(threshold)) + 0).toBe(threshold + 0)
    }
  })

  test('has a decimal that is read back as the same number, never as an integer', () => {
    for (const threshold of thresholds) {
      const text = singleDecimal(threshold)
      expect(Math.fround(Number(text)) + 0).toBe(threshold + 0)
      expect(text).toMatch(/[.e]/)
    }
    expect(singleDecimal(0.1)).toBe('0.1')
    expect(singleDecimal(2)).toBe('2.0')
  })
})
