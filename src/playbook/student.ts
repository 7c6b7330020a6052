import { studentTCdf } from '../evidence/statistics.ts'

/**
 * The value that Student's t stays below with probability p, by bisection of its distribution function.
 *
 * @param p 0.5 < p < 1
 * @param degreesOfFreedom > 0
 */
export function tQuantile(p: number, degreesOfFreedom: number): number {
  let low = 0
  let high = 1
  while (studentTCdf(high, degreesOfFreedom)! < p && high < 1e9) high *= 2
  for (let halving = 0; halving < 80; halving++) {
    const middle = (low + high) / 2
    if (studentTCdf(middle, degreesOfFreedom)! < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
