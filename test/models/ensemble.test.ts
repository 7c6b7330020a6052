import { describe, expect, test } from 'vitest'
import { getEstimator } from '../../src/models/algorithms.ts'
import { r2 } from '../../src/engine/statistics.ts'
import { ValidationError } from '../../src/errors.ts'
import { autoOf } from '../../src/models/auto.ts'
import { bayesian } from '../../src/models/bayesian.ts'
import { chosenAlgorithm, CombinedModel } from '../../src/models/combined-model.ts'
import { ensembleOf, stackWeights } from '../../src/models/ensemble.ts'
import type { Estimator } from '../../src/models/estimator.ts'
import { neuralNetwork } from '../../src/models/neural-network.ts'
import { supportVector } from '../../src/models/support-vector.ts'
import { describeEstimator } from './describe-estimator.ts'
import { runHere } from './run-here.ts'
import { friedman, noise, strong } from './surfaces.ts'

const candidates = [neuralNetwork, supportVector, bayesian]
const ensemble = ensembleOf(candidates)
const auto = autoOf(candidates)

describeEstimator('ENSEMBLE', ensemble, { folds: 3 })
describeEstimator('AUTO', auto, { folds: 3 })

/** An algorithm that takes part in no contest of this size. */
const picky: Estimator = {
  ...supportVector,
  algorithm: 'XGBOOST',
  fit: () => Promise.reject(ValidationError.at('samples', 'Training takes at most 10 rows.')),
}

describe('an ensemble', () => {
  test('has weights that add up to 1, none below the least, and says them', async () => {
    const { x, y } = friedman(120, 1)
    const model = (await ensemble.fit(x, y, {}, 1, runHere)) as CombinedModel
    const weights = model.members.map(({ weight }) => weight)
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.05)
    expect(model.describe()['BAYESIAN weight']).toBeGreaterThan(0.3)
    expect(model.describe()['SVR r2']).toBeLessThan(1)
    expect(chosenAlgorithm(model)).toMatch(/^BAYESIAN( 0\.\d+, (NEURAL_NETWORK|SVR) 0\.\d+)?/)
  })

  test('is about as good on unseen rows as its best member alone', async () => {
    const { x, y } = strong(150, 1)
    const unseen = strong(1000, 2)
    const scoreOf = async (estimator: Estimator): Promise<number> =>
      r2(unseen.y, (await estimator.fit(x, y, {}, 1, runHere)).predict(unseen.x))!
    const alone = await Promise.all(candidates.map(scoreOf))
    expect(await scoreOf(ensemble)).toBeGreaterThan(Math.max(...alone) - 0.01)
  })

  test('has out-of-bag predictions that find nothing in noise', async () => {
    const { x, y } = noise(150, 3)
    const model = await ensemble.fit(x, y, {}, 1, runHere)
    expect(r2(y, model.outOfBag!)!).toBeLessThan(0.1)
  })

  test('goes on without an algorithm that refuses so many rows, unless all do', async () => {
    const { x, y } = friedman(60, 1)
    const model = await ensembleOf([supportVector, picky]).fit(x, y, {}, 1, runHere)
    expect(chosenAlgorithm(model)).toBe('SVR')
    await expect(ensembleOf([picky]).fit(x, y, {}, 1, runHere)).rejects.toThrow(/at most 10 rows/)
  })

  test('keeps rows of a group together', async () => {
    const { x, y } = friedman(60, 1)
    const model = await ensemble.fit(x, y, {}, 1, runHere)
    const pairs = Int32Array.from({ length: 60 }, (_, row) => row >> 1)
    const grouped = await ensemble.fit(x, y, {}, 1, runHere, pairs)
    expect(grouped.outOfBag).not.toEqual(model.outOfBag)
  })
})

describe('AUTO', () => {
  test('keeps the algorithm that predicts unseen rows best and says which', async () => {
    const { x, y } = friedman(120, 1)
    const model = (await auto.fit(x, y, {}, 1, runHere)) as CombinedModel
    expect(chosenAlgorithm(model)).toBe('BAYESIAN')
    expect(model.predict(x)).toEqual((await bayesian.fit(x, y, {}, 1, runHere)).predict(x))
    const best = Math.max(...Object.values(model.scores).map((score) => score!))
    expect(model.scores.BAYESIAN).toBe(best)
  })
})

describe('the weights of a stack', () => {
  test('are none where every prediction points the wrong way', () => {
    expect(stackWeights([Float64Array.of(-1, 1)], Float64Array.of(1, -1), 0.05)).toBeNull()
  })

  test('move from members that hardly count to the others', () => {
    const y = Float64Array.of(0.97, 0.03)
    const weights = stackWeights([Float64Array.of(1, 0), Float64Array.of(0, 1)], y, 0.05)
    expect([...weights!]).toEqual([1, 0])
  })
})

test('a plain model is called by its algorithm', async () => {
  const { x, y } = friedman(40, 1)
  expect(chosenAlgorithm(await supportVector.fit(x, y, {}, 1, runHere))).toBe('SVR')
})

test.each(['ENSEMBLE', 'AUTO'] as const)(
  '%s is content with the training part of thirty samples',
  async (algorithm) => {
    const { x, y } = friedman(22, 1)
    const model = await getEstimator(algorithm).fit(x, y, {}, 1, runHere)
    expect(model.predict(x).every(Number.isFinite)).toBe(true)
  },
)
