import { localKernel } from '../engine/wasm.ts'
import { clampValue, levels, scaleToUnit, type ParameterSpec } from './parameter-space.ts'

/**
 * The other way of `inverseCdf`: the share of all draws that lie below a value; of a parameter with levels the middle
 * of the share that gives this value.
 *
 * @param spec  in order (`checkParameterSpace`)
 * @param value of the parameter; the nearest one that can be drawn counts
 * @returns 0…1
 */
export function unitPlace(spec: ParameterSpec, value: number): number {
  const drawn = clampValue(spec, value)
  switch (spec.distribution) {
    case 'NORMAL':
      return normalPlace(spec, drawn)
    case 'INTEGER':
      return middle((drawn - spec.low!) / (spec.step ?? 1), levels(spec))
    case 'DISCRETE':
      return middle(spec.values!.indexOf(drawn), spec.values!.length)
    case 'BOOLEAN':
      return drawn === 1 ? 0.25 : 0.75 // true is the lower half
    default:
      return scaleToUnit(spec, drawn)
  }
}

function middle(level: number, count: number): number {
  return (Math.round(level) + 0.5) / count
}

function normalPlace({ mean, standardDeviation, low, high }: ParameterSpec, value: number): number {
  const { kernel } = localKernel()
  const below = (bound: number) => kernel.normalCdf((bound - mean!) / standardDeviation!)
  const [from, to] = [
    low === null || low === undefined ? 0 : below(low),
    high === null || high === undefined ? 1 : below(high),
  ]
  return to > from
    ? Math.max(0, Math.min(1, (below(value) - from) / (to - from)))
    : scaleToUnit({ name: '', distribution: 'UNIFORM', low: low!, high: high! }, value)
}
