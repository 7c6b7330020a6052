import { describe, expect, test } from 'vitest'
import { columnOf, matrixOf } from '../../src/models/matrix.ts'
import { applyScaling, standardisation, standardise, standardScaling, unitScaling } from '../../src/models/scaling.ts'

const features = matrixOf([
  [1, 10, 7],
  [2, 30, 7],
  [6, 20, 7],
])

describe('scaling', () => {
  test('brings columns to mean 0 and deviation 1, and a constant one to 0', () => {
    const scaled = applyScaling(standardScaling(features), features)
    for (const column of [0, 1]) {
      const values = columnOf(scaled, column)
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12)
      expect(values.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(3, 12)
    }
    expect([...columnOf(scaled, 2)]).toEqual([0, 0, 0])
  })

  test('brings columns to 0…1', () => {
    const scaled = applyScaling(unitScaling(features), features)
    expect([...columnOf(scaled, 0)].map((value) => Number(value.toFixed(12)))).toEqual([0, 0.2, 1])
    expect([...columnOf(scaled, 2)]).toEqual([0, 0, 0])
  })

  test('brings rows that were not there when it was fitted to the same scale, outside of 0…1 too', () => {
    const scaled = applyScaling(unitScaling(features), matrixOf([[11, 0, 8]]))
    expect([...scaled.values]).toEqual([2, -0.5, 0])
  })

  test('takes a constant target as zero', () => {
    const constant = new Float64Array(4).fill(0.1)
    expect(standardisation(constant)).toEqual({ centre: 0.1, deviation: 0 })
    expect([...standardise(standardisation(constant), constant)]).toEqual([0, 0, 0, 0])
  })
})
