import { describe, expect, test } from 'vitest'
import { lastSpan, parseSpan } from '../../src/cli/span.ts'

const HOUR = 3_600_000

describe('a span', () => {
  test.each([
    ['1 hour', HOUR],
    ['36 hours', 36 * HOUR],
    ['2 weeks', 14 * 24 * HOUR],
    ['1 month', 30 * 24 * HOUR],
    [' 1.5 Days ', 36 * HOUR],
    ['3months', 90 * 24 * HOUR],
  ])('of %j is %i ms', (text, ms) => {
    expect(parseSpan(text, 'training')).toBe(ms)
  })

  test.each(['two weeks', '2', 'weeks', '0 days', '-1 day', '2 years', '', 14, null, { from: 1 }])(
    '%j is refused with an example',
    (text) => {
      expect(() => parseSpan(text, 'training')).toThrow(/^training: .* is not a span\..*"2 weeks"/)
    },
  )

  test('back from an end is a half-open period that begins inside the market', () => {
    const end = Date.UTC(2025, 0, 15)
    expect(lastSpan('test', 14 * 24 * HOUR, end, Date.UTC(2025, 0, 1))).toEqual({
      from: '2025-01-01T00:00:00.000Z',
      to: '2025-01-15T00:00:00.000Z',
    })
    expect(() => lastSpan('test', 14 * 24 * HOUR + 1, end, Date.UTC(2025, 0, 1))).toThrow(
      'test: 14 days before 2025-01-15T00:00:00.000Z are asked for, and the market has 14 days',
    )
  })
})
