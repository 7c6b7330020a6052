import { describe, expect, test } from 'vitest'
import { bytes, duration, figure, percent, period, price, rate, span } from '../../web/format.ts'
import { numberIn } from '../../web/number-in.ts'
import { sentence } from '../../web/words.ts'

/** Numbers and units are tied by a no-break space; tests read easier with a plain one. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

describe('numbers', () => {
  test('that are fractions are shown as per cent, with a true minus', () => {
    expect(plain(percent(0.085))).toBe('8.5 %')
    expect(plain(percent(-0.0251))).toBe('−2.5 %')
    expect(plain(percent(-0.00001))).toBe('0.0 %')
    expect(plain(rate(0.001))).toBe('0.1 %')
    expect(plain(rate(0.000075))).toBe('0.0075 %')
  })

  test('that are not defined are a dash, never a zero', () => {
    expect([percent(null), figure(undefined), price(NaN), duration(null)]).toEqual(['–', '–', '–', '–'])
  })

  test('keep the digits that tell them apart', () => {
    expect([figure(0.6349), figure(42_123.4), price(0.00001234), price(64_250.1)]).toEqual([
      '0.635',
      '42,123',
      '0.00001234',
      '64,250.1',
    ])
  })

  test('of bytes climb by thousands', () => {
    expect([0, 999, 1_234_567].map((value) => plain(bytes(value)))).toEqual(['0 bytes', '999 bytes', '1.2 MB'])
  })
})

describe('times', () => {
  test.each([
    [930, '0.9 s'],
    [12_400, '12 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [3 * 86_400_000, '3 d'],
  ])('of %d ms are %s', (ms, text) => {
    expect(plain(duration(ms))).toBe(text)
  })

  test('of a period are days where it runs from midnight to midnight', () => {
    const days = { from: '2025-01-01T00:00:00.000Z', to: '2025-03-02T00:00:00.000Z' }
    expect(plain(period(days))).toBe('2025-01-01 to 2025-03-02')
    expect(plain(period({ ...days, to: '2025-03-02T12:30:00.000Z' }))).toBe('2025-01-01 00:00 to 2025-03-02 12:30')
    expect(plain(span(days))).toBe('60 d')
  })
})

describe('what somebody types', () => {
  test.each([
    ['0.5', 0.5],
    ['0,5', 0.5],
    [' 1 000 ', 1000],
    ['−3', -3],
    ['20 %', 20],
    ['1,000,000', null],
    ['', null],
    ['many', null],
    ['Infinity', null],
  ])('%j is %s', (text, number) => {
    expect(numberIn(text)).toBe(number)
  })
})

test('names of the API become words', () => {
  expect([sentence('minNumSamples'), sentence('risk_reward_ratio')]).toEqual(['Min num samples', 'Risk reward ratio'])
})
