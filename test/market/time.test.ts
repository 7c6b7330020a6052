import { describe, expect, test } from 'vitest'
import { FileClock, parseUtc } from '../../src/market/time.ts'

describe('parseUtc', () => {
  test.each([
    ['2024-01-31', Date.UTC(2024, 0, 31)],
    ['2024-02-29 12:34', Date.UTC(2024, 1, 29, 12, 34)],
    ['2024-01-31T12:34:56Z', Date.UTC(2024, 0, 31, 12, 34, 56)],
    ['2024-01-31 12:34:56 UTC', Date.UTC(2024, 0, 31, 12, 34, 56)],
    ['2024-01-31 12:34:56+00:00', Date.UTC(2024, 0, 31, 12, 34, 56)],
    ['2024-01-31T12:34:56.789+0200', Date.UTC(2024, 0, 31, 10, 34, 56, 789)],
    ['2024-01-31T12:34:56.000000-05:30', Date.UTC(2024, 0, 31, 18, 4, 56)],
  ])('reads %s', (text, time) => expect(parseUtc(text)).toBe(time))

  test.each([
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-01-01 24:00',
    '2024-01-01 12:60',
    '2024-01-01 12:00:60',
    '10000-01-01',
    '0001-01-01',
    '2100-01-01',
    'infinity',
    '01/02/2024',
    '2024-1-5',
    '2024-01-01 11-AM',
    '2024-01-01T00:00:00+99:00',
    '2024-01-01T',
    '',
  ])('refuses "%s"', (text) => expect(parseUtc(text)).toBeNaN())
})

describe('FileClock', () => {
  const time = 1_704_067_200_000
  test.each([
    ['seconds', time / 1000],
    ['milliseconds', time],
    ['microseconds', time * 1000],
    ['nanoseconds', time * 1_000_000],
  ])('recognises %s by their size', (_, value) => expect(new FileClock().number(value)).toBe(time))

  test.each([0, -1, 20240101, 253_402_300_800_000, Infinity, NaN])('refuses %s', (value) => {
    const clock = new FileClock()
    expect(clock.number(value)).toBeNaN()
    expect(clock.problem(String(value))).toContain('is not a time between 1990 and 2100')
  })

  test('refuses another unit after the first, and says which one it expects', () => {
    const clock = new FileClock()
    clock.number(time)
    expect(clock.number(time / 1000)).toBeNaN()
    expect(clock.problem(String(time / 1000))).toContain('mixes units of time: earlier rows have milliseconds')
    expect(clock.text('2024-01-01')).toBeNaN()
    expect(clock.problem('2024-01-01')).toContain('mixes units of time')
  })

  test('refuses numbers after text', () => {
    const clock = new FileClock()
    expect(clock.text('2024-01-01')).toBe(time)
    expect(clock.number(time)).toBeNaN()
    expect(clock.problem(String(time))).toContain('earlier rows have text')
  })
})
