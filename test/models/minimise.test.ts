import { describe, expect, test } from 'vitest'
import { minimise, type Objective } from '../../src/models/minimise.ts'

const wide = { low: new Float64Array(2).fill(-10), high: new Float64Array(2).fill(10) }
const limits = { evaluations: 500, tolerance: 1e-12 }

const rosenbrock: Objective = ([x, y], gradient) => {
  gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x)
  gradient[1] = 200 * (y - x * x)
  return (1 - x) ** 2 + 100 * (y - x * x) ** 2
}

describe('minimise', () => {
  test('follows a bent valley to its end', () => {
    const { x, value, evaluations } = minimise(rosenbrock, Float64Array.of(-1.2, 1), wide, limits)
    expect(value).toBeLessThan(1e-8)
    expect(x[0]).toBeCloseTo(1, 3)
    expect(evaluations).toBeLessThan(200)
  })

  test('stays in the box and finds the best corner of it', () => {
    const box = { low: Float64Array.of(-2, -2), high: Float64Array.of(0.5, 2) }
    const { x } = minimise(rosenbrock, Float64Array.of(-1.2, 1), box, limits)
    expect(x[0]).toBe(0.5)
    expect(x[1]).toBeCloseTo(0.25, 4)
  })

  test('calls the objective no more often than allowed', () => {
    let calls = 0
    const counted: Objective = (x, gradient) => (calls++, rosenbrock(x, gradient))
    const { evaluations } = minimise(counted, Float64Array.of(-1.2, 1), wide, { evaluations: 10, tolerance: 0 })
    expect(calls).toBe(evaluations)
    expect(calls).toBeLessThanOrEqual(10)
  })

  test('steps back from where the objective is not defined', () => {
    const log: Objective = ([x], gradient) => {
      gradient[0] = 1 - 1 / x
      return x > 0 ? x - Math.log(x) : NaN
    }
    const line = { low: Float64Array.of(-5), high: Float64Array.of(50) }
    expect(minimise(log, Float64Array.of(20), line, limits).x[0]).toBeCloseTo(1, 4)
  })
})
