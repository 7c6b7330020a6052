import type { ParameterSpec } from './parameter-space.ts'
import { levels } from './parameter-space.ts'
import { inverseCdf } from './inverse-cdf.ts'
import { localKernel } from '../engine/wasm.ts'

/** Every combination of some levels of each parameter. */
export interface Grid {
  /** levels of each parameter; their product is `count` */
  levels: number[]
  /** f64[count × parameters]; the last parameter changes fastest */
  rows: Float64Array
  count: number
}

/**
 * A full factorial design of at most n points. Where no parameter runs out of values their numbers of levels differ
 * by one at most, earlier parameters having the more.
 */
export function grid(specs: readonly ParameterSpec[], n: number): Grid {
  const counts = balancedLevels(specs.map(levels), n)
  const values = specs.map((spec, j) => Array.from({ length: counts[j] }, (_, k) => gridValue(spec, k, counts[j])))
  const count = counts.reduce((product, each) => product * each, 1)
  const d = specs.length
  const rows = new Float64Array(count * d)
  for (let i = 0; i < count; i++) {
    let rest = i
    for (let j = d - 1; j >= 0; j--) {
      rows[i * d + j] = values[j][rest % counts[j]]
      rest = Math.floor(rest / counts[j])
    }
  }
  return { levels: counts, rows, count }
}

/** One level more for whoever has the fewest, until that would make more than n points. */
function balancedLevels(available: readonly number[], n: number): number[] {
  const counts = available.map(() => 1)
  let product = 1
  for (;;) {
    let fewest = -1
    counts.forEach((count, j) => {
      if (count < available[j] && (fewest < 0 || count < counts[fewest])) fewest = j
    })
    if (fewest < 0) return counts
    const grown = (product / counts[fewest]) * (counts[fewest] + 1)
    if (grown > n) return counts
    product = grown
    counts[fewest]++
  }
}

/**
 * The k-th of `count` values: evenly spaced from end to end, for NORMAL at evenly spaced quantiles. A single level is
 * the value in use today, or the median.
 */
function gridValue(spec: ParameterSpec, k: number, count: number): number {
  if (count === 1) return spec.default ?? inverseCdf(spec, 0.5)
  const share = k / (count - 1)
  switch (spec.distribution) {
    case 'BOOLEAN':
      return k
    case 'DISCRETE':
      return spec.values![Math.round(share * (spec.values!.length - 1))]
    case 'INTEGER':
      return spec.low! + (spec.step ?? 1) * Math.round(share * (levels(spec) - 1))
    case 'NORMAL':
      return inverseCdf(spec, (k + 0.5) / count)
    default:
      return k === 0 ? spec.low! : k === count - 1 ? spec.high! : between(spec, share)
  }
}

function between(spec: ParameterSpec, share: number): number {
  if (spec.distribution === 'LOG_UNIFORM') return localKernel().kernel.logUniform(share, spec.low!, spec.high!)
  return spec.low! + share * (spec.high! - spec.low!)
}
