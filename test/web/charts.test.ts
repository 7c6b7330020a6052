import { describe, expect, test } from 'vitest'
import { paretoFront } from '../../web/charts/pareto.ts'
import { around, linear, nearest } from '../../web/charts/scale.ts'
import { numberTicks, timeTicks } from '../../web/charts/ticks.ts'

const labels = (ticks: { label: string }[]) => ticks.map(({ label }) => label)

describe('a scale', () => {
  test('goes there and back', () => {
    const scale = linear([10, 20], [0, 100])
    expect(scale(15)).toBe(50)
    expect(scale.invert(50)).toBe(15)
  })

  test('puts a single value into the middle', () => {
    expect(linear([5, 5], [0, 100])(5)).toBe(50)
    expect(linear([5, 5], [0, 100]).invert(80)).toBe(5)
  })

  test('spans the values that there are, with a margin', () => {
    expect(around([1, null, 3, NaN], 0.5)).toEqual([0, 4])
    expect(around([])).toEqual([0, 1])
    expect(around([0])).toEqual([-1, 1])
  })

  test('finds the nearest stop', () => {
    const stops = [0, 10, 20]
    expect([-5, 4, 6, 10, 99].map((value) => nearest(stops, value))).toEqual([0, 0, 1, 1, 2])
  })
})

describe('ticks', () => {
  test('stand at round numbers inside the domain', () => {
    expect(numberTicks([0.13, 0.87], 4, String).map(({ at }) => at)).toEqual([0.2, 0.4, 0.6, 0.8])
    expect(numberTicks([-3, 3], 3, String).map(({ at }) => at)).toEqual([-2, 0, 2])
  })

  test('lose decimals that none of them needs', () => {
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`
    expect(labels(numberTicks([0, 0.4], 4, percent))).toEqual(['0 %', '10 %', '20 %', '30 %', '40 %'])
    expect(labels(numberTicks([0, 0.03], 6, percent))).toContain('1.0 %')
  })

  test('of time stand at round hours, midnights and firsts of months, in UTC', () => {
    const day = Date.UTC(2025, 0, 1)
    expect(labels(timeTicks([day, day + 86_400_000], 4))).toEqual(['1 Jan', '06:00', '12:00', '18:00', '2 Jan'])
    expect(labels(timeTicks([day, Date.UTC(2025, 11, 31)], 6))).toEqual(['2025', 'Mar', 'May', 'Jul', 'Sep', 'Nov'])
  })

  test('do not run away from an empty domain', () => {
    expect(numberTicks([5, 5], 4, String)).toEqual([{ at: 5, label: '5' }])
  })
})

describe('the Pareto front', () => {
  const outcome = (risk: number, gain: number) => ({ risk, gain })

  test('holds what no other beats in both, by ascending risk', () => {
    const front = [outcome(0.1, 0.2), outcome(0.3, 0.5), outcome(0.4, 0.6)]
    const beaten = [outcome(0.3, 0.4), outcome(0.2, 0.1), outcome(0.5, 0.6)]
    expect(paretoFront([...beaten, ...front.toReversed()])).toEqual(front)
  })

  test('keeps twins, and is empty where there is nothing', () => {
    expect(paretoFront([outcome(0.1, 0.2), outcome(0.1, 0.2)])).toHaveLength(2)
    expect(paretoFront([])).toEqual([])
  })
})
