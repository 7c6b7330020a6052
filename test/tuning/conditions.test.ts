import { describe, expect, test } from 'vitest'
import { conditionsOf } from '../../src/tuning/conditions.ts'

const figure = (name: string, values: number[], cycle: number | null = null) => ({
  name,
  values: Float64Array.from(values),
  cycle,
})

describe('returns by condition', () => {
  const returns = Float64Array.of(1, 2, 3, 4, 5, 9)

  test('divide a figure of the market into thirds of the windows, whatever their order', () => {
    const best = Float64Array.of(0, 0, 1, 1, 3, 1)
    expect(conditionsOf([figure('market.volatility', [6, 1, 5, 2, 4, 3])], returns, best)).toEqual([
      {
        feature: 'market.volatility',
        low: 1,
        high: 2,
        windows: 2,
        meanReturn: 3,
        bestReturn: 0.5,
        bestStandardError: 0.5,
      },
      {
        feature: 'market.volatility',
        low: 3,
        high: 4,
        windows: 2,
        meanReturn: 7,
        bestReturn: 2,
        bestStandardError: 1,
      },
      {
        feature: 'market.volatility',
        low: 5,
        high: 6,
        windows: 2,
        meanReturn: 2,
        bestReturn: 0.5,
        bestStandardError: 0.5,
      },
    ])
  })

  test('show every value of the calendar', () => {
    const conditions = conditionsOf([figure('time.hour', [12, 0, 12, 0, 6, 12], 24)], returns, null)
    expect(conditions.map(({ low, high, windows }) => [low, high, windows])).toEqual([
      [0, 0, 2],
      [6, 6, 1],
      [12, 12, 3],
    ])
    expect(conditions[0]).toMatchObject({ meanReturn: 3, bestReturn: null, bestStandardError: null })
  })

  test('leave out a figure that is the same everywhere, and keep equal values together', () => {
    const constant = figure('market.relative_volume', [1, 1, 1, 1, 1, 1])
    const twofold = figure('market.rising_volume', [0, 0, 0, 0, 0, 1])
    const conditions = conditionsOf([constant, twofold], returns, returns)
    expect(conditions.map(({ low, high, windows }) => [low, high, windows])).toEqual([
      [0, 0, 5],
      [1, 1, 1],
    ])
    expect(conditions[1].bestStandardError).toBeNull() // one window has none
  })
})
