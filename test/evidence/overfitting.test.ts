import { describe, expect, test } from 'vitest'
import { mean } from '../../src/engine/statistics.ts'
import { ValidationError } from '../../src/errors.ts'
import { blocksFor, overfittingOf } from '../../src/evidence/overfitting.ts'
import { chooseConfigurations, returnMatrix, sharpePerPeriod } from '../../src/evidence/returns.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { golden, isClose, withShared } from '../shared.ts'
import { plainChoices } from './plain-overfitting.ts'
import { noiseMatrix, withEdge } from './returns.ts'

describe('probability of overfitting', () => {
  test('is about one half on noise', () => {
    const probabilities = Array.from(
      { length: 60 },
      (_, seed) => overfittingOf(noiseMatrix(128, 30, seed))!.probability,
    )
    expect(mean(probabilities)).toBeGreaterThan(0.42)
    expect(mean(probabilities)).toBeLessThan(0.58)
  })

  test('is next to nothing where one configuration has an edge', () => {
    const { probability, probabilityOfLoss, medianLogit } = overfittingOf(withEdge(noiseMatrix(128, 30, 3), 7, 0.006))!
    expect(probability).toBeLessThan(0.01)
    expect(probabilityOfLoss).toBeLessThan(0.01)
    expect(medianLogit).toBeGreaterThan(2)
  })

  test('counts each of the 12,870 choices of 8 of 16 blocks once', () => {
    const { logits, blocks } = overfittingOf(noiseMatrix(96, 10, 1))!
    expect(blocks).toBe(16)
    expect(logits).toHaveLength(12_870)
  })

  test('agrees with the plain way, choice for choice, for odd and even numbers of configurations', () => {
    for (const columns of [2, 7, 8]) {
      const returns = noiseMatrix(53, columns, columns)
      const choices = plainChoices(returns, 8)
      const fast = overfittingOf(returns, 8)!
      const logits = choices.map(({ rank }) => Math.log(rank / (columns + 1 - rank)))
      const sorted = Float64Array.from(logits).sort()
      Float64Array.from(fast.logits)
        .sort()
        .forEach((logit, at) => expect(logit).toBeCloseTo(sorted[at], 12))
      expect(fast.meanLogit).toBeCloseTo(mean(logits), 12)
      expect(fast.probability).toBe(logits.filter((logit) => logit <= 0).length / logits.length)
      expect(fast.probabilityOfLoss).toBe(choices.filter(({ outOfSample }) => outOfSample < 0).length / choices.length)
    }
  })

  test('takes the first of equal winners and the mean of equal ranks', () => {
    const one = noiseMatrix(40, 1, 5).values
    const copies = overfittingOf(matrixOf([...one].map((value) => [value, value, value])), 4)!
    expect([...copies.logits]).toEqual(Array.from({ length: 6 }, () => 0))
    expect(copies.probability).toBe(1)
  })

  test('gives a configuration that did nothing in a half a Sharpe ratio of exactly 0 there', () => {
    const losing = Array.from({ length: 16 }, (_, day) => -0.01 - 0.001 * (day % 3))
    const idle = Array.from({ length: 16 }, (_, day) => (day < 8 ? 0.01 * (1 + (day % 2)) : 0))
    const { degradation, probabilityOfLoss } = overfittingOf(returnMatrix([losing, idle]), 2)!
    expect(probabilityOfLoss).toBe(0)
    expect(degradation!.slope).toBeCloseTo(-1, 12) // through (s, 0) and (0, s)
    expect(degradation!.intercept).toBeCloseTo(sharpePerPeriod(idle.slice(0, 8)), 12)
  })

  test('does not take the rounding of a constant return for a great Sharpe ratio', () => {
    const constant = Array.from({ length: 64 }, () => 0.0123)
    const returns = returnMatrix([constant, noiseMatrix(64, 1, 1).values.map((value) => value + 0.02)])
    expect(overfittingOf(returns)!.probability).toBe(0)
  })

  test('has nothing to say of a single configuration or of a few days', () => {
    expect(overfittingOf(noiseMatrix(100, 1, 1))).toBeNull()
    expect(overfittingOf(noiseMatrix(7, 10, 1))).toBeNull()
    expect(overfittingOf(noiseMatrix(8, 10, 1))!.blocks).toBe(2)
  })

  test('leaves at least four days in each of the blocks, of which there are at most 16', () => {
    expect([7, 8, 15, 16, 63, 64, 1000].map(blocksFor)).toEqual([0, 2, 2, 4, 14, 16, 16])
  })

  test('refuses a number of blocks that cannot be halved', () => {
    expect(() => overfittingOf(noiseMatrix(100, 3, 1), 5)).toThrow(
      'blocks: must be an even number from 2 to 16, not 5.',
    )
    expect(() => overfittingOf(noiseMatrix(100, 3, 1), 18)).toThrow(ValidationError)
  })
})

describe('return matrix', () => {
  test('has a row a day and a column a configuration', () => {
    expect(returnMatrix([Float64Array.of(1, 2), [3, 4]])).toEqual({
      rows: 2,
      columns: 2,
      values: Float64Array.of(1, 3, 2, 4),
    })
  })

  test('names the configuration and the day that it cannot use', () => {
    expect(() => returnMatrix([[0.1, 0.2], [0.1]])).toThrow(/returns\.1: has 1 returns and the first configuration 2/)
    expect(() => returnMatrix([[0.1, NaN]])).toThrow(/returns\.0\.1: must be a finite number, not NaN/)
  })

  test('is made of all configurations, or of a random part with the winner', () => {
    expect([...chooseConfigurations(4, 2, 1)]).toEqual([0, 1, 2, 3])
    for (let seed = 0; seed < 20; seed++) {
      const chosen = chooseConfigurations(5000, 4321, seed)
      expect(new Set(chosen).size).toBe(1000)
      expect(chosen).toContain(4321)
      expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b))
    }
    expect(chooseConfigurations(5000, 1, 7)).toEqual(chooseConfigurations(5000, 1, 7))
    expect(chooseConfigurations(5000, 1, 7)).not.toEqual(chooseConfigurations(5000, 1, 8))
  })
})

withShared('golden overfitting', () => {
  const file = golden('overfitting.json')
  const returns = matrixOf(file.returns.matrix)

  const expectGolden = (matrix: typeof returns, blocks: number, expected: Record<string, number>): void => {
    const result = overfittingOf(matrix, blocks)!
    expect(result.logits).toHaveLength(expected.combinations)
    expect(isClose(result.probability, expected.pbo)).toBe(true)
    expect(isClose(result.medianLogit, expected.medianLogit)).toBe(true)
    expect(isClose(result.meanLogit, expected.meanLogit)).toBe(true)
    expect(isClose(result.probabilityOfLoss, expected.probOosLoss)).toBe(true)
    expect(isClose(result.degradation!.slope, expected.degradationSlope)).toBe(true)
    expect(isClose(result.degradation!.intercept, expected.degradationIntercept)).toBe(true)
  }

  test('for 4, 6 and 8 blocks', () => {
    for (const [blocks, expected] of Object.entries<Record<string, number>>(file.pbo)) {
      expectGolden(returns, Number(blocks.slice(1)), expected)
    }
  })

  test('with a configuration that never traded', () => {
    const { zeroColumn, S, ...expected } = file.pboWithZeroVarianceColumn
    const values = returns.values.map((value, at) => (at % returns.columns === zeroColumn ? 0 : value))
    expectGolden({ ...returns, values }, S, expected)
  })
})
