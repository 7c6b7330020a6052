import { describe, expect, test } from 'vitest'
import { groupRows } from '../../src/models/groups.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { repeatedFolds, splitSamples, splitSizes } from '../../src/models/split.ts'
import { golden, withShared } from '../shared.ts'
import { noise } from './surfaces.ts'

const { x } = noise(100, 1)

/** Of rows that come in threes. */
const vectorsOf = (rows: Int32Array): Set<number> => new Set([...rows].map((row) => Math.floor(row / 3)))

describe('groups of rows', () => {
  test('are rows with the same numbers, counted in the order of appearance', () => {
    expect(
      groupRows(
        matrixOf([
          [1, 2],
          [3, 4],
          [1, 2],
          [0, -0],
          [-0, 0],
        ]),
      ),
    ).toEqual(Int32Array.of(0, 1, 0, 2, 2))
  })
})

describe('the split of samples', () => {
  test('puts every row into exactly one part', () => {
    const { train, validation, test, duplicates } = splitSamples(x, 1)
    expect([train.length, validation.length, test.length, duplicates]).toEqual([70, 15, 15, 0])
    expect(new Set([...train, ...validation, ...test]).size).toBe(100)
  })

  test('is the same for the same seed and another for another', () => {
    expect(splitSamples(x, 1)).toEqual(splitSamples(x, 1))
    expect(splitSamples(x, 1).test).not.toEqual(splitSamples(x, 2).test)
  })

  test('counts a parameter vector once that was drawn twice', () => {
    const twice = matrixOf(Array.from({ length: 200 }, (_, row) => [Math.floor(row / 2)]))
    const { train, validation, test, duplicates } = splitSamples(twice, 1)
    expect([train.length, validation.length, test.length, duplicates]).toEqual([70, 15, 15, 100])
    expect([...train, ...validation, ...test].every((row) => row % 2 === 0)).toBe(true)
  })

  test('keeps the windows of a vector together', () => {
    const vectors = matrixOf(Array.from({ length: 300 }, (_, row) => [Math.floor(row / 3)]))
    const windows = Int32Array.from({ length: 300 }, (_, row) => row % 3)
    const { train, validation, test, duplicates } = splitSamples(vectors, 1, windows)
    expect([train.length, validation.length, test.length, duplicates]).toEqual([210, 45, 45, 0])
    expect(vectorsOf(train).isDisjointFrom(vectorsOf(validation))).toBe(true)
    expect(vectorsOf(train).isDisjointFrom(vectorsOf(test))).toBe(true)
    expect(vectorsOf(validation).isDisjointFrom(vectorsOf(test))).toBe(true)
  })
})

describe('repeated folds', () => {
  const groups = groupRows(matrixOf(Array.from({ length: 120 }, (_, row) => [row % 40])))
  const folds = repeatedFolds(groups, 1)

  test('are three times five', () => {
    expect(folds.map(({ repeat, fold }) => 5 * repeat + fold)).toEqual([...Array(15).keys()])
  })

  test('predict every row exactly once a repeat', () => {
    for (const repeat of [0, 1, 2]) {
      const predicted = folds.filter((fold) => fold.repeat === repeat).flatMap((fold) => [...fold.validation])
      expect(predicted.sort((a, b) => a - b)).toEqual([...Array(120).keys()])
    }
  })

  test('never divide a group', () => {
    for (const { train, validation } of folds) {
      expect(train.length + validation.length).toBe(120)
      expect(
        new Set([...train].map((row) => groups[row])).isDisjointFrom(
          new Set([...validation].map((row) => groups[row])),
        ),
      ).toBe(true)
    }
  })

  test('differ from repeat to repeat', () => {
    expect(folds[0].validation).not.toEqual(folds[5].validation)
  })

  test('are refused where there are fewer vectors than folds', () => {
    expect(() => repeatedFolds(Int32Array.of(0, 1, 2, 3, 0), 1)).toThrow(/5 folds need at least as many/)
  })
})

withShared('the sizes of the split', () => {
  test('are those of the golden file', () => {
    for (const { n, labels70_15_15: sizes } of golden('statistics.json').splitSizes.table) {
      expect(splitSizes(n)).toEqual({ train: sizes.train, validation: sizes.val, test: sizes.test })
    }
  })
})
