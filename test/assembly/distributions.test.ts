import { expect, test } from 'vitest'
import { localKernel } from '../../src/engine/wasm.ts'
import { golden, isClose, withShared } from '../shared.ts'

const { kernel } = localKernel()

/** A case of the golden file: values x at shares u. */
type Truncated = Record<'mean' | 'sd' | 'low' | 'high', number> & Record<'u' | 'x', number[]>

/** Compared by ratio, so that a tail of 1e-300 counts as much as a half. */
function expectRatio(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual / expected - 1), `${actual} against ${expected}`).toBeLessThan(tolerance)
}

test('the normal inverse undoes the normal distribution function from 1e-300 up', () => {
  for (let exponent = -300; exponent < 0; exponent += 1.7) {
    const p = 10 ** exponent
    // an error dz of z moves p by dz × z × p in the tail
    expectRatio(kernel.normalCdf(kernel.normalPpf(p)), p, 1e-9)
  }
})

test('the normal inverse is antisymmetric, also near 1', () => {
  for (let bits = 1; bits <= 50; bits++) {
    const p = 2 ** -bits
    expect(kernel.normalPpf(1 - p) + kernel.normalPpf(p)).toBeCloseTo(0, 12)
  }
})

test('the normal functions end at 0 and 1 and know no probability outside', () => {
  expect(kernel.normalCdf(-Infinity)).toBe(0)
  expect(kernel.normalCdf(Infinity)).toBe(1)
  expect(kernel.normalPpf(0)).toBe(-Infinity)
  expect(kernel.normalPpf(1)).toBe(Infinity)
  expect(kernel.normalPpf(1.5)).toBeNaN()
  expect(kernel.normalPpf(-0.1)).toBeNaN()
})

test('the normal density is the slope of the distribution function', () => {
  for (const z of [-3, -1, 0, 0.5, 2]) {
    const slope = (kernel.normalCdf(z + 1e-5) - kernel.normalCdf(z - 1e-5)) / 2e-5
    expect(kernel.normalPdf(z)).toBeCloseTo(slope, 9)
  }
})

test('a truncated normal stays in its bounds and grows with u', () => {
  for (const [mean, sd, low, high] of [
    [0, 1, -1, 2],
    [0, 1, 30, 33],
    [0, 1, -33, -30],
    [50, 1e6, 0, 1],
    [0, 1, 5, 5 + 1e-9],
    [0, 1, 100, 200],
  ] as const) {
    let previous = low as number
    for (let u = 0; u < 1; u += 0.01) {
      const x = kernel.truncatedNormal(u, mean, sd, low, high)
      expect(x).toBeGreaterThanOrEqual(previous)
      expect(x).toBeLessThanOrEqual(high)
      previous = x
    }
  }
})

test('a truncated normal far out in the upper tail mirrors the lower one', () => {
  for (const u of [1e-6, 0.1, 0.5, 0.9]) {
    const upper = kernel.truncatedNormal(u, 0, 1, 9, 12)
    const lower = kernel.truncatedNormal(1 - u, 0, 1, -12, -9)
    expectRatio(upper, -lower, 1e-12)
  }
})

test('a normal without bounds is finite at u = 0 and u = 1', () => {
  expect(kernel.truncatedNormal(0, 10, 2, -Infinity, Infinity)).toBeCloseTo(10 - 2 * 6.337957754553789, 9)
  expect(kernel.truncatedNormal(1, 10, 2, -Infinity, Infinity)).toBeCloseTo(10 + 2 * 6.337957754553789, 9)
})

test('a log-uniform value at the middle is the geometric mean, and the ends are the bounds', () => {
  expect(kernel.logUniform(0.5, 2, 200)).toBeCloseTo(20, 12)
  expect(kernel.logUniform(0, 0.0001, 0.1)).toBeCloseTo(0.0001, 16)
  expect(kernel.logUniform(1, 0.0001, 0.1)).toBeLessThanOrEqual(0.1)
})

test('the beta distribution function agrees with its closed forms', () => {
  for (const x of [1e-9, 0.01, 0.3, 0.5, 0.77, 0.999]) {
    expectRatio(kernel.betaCdf(x, 1, 1), x, 1e-13)
    expectRatio(kernel.betaCdf(x, 3, 1), x ** 3, 1e-13)
    expectRatio(kernel.betaCdf(x, 2, 2), x * x * (3 - 2 * x), 1e-12)
    expect(kernel.betaCdf(x, 2.5, 7) + kernel.betaCdf(1 - x, 7, 2.5)).toBeCloseTo(1, 13)
  }
  expect(kernel.betaCdf(0.5, 0, 1)).toBeNaN()
})

test('the beta inverse undoes the beta distribution function', () => {
  for (const [a, b] of [
    [0.5, 0.5],
    [1, 3],
    [23, 17],
    [1000, 1200],
    [100_000, 90_000],
  ] as const) {
    for (const p of [1e-10, 0.05, 0.5, 0.95]) expectRatio(kernel.betaCdf(kernel.betaPpf(p, a, b), a, b), p, 1e-9)
  }
  expect(kernel.betaPpf(0, 2, 3)).toBe(0)
  expect(kernel.betaPpf(1, 2, 3)).toBe(1)
  expect(kernel.betaPpf(-1, 2, 3)).toBeNaN()
})

test("Student's t is Cauchy with one degree of freedom and nearly normal with a million", () => {
  for (const t of [-50, -2, -0.1, 0, 0.5, 3]) {
    expect(kernel.studentTCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 13)
    expect(kernel.studentTCdf(t, 1e6)).toBeCloseTo(kernel.normalCdf(t), 6)
  }
  expect(kernel.studentTCdf(-Infinity, 3)).toBe(0)
  expect(kernel.studentTCdf(1, 0)).toBeNaN()
})

test('ln Γ counts factorials', () => {
  let logFactorial = 0
  for (let n = 1; n <= 170; n++) {
    logFactorial += Math.log(n)
    expect(kernel.logGamma(n + 1)).toBeCloseTo(logFactorial, 9)
  }
  expect(kernel.logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14)
})

withShared('golden distributions', () => {
  const file = golden('sampling.json')

  test('normalPpf', () => {
    for (const { p, z } of file.normalPpf.table) expect(isClose(kernel.normalPpf(p), z), `p = ${p}`).toBe(true)
  })

  test('normalCdf', () => {
    for (const { z, p } of file.normalCdf.table) expect(isClose(kernel.normalCdf(z), p), `z = ${z}`).toBe(true)
  })

  test('truncatedNormal, to 1e-7 in the tails', () => {
    for (const { mean, sd, low, high, u, x } of Object.values<Truncated>(file.truncatedNormal)) {
      const farOut = (low - mean) / sd > 4 || (high - mean) / sd < -4
      u.forEach((share, i) => {
        const tolerance = farOut || Math.abs(share - 0.5) > 0.4999 ? 1e-7 : 1e-9
        const value = kernel.truncatedNormal(share, mean, sd, low, high)
        expect(isClose(value, x[i], tolerance), `${mean} ± ${sd} in ${low} … ${high} at ${share}: ${value}`).toBe(true)
      })
    }
  })
})
