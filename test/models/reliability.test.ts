import { describe, expect, test } from 'vitest'
import { reliability } from '../../src/models/reliability.ts'

describe('reliability', () => {
  test('bins what was said and shows what came true', () => {
    const { bins } = reliability(Float64Array.of(12, 18, 75, 100), Uint8Array.of(0, 1, 1, 1))
    expect(bins).toEqual([
      { confidence: 15, reached: 50, count: 2 },
      { confidence: 75, reached: 100, count: 1 },
      { confidence: 100, reached: 100, count: 1 },
    ])
  })

  test('has no error where half of the coins that were called at 50 fall so', () => {
    const table = reliability(Float64Array.of(50, 50, 50, 50), Uint8Array.of(1, 0, 1, 0))
    expect(table).toMatchObject({ calibrationError: 0, brierScore: 0.25, baseBrierScore: 0.25 })
  })

  test('weighs the error of a bin by its predictions', () => {
    const table = reliability(Float64Array.of(90, 90, 90, 10), Uint8Array.of(0, 0, 0, 0))
    expect(table.calibrationError).toBeCloseTo((3 * 0.9 + 0.1) / 4, 12)
    expect(table.baseBrierScore).toBe(0)
  })
})
