import { localKernel } from '../engine/wasm.ts'
import type { ParameterSpec } from './parameter-space.ts'
import { levels, normalQuantile } from './parameter-space.ts'

/**
 * The value of a parameter below which the share u of its distribution lies: a uniform u gives a draw.
 * BOOLEAN is 1 for the lower half.
 *
 * @param spec in order (`checkParameterSpace`)
 * @param u    0 ≤ u < 1
 */
export function inverseCdf(spec: ParameterSpec, u: number): number {
  switch (spec.distribution) {
    case 'UNIFORM':
      return Math.min(spec.high!, spec.low! + u * (spec.high! - spec.low!))
    case 'LOG_UNIFORM':
      return localKernel().kernel.logUniform(u, spec.low!, spec.high!)
    case 'NORMAL':
      return normalQuantile(spec, u)
    case 'INTEGER':
      return spec.low! + (spec.step ?? 1) * pick(levels(spec), u)
    case 'DISCRETE':
      return spec.values![pick(spec.values!.length, u)]
    default: // BOOLEAN
      return u < 0.5 ? 1 : 0
  }
}

/** Which of n equally likely things: 0 … n − 1, also where u n rounds up to n. */
function pick(n: number, u: number): number {
  return Math.min(n - 1, Math.floor(u * n))
}
