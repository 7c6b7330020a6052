import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { learnWindows, type WindowTask } from '../../src/models/window-task.ts'

const [SAMPLES, WINDOWS] = [60, 60]

/** Samples with one parameter; windows with a trend and a number that says nothing. */
function task(returnOf: (parameter: number, trend: number, noise: number) => number): WindowTask {
  const random = new Random(5)
  const parameter = Array.from({ length: SAMPLES }, () => random.float())
  const trend = Array.from({ length: WINDOWS }, () => 2 * random.float() - 1)
  const idle = Array.from({ length: WINDOWS }, () => random.float())
  const rows = SAMPLES * WINDOWS
  const sample = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / WINDOWS))
  const window = Int32Array.from({ length: rows }, (_, row) => row % WINDOWS)
  const cells = Array.from(sample, (at, row) => [parameter[at], trend[window[row]], idle[window[row]], 7])
  return {
    features: { rows, columns: 4, values: Float64Array.from(cells.flat()) },
    names: ['threshold', 'market.trend_strength', 'market.volatility', 'market.rising_volume'],
    target: Float64Array.from(cells, ([a, b]) => returnOf(a, b, random.float() - 0.5)),
    sample,
    window,
    windows: WINDOWS,
    parameters: { rows: SAMPLES, columns: 1, values: Float64Array.from(parameter) },
    seed: 3,
  }
}

describe('a model of windows', () => {
  test('finds a condition that makes the return, in times that it has not seen, too', async () => {
    const { importance, validation, unseenTimesR2, gain, dropped, featureNames } = await learnWindows(
      task((parameter, trend, noise) => 0.01 * (trend * parameter + noise)),
    )
    expect(dropped).toEqual(['market.rising_volume'])
    expect(featureNames).toEqual(importance.map(({ feature }) => feature))
    expect(importance.find(({ rank }) => rank === 1)!.feature).toBe('market.trend_strength')
    expect(importance.find(({ rank }) => rank === 3)!.feature).toBe('market.volatility')
    expect(validation.r2).toBeGreaterThan(0.4)
    expect(unseenTimesR2).toBeGreaterThan(0.4)
    expect(validation.count).toBe(9 * WINDOWS) // 15 % of the samples, with all of their windows
    expect(gain!.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12)
  })

  test('tells by times left out what was learned by heart', async () => {
    const random = new Random(11)
    const luck = new Map<number, number>()
    const { validation, unseenTimesR2 } = await learnWindows(
      task((_, trend) => luck.get(trend) ?? (luck.set(trend, random.float() - 0.5), luck.get(trend)!)),
    )
    expect(validation.r2).toBeGreaterThan(0.8)
    expect(unseenTimesR2).toBeLessThan(0.1)
  })

  test('finds nothing where there is nothing', async () => {
    const { validation } = await learnWindows(task((_, __, noise) => noise))
    expect(validation.r2).toBeLessThan(0.03)
  })

  test('gives the same bits again', async () => {
    const same = () => learnWindows(task((parameter, trend, noise) => trend * parameter + noise))
    expect(await same()).toEqual(await same())
  })
})
