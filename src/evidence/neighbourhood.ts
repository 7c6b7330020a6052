import type { Random } from '../engine/random.ts'
import { localKernel } from '../engine/wasm.ts'
import { clampValue, isVaried, scaleRange, type ParameterSpec } from '../strategy/parameter-space.ts'

/** Draws per point before what was found has to do: constraints may leave little room. */
const DRAWS_PER_POINT = 10

export interface NeighbourhoodOptions {
  /** points wanted */
  count: number
  /** share of each range, to either side */
  reach: number
  random: Random
  /** whether the strategy's constraints allow a row */
  satisfies?: (row: Float64Array) => boolean
}

/**
 * Points around a parameter set: each parameter moved evenly within ± `reach` of its range, at least one step where
 * it has steps. A LOG_UNIFORM parameter moves on its logarithmic scale; a switch and a constant stay.
 *
 * @param centre f64[parameters]
 * @returns f64[points × parameters], all within the bounds; fewer than `count` where the constraints refuse too much
 */
export function neighbourhood(
  specs: readonly ParameterSpec[],
  centre: ArrayLike<number>,
  { count, reach, random, satisfies = () => true }: NeighbourhoodOptions,
): Float64Array {
  const rows = new Float64Array(count * specs.length)
  let found = 0
  for (let draws = 0; found < count && draws < count * DRAWS_PER_POINT; draws++) {
    const row = Float64Array.from(specs, (spec, at) => moved(spec, centre[at], reach, 2 * random.float() - 1))
    if (satisfies(row)) rows.set(row, found++ * specs.length)
  }
  return rows.slice(0, found * specs.length)
}

/** @param share −1 … 1 of the reach */
function moved(spec: ParameterSpec, value: number, reach: number, share: number): number {
  if (!isVaried(spec) || spec.distribution === 'BOOLEAN') return value
  const { low, high } = scaleRange(spec)
  if (spec.distribution === 'LOG_UNIFORM') {
    const { kernel } = localKernel()
    const width = kernel.log(high) - kernel.log(low)
    return clampValue(spec, value * kernel.exp(share * reach * width))
  }
  return clampValue(spec, value + share * Math.max(reach * (high - low), oneStep(spec, value, share)))
}

/** Distance to the next value on that side; 0 for a continuous parameter. */
function oneStep(spec: ParameterSpec, value: number, side: number): number {
  if (spec.distribution === 'INTEGER') return spec.step ?? 1
  if (spec.distribution !== 'DISCRETE') return 0
  const distances = spec.values!.map((each) => Math.sign(side) * (each - value)).filter((distance) => distance > 0)
  return distances.length > 0 ? Math.min(...distances) : 0
}
