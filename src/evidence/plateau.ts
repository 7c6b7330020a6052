import { quantile } from '../engine/statistics.ts'
import { isGiven, isVaried, scaleToUnit, type ParameterSpec } from '../strategy/parameter-space.ts'
import { neighbourhood } from './neighbourhood.ts'
import { stream } from './streams.ts'

/** Whether an optimum is a plateau or a needle: small changes of the parameters must not destroy it. */

const NEIGHBOURS = 64
const REACH = 0.1
const PLATEAU_QUANTILE = 0.1
/** A value this close to a bound, as a share of the range, stands on it. */
const EDGE = 0.01

/**
 * The surroundings that a plateau is judged by: 64 points within ±10 % of each range.
 *
 * @param item number of the candidate: each has a neighbourhood of its own
 * @returns f64[points × parameters]
 */
export function plateauPoints(
  specs: readonly ParameterSpec[],
  centre: ArrayLike<number>,
  options: { seed: number; item?: number; satisfies?: (row: Float64Array) => boolean },
): Float64Array {
  const { seed, item = 0, satisfies } = options
  return neighbourhood(specs, centre, {
    count: NEIGHBOURS,
    reach: REACH,
    random: stream(seed, 'neighbourhood', item),
    ...(satisfies ? { satisfies } : {}),
  })
}

/**
 * The 0.1 quantile of the objective over the neighbourhood: what nine of ten small changes leave at least.
 *
 * @param neighbours objectives, turned so that more is better; NaN = not defined, which is below every number
 * @returns null where there is no neighbour, or the quantile falls on one without a number
 */
export function plateau(neighbours: ArrayLike<number>): number | null {
  return finite(quantile(worstWhereMissing(neighbours), PLATEAU_QUANTILE))
}

/**
 * How much of its lead over the ordinary sample the best keeps when the parameters move a little: 100 = all of it.
 *
 * @param best       objective of the candidate, as above
 * @param neighbours objectives, as above
 * @param ordinary   median objective of all samples
 * @returns 0 … 100; 0 where the best is no better than the ordinary
 */
export function plateauScore(best: number, neighbours: ArrayLike<number>, ordinary: number): number {
  const around = finite(quantile(worstWhereMissing(neighbours), 0.5))
  if (around === null || !(best > ordinary)) return 0
  return 100 * Math.max(0, Math.min(1, (around - ordinary) / (best - ordinary)))
}

/** For each parameter whether its value stands within 1 % of a bound, so that better ones may lie outside. */
export function onBoundary(specs: readonly ParameterSpec[], row: ArrayLike<number>): boolean[] {
  return specs.map((spec, at) => {
    if (!isVaried(spec) || spec.distribution === 'BOOLEAN' || spec.distribution === 'DISCRETE') return false
    const place = scaleToUnit(spec, row[at])
    const atLow = place <= EDGE && hasBound(spec, spec.low)
    const atHigh = place >= 1 - EDGE && hasBound(spec, spec.high)
    return atLow || atHigh
  })
}

/** Only a normal distribution may do without. */
function hasBound(spec: ParameterSpec, bound: number | null | undefined): boolean {
  return spec.distribution !== 'NORMAL' || isGiven(bound)
}

function worstWhereMissing(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value) => (Number.isNaN(value) ? -Infinity : value))
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
