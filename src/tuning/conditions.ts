import { mean, quantile, standardDeviation } from '../engine/statistics.ts'
import type { WindowFigure } from '../models/window-features.ts'

/** The windows in which a figure of the market or of the calendar lies within bounds, and what was earned there. */
export interface Condition {
  feature: string
  /** smallest and largest value of the figure */
  low: number
  high: number
  windows: number
  /** of a window, over the samples: a fraction of the equity */
  meanReturn: number
  /** of a window, of the best candidate, with its standard error; null where there is none */
  bestReturn: number | null
  bestStandardError: number | null
}

/**
 * Returns by condition: a third of the windows each for a figure of the market, every value for one of the calendar.
 * A figure that is the same everywhere is no condition.
 *
 * @param returns f64[windows], mean over the samples
 * @param best    f64[windows] of the best candidate
 */
export function conditionsOf(
  figures: readonly WindowFigure[],
  returns: Float64Array,
  best: Float64Array | null,
): Condition[] {
  return figures.flatMap(({ name, values, cycle }) => {
    const bins = cycle === null ? thirds(values) : distinct(values)
    if (bins.length < 2) return []
    return bins.map((windows) => {
      const [own, earned] = [values, returns].map((each) => windows.map((window) => each[window]))
      const ofBest = best && windows.map((window) => best[window])
      return {
        feature: name,
        low: own.reduce((a, b) => Math.min(a, b)),
        high: own.reduce((a, b) => Math.max(a, b)),
        windows: windows.length,
        meanReturn: mean(earned),
        bestReturn: ofBest && mean(ofBest),
        bestStandardError: ofBest && ofBest.length > 1 ? standardDeviation(ofBest) / Math.sqrt(ofBest.length) : null,
      }
    })
  })
}

/** @returns windows of each third, in ascending order of the figure; equal values stay together */
function thirds(values: Float64Array): number[][] {
  const [first, second] = [quantile(values, 1 / 3), quantile(values, 2 / 3)]
  const third = (value: number): number => (value <= first ? 0 : value <= second ? 1 : 2)
  return [0, 1, 2]
    .map((own) => [...values.keys()].filter((at) => third(values[at]) === own))
    .filter((bin) => bin.length > 0)
}

function distinct(values: Float64Array): number[][] {
  const known = [...new Set(values)].sort((a, b) => a - b)
  return known.map((value) => [...values.keys()].filter((at) => values[at] === value))
}
