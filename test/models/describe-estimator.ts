import { beforeAll, describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors.ts'
import type { Estimator, FittedModel } from '../../src/models/estimator.ts'
import { matrixOf, selectColumns } from '../../src/models/matrix.ts'
import { runBackwards, runHere } from './run-here.ts'
import { friedman } from './surfaces.ts'

/**
 * Every algorithm passes this suite, whatever is inside it.
 *
 * @param options hyperparameters that make it quick
 */
export function describeEstimator(name: string, estimator: Estimator, options: Record<string, number>): void {
  describe(name, () => {
    const { x, y } = friedman(60, 1)
    const unseen = friedman(200, 2)
    let model: FittedModel

    beforeAll(async () => {
      model = await estimator.fit(x, y, options, 7, runHere)
    })

    test('predicts one finite value per row', () => {
      const predictions = model.predict(unseen.x)
      expect(predictions).toHaveLength(200)
      expect(predictions.every(Number.isFinite)).toBe(true)
    })

    test('predicts a row alone as it does among others', () => {
      const alone = model.predict(matrixOf([unseen.x.values.subarray(0, 8)]))
      expect(alone[0]).toBe(model.predict(unseen.x)[0])
    })

    test('predicts nothing for no rows', () => {
      expect(model.predict({ rows: 0, columns: 8, values: new Float64Array() })).toHaveLength(0)
    })

    test('follows the target', () => {
      const predictions = model.predict(unseen.x)
      const mean = unseen.y.reduce((sum, value) => sum + value, 0) / unseen.y.length
      const squares = (f: (i: number) => number): number =>
        unseen.y.reduce((sum, value, i) => sum + (value - f(i)) ** 2, 0)
      expect(squares((i) => predictions[i])).toBeLessThan(0.7 * squares(() => mean))
    })

    test('gives the same bits for the same seed', async () => {
      const again = await estimator.fit(x, y, options, 7, runHere)
      expect(again.toBytes()).toEqual(model.toBytes())
    })

    test('gives the same bits however many tasks are in flight and in whatever order they finish', async () => {
      const again = await estimator.fit(x, y, options, 7, runBackwards())
      expect(again.toBytes()).toEqual(model.toBytes())
    })

    test('does not change its training set', async () => {
      const before = structuredClone({ x, y })
      await estimator.fit(x, y, options, 7, runHere)
      expect({ x, y }).toEqual(before)
    })

    test('answers a constant target with that constant', async () => {
      const constant = await estimator.fit(x, new Float64Array(60).fill(2.5), options, 7, runHere)
      for (const prediction of constant.predict(unseen.x)) expect(prediction).toBeCloseTo(2.5, 9)
    })

    test('learns from a single feature', async () => {
      const single = selectColumns(x, Int32Array.of(3))
      const narrow = await estimator.fit(single, y, options, 7, runHere)
      expect(narrow.columns).toBe(1)
      expect(narrow.predict(single).every(Number.isFinite)).toBe(true)
    })

    test('has one out-of-bag prediction per training row, or none at all', () => {
      if (model.outOfBag) expect(model.outOfBag).toHaveLength(60)
    })

    test('is the same model after a round trip through bytes, wherever they lie', () => {
      const bytes = model.toBytes()
      const elsewhere = new Uint8Array(bytes.length + 3)
      elsewhere.set(bytes, 3)
      const restored = estimator.fromBytes(elsewhere.subarray(3))
      expect(restored.predict(unseen.x)).toEqual(model.predict(unseen.x))
      expect(restored.outOfBag).toEqual(model.outOfBag)
      expect(restored.hyperparameters).toEqual(model.hyperparameters)
      expect(restored.describe()).toEqual(model.describe())
      expect(restored.toBytes()).toEqual(bytes)
    })

    test('refuses bytes that are damaged', () => {
      const bytes = model.toBytes()
      expect(() => estimator.fromBytes(bytes.subarray(0, bytes.length - 8))).toThrow(/cannot be read/)
      expect(() => estimator.fromBytes(bytes.subarray(0, 5))).toThrow(/cannot be read/)
      expect(() => estimator.fromBytes(new Uint8Array(100))).toThrow(/cannot be read/)
    })

    test('refuses every bad hyperparameter by name, all at once', async () => {
      const [first, second] = estimator.hyperparameters
      const bad = { [first.name]: first.max + 1, [second.name]: 'deep', noSuchThing: 1 }
      const error = await estimator.fit(x, y, bad, 7, runHere).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(ValidationError)
      expect((error as ValidationError).fieldErrors.map(({ path }) => path)).toEqual([
        ['hyperparameters', first.name],
        ['hyperparameters', second.name],
        ['hyperparameters', 'noSuchThing'],
      ])
    })

    test('has defaults within their own ranges and a description of each', () => {
      for (const { description, default: value, min, max, integer } of estimator.hyperparameters) {
        expect(description).not.toBe('')
        expect(value).toBeGreaterThanOrEqual(min)
        expect(value).toBeLessThanOrEqual(max)
        if (integer) expect(Number.isInteger(value)).toBe(true)
      }
    })

    test('refuses too few rows with the number that it needs', async () => {
      const few = friedman(5, 1)
      await expect(estimator.fit(few.x, few.y, options, 7, runHere)).rejects.toThrow(/at least \d+ rows, got 5/)
    })

    test('refuses to predict rows with other columns than it was trained on', () => {
      expect(() => model.predict({ rows: 1, columns: 3, values: new Float64Array(3) })).toThrow(/8 features/)
    })

    test('expects a larger training set to take longer', () => {
      expect(estimator.estimateSeconds(1000, 10)).toBeGreaterThan(estimator.estimateSeconds(100, 10))
    })
  })
}
