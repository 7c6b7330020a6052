import { describe, expect, test } from 'vitest'
import { r2 } from '../../src/engine/statistics.ts'
import {
  chooseByOneStandardError,
  crossValidate,
  expectedR2,
  learningCurve,
} from '../../src/models/cross-validation.ts'
import type { Estimator, Matrix } from '../../src/models/estimator.ts'
import { groupRows } from '../../src/models/groups.ts'
import { matrixOf } from '../../src/models/matrix.ts'
import { supportVector } from '../../src/models/support-vector.ts'
import { runHere } from './run-here.ts'
import { friedman, strong } from './surfaces.ts'

/** Knows every row that it has seen by heart and nothing else. */
const parrot: Estimator = {
  ...supportVector,
  async fit(features, target) {
    const known = new Map(target.entries().map(([row, value]) => [features.values[row * features.columns], value]))
    const { columns } = features
    return {
      algorithm: 'SVR',
      hyperparameters: {},
      columns,
      outOfBag: null,
      predict: ({ rows, values }) =>
        Float64Array.from({ length: rows }, (_, row) => known.get(values[row * columns]) ?? 0),
      toBytes: () => new Uint8Array(),
      describe: () => ({}),
    }
  },
}

/** Calls back at each turn of the event loop. */
function everyTurn(callback: () => void): Disposable {
  let timer = setImmediate(again)
  function again(): void {
    callback()
    timer = setImmediate(again)
  }
  return { [Symbol.dispose]: () => clearImmediate(timer) }
}

describe('cross-validation', () => {
  test('has one R² per fold and repeat, their mean and deviation', async () => {
    const { x, y } = friedman(60, 1)
    const result = await crossValidate(supportVector, x, y, groupRows(x), {}, 1, runHere)
    expect(result.r2ByFold).toHaveLength(15)
    expect(result.r2Mean).toBeCloseTo(result.r2ByFold.reduce((sum, value) => sum! + value!, 0)! / 15, 12)
    expect(result.r2StandardDeviation).toBeGreaterThan(0)
    expect(result.gap).toBeGreaterThan(0)
    expect(result.importanceByFold).toBeNull()
  })

  test('predicts every row by models that have not seen it', async () => {
    const { x, y } = friedman(50, 1)
    const result = await crossValidate(parrot, x, y, groupRows(x), {}, 1, runHere)
    expect(result.outOfFold).toEqual(new Float64Array(50))
    expect(result.r2Mean).toBeLessThan(0)
  })

  test('lets others have a turn between its predictions of many rows', async () => {
    const { x, y } = friedman(60_000, 1)
    let inARow = 0
    let most = 0
    const counting: Estimator = {
      ...parrot,
      fit: async (...task) => {
        const model = await parrot.fit(...task)
        const predict = (rows: Matrix) => ((most = Math.max(most, ++inARow)), model.predict(rows))
        return { ...model, predict }
      },
    }
    using _ = everyTurn(() => (inARow = 0))
    const importanceOf = Array.from({ length: x.columns }, (__, column) => String(column))
    await crossValidate(counting, x, y, groupRows(x), {}, 1, runHere, { folds: 5, repeats: 1, importanceOf })
    expect(most).toBeLessThanOrEqual(2) // one, or a column as it is and shuffled
  })

  test('keeps rows of the same group on one side', async () => {
    const x = matrixOf(Array.from({ length: 40 }, (_, row) => [row >> 1]))
    const y = Float64Array.from({ length: 40 }, (_, row) => 1 + (row >> 1))
    const together = await crossValidate(parrot, x, y, groupRows(x), {}, 1, runHere)
    expect(together.outOfFold).toEqual(new Float64Array(40))
    const apart = await crossValidate(parrot, x, y, Int32Array.from(y.keys()), {}, 1, runHere)
    expect(r2(y, apart.outOfFold)!).toBeGreaterThan(0)
  })

  test('measures importance on the unseen rows of each fold', async () => {
    const { x, y } = strong(80, 1)
    const names = ['slope', 'bend', 'c', 'd', 'e']
    const settings = { folds: 4, repeats: 1, importanceOf: names }
    const { importanceByFold } = await crossValidate(supportVector, x, y, groupRows(x), {}, 1, runHere, settings)
    expect(importanceByFold).toHaveLength(4)
    for (const fold of importanceByFold!) expect(fold[0]).toBeGreaterThan(Math.max(...fold.slice(2)))
  })

  test('says nothing of a constant target', async () => {
    const { x } = friedman(40, 1)
    const result = await crossValidate(supportVector, x, new Float64Array(40).fill(3), groupRows(x), {}, 1, runHere)
    expect(result).toMatchObject({ r2Mean: null, r2StandardDeviation: null, gap: null })
    for (const prediction of result.outOfFold) expect(prediction).toBeCloseTo(3, 9)
  })
})

describe('the one-standard-error rule', () => {
  const score = (r2Mean: number | null, gap: number, r2StandardDeviation = 0.1) => ({
    folds: 4,
    r2Mean,
    r2StandardDeviation,
    gap,
  })

  test('takes the smallest gap of those within one standard error of the best', () => {
    const scores = [score(0.6, 0.4), score(0.56, 0.2), score(0.54, 0.1)]
    expect(chooseByOneStandardError(['best', 'near', 'far'], scores)).toBe('near')
  })

  test('takes the best where nobody is near', () => {
    expect(chooseByOneStandardError(['low', 'best'], [score(0.1, 0), score(0.6, 0.4)])).toBe('best')
  })

  test('leaves out what has no score, and takes the first where nothing has one', () => {
    expect(chooseByOneStandardError(['none', 'some'], [score(null, 0), score(-2, 0.4)])).toBe('some')
    expect(chooseByOneStandardError(['a', 'b'], [score(null, 0), score(null, 0)])).toBe('a')
  })
})

describe('the learning curve', () => {
  test('rises with the rows and tells what more of them would bring', async () => {
    const { x, y } = friedman(200, 1)
    const curve = await learningCurve(supportVector, x, y, groupRows(x), {}, 1, runHere)
    expect(curve.map(({ rows }) => rows)).toEqual([40, 80, 120, 160])
    expect(curve[3].r2).toBeGreaterThan(curve[0].r2!)
    const more = friedman(800, 2)
    const model = await supportVector.fit(more.x, more.y, {}, 1, runHere)
    const held = friedman(1000, 3)
    expect(Math.abs(expectedR2(curve, 800)! - r2(held.y, model.predict(held.x))!)).toBeLessThan(0.08)
  })

  test('promises nothing above 1, and nothing at all from two points', () => {
    const curve = [
      { rows: 25, r2: 0 },
      { rows: 50, r2: 0.6 },
      { rows: 100, r2: 0.9 },
    ]
    expect(expectedR2(curve, 1e6)).toBe(1)
    expect(expectedR2(curve.slice(1), 1000)).toBeNull()
  })
})
