import { describe, expect, test } from 'vitest'
import { editDistance, nearestName } from '../../src/strategy/nearest.ts'

describe('the nearest name', () => {
  test.each([
    ['rsi_oversld', 'rsi_oversold'],
    ['RSI', 'rsi'],
    ['emma', 'ema'],
    ['volum', 'volume'],
    ['adn', 'and'],
    ['bollinger', 'bollinger_upper'],
  ])('of %s is %s', (written, meant) => {
    expect(nearestName(written, ['close', 'volume', 'rsi', 'ema', 'and', 'bollinger_upper', 'rsi_oversold'])).toBe(
      meant,
    )
  })

  test('is null where more than a third of the letters would have to change', () => {
    expect(nearestName('constructor', ['close', 'crosses_above', 'rsi'])).toBeNull()
    expect(nearestName('sma', ['ema2', 'atr'])).toBeNull()
    expect(nearestName('x', ['y'])).toBeNull()
  })

  test('is the first of equally near names', () => {
    expect(nearestName('slx', ['slz', 'sly'])).toBe('slz')
  })

  test('is found at once for a name of ten thousand letters', () => {
    expect(nearestName('a'.repeat(10_000), ['close', 'volume'])).toBeNull()
  })
})

describe('the edit distance', () => {
  test('counts letters inserted, deleted, replaced and swapped', () => {
    expect(editDistance('adx', 'adx')).toBe(0)
    expect(editDistance('', 'adx')).toBe(3)
    expect(editDistance('ax', 'adx')).toBe(1)
    expect(editDistance('adxx', 'adx')).toBe(1)
    expect(editDistance('abx', 'adx')).toBe(1)
    expect(editDistance('axd', 'adx')).toBe(1)
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })

  test('is the same in both directions', () => {
    expect(editDistance('crossesabove', 'crosses_above')).toBe(editDistance('crosses_above', 'crossesabove'))
  })
})
