import { describe, expect, test } from 'vitest'
import { dataQuality, longestGaps, periodQuality, qualityGate } from '../../src/market/quality.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { HOUR, START } from './files.ts'

const at = (...bars: number[]) => Float64Array.from(bars, (bar) => START + bar * HOUR)
const ones = (n: number) => new Float64Array(n).fill(1)

test('a market without gaps scores 100', () => {
  const quality = dataQuality(at(0, 1, 2, 3), ones(4), HOUR)
  expect(quality).toEqual({ score: 100, expectedCandles: 4, missingCandles: 0, zeroVolumeCandles: 0, gaps: [] })
})

test('a per cent missing costs ten points, a per cent without volume one', () => {
  const all = Array.from({ length: 200 }, (_, bar) => bar)
  const gappy = at(...all.filter((bar) => bar !== 50 && bar !== 51))
  expect(dataQuality(gappy, ones(198), HOUR).score).toBeCloseTo(90)
  const still = ones(200)
  still.fill(0, 10, 12)
  expect(dataQuality(at(...all), still, HOUR).score).toBeCloseTo(99)
})

test('an empty market has no quality', () => {
  expect(dataQuality(at(), ones(0), HOUR)).toMatchObject({ score: 0, expectedCandles: 0, gaps: [] })
})

test('longestGaps keeps the longest, in order of time', () => {
  const { gaps } = dataQuality(at(0, 2, 5, 9, 11), ones(5), HOUR)
  expect(gaps.map(({ missing }) => missing)).toEqual([1, 2, 3, 1])
  expect(longestGaps(gaps, 2)).toEqual([gaps[1], gaps[2]])
  expect(longestGaps(gaps, 9)).toEqual(gaps)
})

const gate = (missingCandles: number) => qualityGate({ expectedCandles: 1000, missingCandles })

describe('qualityGate', () => {
  test('passes up to 1 % in silence', () => expect(gate(10)).toEqual({ verdict: 'PASS', reason: null }))
  test('warns above 1 %', () => {
    expect(gate(11).verdict).toBe('WARN')
    expect(gate(50)).toMatchObject({
      verdict: 'WARN',
      reason: expect.stringContaining('50 of 1000 candles are missing (5.0 %)'),
    })
  })
  test('refuses above 5 % and says what to do', () => {
    expect(gate(51)).toMatchObject({ verdict: 'REFUSE', reason: expect.stringContaining('allow gaps') })
  })
  test('refuses a period without candles', () => {
    expect(qualityGate({ expectedCandles: 0, missingCandles: 0 }).verdict).toBe('REFUSE')
  })
})

test('periodQuality counts what is missing at the ends', () => {
  expect(periodQuality(at(2, 3, 4), HOUR, START, START + 6 * HOUR)).toEqual({ expectedCandles: 6, missingCandles: 3 })
  expect(periodQuality(at(1, 2), HOUR, START + 1, START + 2 * HOUR + 1)).toEqual({
    expectedCandles: 2,
    missingCandles: 0,
  })
  expect(periodQuality(at(), HOUR, START, START)).toEqual({ expectedCandles: 0, missingCandles: 0 })
})

withShared('the golden quality', () => {
  test('has the same gaps and score', () => {
    const file = golden('candles.json')
    const entry = file.cases.find(({ name }: { name: string }) => name === 'gaps_and_quality')
    const column = (index: number) => Float64Array.from(entry.input, (row: number[]) => row[index])
    const quality = dataQuality(column(0), column(5), entry.timeframeMs)
    expect(quality.gaps).toEqual(entry.gaps)
    expect(quality.missingCandles).toBe(entry.missingCandles)
    expect(quality.zeroVolumeCandles).toBe(entry.zeroVolumeCandles)
    expect(quality.expectedCandles).toBe(entry.expectedCandles)
    expect(isClose(quality.score, entry.score)).toBe(true)
  })
})
