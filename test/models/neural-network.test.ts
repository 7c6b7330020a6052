import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { r2 } from '../../src/engine/statistics.ts'
import { rowOf } from '../../src/models/matrix.ts'
import type { Matrix } from '../../src/models/estimator.ts'
import { parameterCount, shapeOf, trainNetwork, type NetworkTask } from '../../src/models/network-task.ts'
import { neuralNetwork } from '../../src/models/neural-network.ts'
import { applyScaling, standardisation, standardise, standardScaling } from '../../src/models/scaling.ts'
import { describeEstimator } from './describe-estimator.ts'
import { runHere } from './run-here.ts'
import { friedman, noise } from './surfaces.ts'

describeEstimator('NEURAL_NETWORK', neuralNetwork, { epochs: 100 })

const HYPERPARAMETERS = {
  hiddenUnits: 16,
  secondHiddenUnits: 16,
  alpha: 0.5,
  learningRate: 0.01,
  epochs: 1,
  batchSize: 10,
  patience: 0,
}

function taskOf(rows: number, epochs: number, patience = 0): NetworkTask {
  const { x, y } = friedman(rows, 1)
  return {
    features: applyScaling(standardScaling(x), x),
    target: standardise(standardisation(y), y),
    hyperparameters: { ...HYPERPARAMETERS, epochs, patience },
    seed: 3,
  }
}

/** The textbook's network in plain loops and f64: forward, backward, Adam. */
class PlainNetwork {
  readonly #layers: { weights: number[][]; offsets: number[] }[]
  readonly #moments = new Map<string, [number, number]>()
  #step = 0

  constructor(parameters: Float32Array, columns: number) {
    let at = 0
    const take = (count: number): number[] => Array.from(parameters.subarray(at, (at += count)))
    const layer = (inputs: number, units: number) => ({
      weights: Array.from({ length: inputs }, () => take(units)),
      offsets: take(units),
    })
    this.#layers = [layer(columns, 16), layer(16, 16), layer(16, 1)]
  }

  forward(row: ArrayLike<number>): number[][] {
    let values = Array.from(row)
    return [
      values,
      ...this.#layers.map(({ weights, offsets }, depth) => {
        const sums = offsets.map((offset, unit) =>
          values.reduce((sum, value, i) => sum + value * weights[i][unit], offset),
        )
        return (values = depth < 2 ? sums.map((sum) => Math.max(0, sum)) : sums)
      }),
    ]
  }

  train(features: Matrix, target: Float64Array, rows: readonly number[]): void {
    const slopes = new Map<string, number>()
    const add = (key: string, slope: number): void => void slopes.set(key, (slopes.get(key) ?? 0) + slope)
    for (const row of rows) {
      const values = this.forward(rowOf(features, row))
      let blame = [values[3][0] - target[row]]
      for (let depth = 2; depth >= 0; depth--) {
        const before = values[depth]
        const { weights } = this.#layers[depth]
        blame.forEach((share, unit) => {
          add(`${depth} ${unit}`, share)
          before.forEach((value, i) => add(`${depth} ${unit} ${i}`, value * share))
        })
        const passed = blame
        blame = before.map((value, i) =>
          value > 0 ? passed.reduce((sum, share, unit) => sum + share * weights[i][unit], 0) : 0,
        )
      }
    }
    this.#step++
    for (const [key, sum] of slopes) {
      const [depth, unit, input] = key.split(' ').map(Number)
      const place: number[] = input === undefined ? this.#layers[depth].offsets : this.#layers[depth].weights[input]
      const pull = input === undefined ? 0 : HYPERPARAMETERS.alpha * place[unit]
      const slope = (sum + pull) / rows.length
      const [first, second] = this.#moments.get(key) ?? [0, 0]
      const m = 0.9 * first + 0.1 * slope
      const v = 0.999 * second + 0.001 * slope * slope
      this.#moments.set(key, [m, v])
      const rate = (HYPERPARAMETERS.learningRate * Math.sqrt(1 - 0.999 ** this.#step)) / (1 - 0.9 ** this.#step)
      place[unit] -= (rate * m) / (Math.sqrt(v) + 1e-8)
    }
  }
}

describe('the training of a network', () => {
  test('takes the steps of the textbook', () => {
    const { features, target, hyperparameters, seed } = taskOf(25, 3)
    const start = trainNetwork({ ...taskOf(25, 1), hyperparameters: { ...hyperparameters, epochs: 0 } }).parameters
    const plain = new PlainNetwork(start, 8)
    const rows = new Random(seed, 0x686f6c64).permutation(25).slice().sort()
    for (let epoch = 0; epoch < 3; epoch++) {
      const order = Array.from(new Random(seed, 0x6f726465 + epoch).permutation(25), (at) => rows[at])
      for (let from = 0; from < 25; from += 10) plain.train(features, target, order.slice(from, from + 10))
    }
    const trained = new PlainNetwork(trainNetwork({ features, target, hyperparameters, seed }).parameters, 8)
    for (let row = 0; row < 25; row++) {
      const place = rowOf(features, row)
      expect(trained.forward(place)[3][0]).toBeCloseTo(plain.forward(place)[3][0], 4)
    }
  })

  test('leaves the units that only fill up a layer at zero', async () => {
    const { features, target } = taskOf(30, 1)
    const hyperparameters = { ...HYPERPARAMETERS, hiddenUnits: 5, secondHiddenUnits: 4, epochs: 20 }
    const { parameters } = trainNetwork({ features, target, hyperparameters, seed: 1 })
    expect(parameters).toHaveLength(parameterCount(shapeOf(8, hyperparameters)))
    const used = 8 * 5 + 5 + 5 * 4 + 4 + 4 + 1
    expect(parameters.filter((value) => value !== 0)).toHaveLength(used)
  })

  test('stops early where the rows held out gain nothing, and keeps the best', () => {
    const patient = trainNetwork(taskOf(60, 2000, 20))
    expect(patient.epochs).toBeLessThan(1000)
    expect(patient.epochs).toBeGreaterThan(0)
  })
})

describe('a neural network', () => {
  test('learns a smooth surface', async () => {
    const { x, y } = friedman(400, 1)
    const unseen = friedman(1000, 2)
    const model = await neuralNetwork.fit(x, y, {}, 1, runHere)
    expect(r2(unseen.y, model.predict(unseen.x))!).toBeGreaterThan(0.85)
  })

  test('learns less by heart under a stronger penalty', async () => {
    const { x, y } = noise(100, 1)
    const fit = async (alpha: number): Promise<number> =>
      r2(y, (await neuralNetwork.fit(x, y, { alpha, epochs: 300 }, 1, runHere)).predict(x))!
    expect(await fit(30)).toBeLessThan(await fit(0.01))
  })

  test('does not mind in which units features and target are measured', async () => {
    const { x, y } = friedman(60, 1)
    const large = { ...x, values: x.values.map((value) => 1024 * value) }
    const plain = (await neuralNetwork.fit(x, y, { epochs: 20 }, 1, runHere)).predict(x)
    const scaled = (
      await neuralNetwork.fit(
        large,
        y.map((value) => 1024 * value),
        { epochs: 20 },
        1,
        runHere,
      )
    ).predict(large)
    scaled.forEach((value, row) => expect(value / 1024).toBeCloseTo(plain[row], 6))
  })
})
