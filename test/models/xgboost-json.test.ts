import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Matrix } from '../../src/models/estimator.ts'
import { gradientBoosting, type GradientBoosting } from '../../src/models/gradient-boosting.ts'
import { pathDependentShap } from '../../src/models/tree-shap.ts'
import { fromXgboostJson, toXgboostJson } from '../../src/models/xgboost-json.ts'
import { findPython, runPython } from './python.ts'
import { runHere } from './run-here.ts'
import { friedman } from './surfaces.ts'

const NAMES = Array.from({ length: 8 }, (_, column) => `f${column}`)

async function train(options: Record<string, number>, scale = 1): Promise<GradientBoosting> {
  const { x, y } = friedman(300, 4)
  const target = y.map((value) => value * scale)
  return (await gradientBoosting.fit(x, target, options, 1, runHere)) as GradientBoosting
}

interface SavedTree {
  base_weights: number[]
  left_children: number[]
  loss_changes: number[]
  split_conditions: number[]
  split_type: number[]
}

interface Saved {
  learner: {
    gradient_booster: { name: string; model: { trees: SavedTree[] } }
    learner_model_param: Record<string, string>
    objective: { name: string }
  }
}

const saved = (model: GradientBoosting): Saved => JSON.parse(toXgboostJson(model, NAMES)) as Saved

describe('the XGBoost JSON of a model', () => {
  test.each([{}, { maxDepth: 7, minChildWeight: 1 }, { nEstimators: 1 }, { earlyStoppingRounds: 10 }])(
    'is read back as a model that predicts the same bits, %j',
    async (options) => {
      const model = await train({ nEstimators: 40, ...options })
      const { model: restored, featureNames } = fromXgboostJson(toXgboostJson(model, NAMES))
      const rows = friedman(2000, 5).x
      expect(restored.predict(rows)).toEqual(model.predict(rows))
      expect(restored.forest.cover.toSorted()).toEqual(model.forest.cover.toSorted())
      expect(featureNames).toEqual(NAMES)
    },
  )

  test('writes no integer among floats, and a base score that XGBoost does not drop', async () => {
    const text = toXgboostJson(await train({ nEstimators: 3, gamma: 1000 }, 1 / 3), NAMES)
    for (const [, list] of text.matchAll(
      /"(?:base_weights|loss_changes|split_conditions|sum_hessian)":\[([^\]]*)\]/g,
    )) {
      for (const number of list.split(',')) expect(number).toMatch(/[.e]/)
    }
    const [, baseScore] = /"base_score":"([^"]*)"/.exec(text)!
    expect(baseScore.replace(/[^0-9]/g, '').replace(/^0+/, '').length).toBeLessThanOrEqual(9)
  })

  test.each<[string, RegExp, (model: Saved) => void]>([
    ['another booster', /gbtree/, ({ learner }) => (learner.gradient_booster.name = 'dart')],
    ['another objective', /reg:squarederror/, ({ learner }) => (learner.objective.name = 'binary:logistic')],
    ['several classes', /several numbers/, ({ learner }) => (learner.learner_model_param.num_class = '3')],
    ['a base score that is no number', /base_score/, ({ learner }) => (learner.learner_model_param.base_score = 'x')],
    [
      'splits on categories',
      /categories/,
      ({ learner }) => (learner.gradient_booster.model.trees[0].split_type[0] = 1),
    ],
    [
      'a child that does not exist',
      /Tree 0 is damaged at node 999/,
      ({ learner }) => {
        learner.gradient_booster.model.trees[0].left_children[0] = 999
      },
    ],
    [
      'a child that is its own ancestor',
      /Tree 0 is damaged/,
      ({ learner }) => {
        learner.gradient_booster.model.trees[0].left_children[1] = 0
      },
    ],
    [
      'fewer features than it uses',
      /splits on feature/,
      ({ learner }) => (learner.learner_model_param.num_feature = '1'),
    ],
  ])('is refused with %s', async (_, message, damage) => {
    const model = saved(await train({ nEstimators: 3 }))
    damage(model)
    expect(() => fromXgboostJson(JSON.stringify(model))).toThrow(message)
  })

  test('is refused where it is not JSON, with what to do', () => {
    expect(() => fromXgboostJson('booster')).toThrow(/save_model\('model.json'\)/)
  })
})

const python = findPython('numpy', 'xgboost')

/** Predicts with a saved model, and trains one of its own: missing branches, pruned nodes and all. */
const PEER = `
import sys, numpy, xgboost
folder = sys.argv[1]
read = lambda name: numpy.fromfile(folder + '/' + name)
x = read('x').reshape(-1, 8)
rows = xgboost.DMatrix(x, feature_names=['f%d' % i for i in range(8)])
ours = xgboost.Booster()
ours.load_model(folder + '/ours.json')
ours.predict(rows).astype(float).tofile(folder + '/predictions')
ours.predict(xgboost.DMatrix(x[:100], feature_names=rows.feature_names), pred_contribs=True).astype(float).tofile(folder + '/contribs')
theirs = xgboost.train({'max_depth': 6, 'eta': 0.2, 'gamma': 2}, xgboost.DMatrix(read('trainX').reshape(-1, 8), read('trainY')), 50)
theirs.save_model(folder + '/theirs.json')
theirs.predict(xgboost.DMatrix(x)).astype(float).tofile(folder + '/theirPredictions')
`

describe.skipIf(!python)('XGBoost itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-xgboost-'))
  const rows: Matrix = friedman(10_000, 6).x
  let model: GradientBoosting

  beforeAll(async () => {
    const write = (name: string, values: Float64Array): void => writeFileSync(join(folder, name), values)
    model = await train({ nEstimators: 200, maxDepth: 6 })
    writeFileSync(join(folder, 'ours.json'), toXgboostJson(model, NAMES))
    const { x, y } = friedman(300, 4)
    write('x', rows.values)
    write('trainX', x.values)
    write('trainY', y)
    runPython(python!, PEER, [folder])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function read(name: string): Float64Array {
    return new Float64Array(new Uint8Array(readFileSync(join(folder, name))).buffer)
  }

  test('predicts 10,000 rows with our model to the bit as we do', () => {
    expect(model.predict(rows)).toEqual(read('predictions'))
  })

  test('has its 10,000 predictions repeated to the bit by us from its own model', () => {
    const { model: theirs } = fromXgboostJson(readFileSync(join(folder, 'theirs.json'), 'utf8'))
    expect(theirs.predict(rows)).toEqual(read('theirPredictions'))
  })

  test('gives the same path-dependent Shapley values, within its 32-bit sums', () => {
    const contribs = read('contribs')
    const first = { rows: 100, columns: 8, values: rows.values.slice(0, 800) }
    const { values, base } = pathDependentShap(model.forest, first)
    for (let row = 0; row < 100; row++) {
      for (let column = 0; column < 8; column++) {
        expect(Math.abs(values[row * 8 + column] - contribs[row * 9 + column])).toBeLessThan(1e-4)
      }
      expect(Math.abs(base + model.baseScore - contribs[row * 9 + 8])).toBeLessThan(1e-3)
    }
  })
})
