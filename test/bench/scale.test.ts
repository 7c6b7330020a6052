import { describe, expect, test } from 'vitest'
import { type BlockCost, loadOf, predict, saturated } from '../../bench/scale/model.ts'
import { throughput } from '../../bench/scale/queueing.ts'

describe('mean value analysis', () => {
  test.each([1, 2, 5, 40])('shares two single servers of the same speed among %i', (customers) => {
    const perMs = throughput({ customers, delay: 0, rate: () => 0.5, serial: 2 })
    expect(perMs).toBeCloseTo(customers / (customers + 1) / 2, 12)
  })

  test.each([1, 2, 3, 8, 30])(
    'is the birth and death of %i that think and need one of three processors',
    (customers) => {
      const [delay, work, cores] = [7, 5, 3]
      const rate = (there: number): number => Math.min(there, cores) / work
      const weights = [1]
      for (let there = 1; there <= customers; there++)
        weights.push((weights[there - 1] * (customers - there + 1)) / delay / rate(there))
      const all = weights.reduce((sum, weight) => sum + weight, 0)
      const done = weights.reduce((sum, weight, there) => sum + (there > 0 ? weight * rate(there) : 0), 0)
      expect(throughput({ customers, delay, rate, serial: 0 })).toBeCloseTo(done / all, 12)
    },
  )
})

describe('blocks a second', () => {
  const cost: BlockCost = { worker: 12, database: 6, log: 1, cycle: 20 }
  const quiet = { cores: 2, background: 0, crowding: 1 }

  test('of one worker are what was measured, also where it computes beside its way', () => {
    expect(predict(cost, 1, quiet)).toBeCloseTo(50, 6)
    expect(predict({ ...cost, cycle: 15 }, 1, quiet)).toBeCloseTo(1000 / 15, 6)
  })

  test('stay below what cores and workers could do at best, and near it far from the knee', () => {
    expect(predict(cost, 2, quiet)).toBeLessThan(100)
    expect(predict(cost, 2, { ...quiet, cores: 64 })).toBeGreaterThan(95)
    const many = predict(cost, 50, quiet)
    expect(many).toBeLessThan(2000 / 18 + 1e-9)
    expect(many).toBeGreaterThan(0.99 * (2000 / 18))
  })

  test('fall with company, and with what others keep busy', () => {
    const alone = predict(cost, 4, quiet)
    expect(predict(cost, 4, { ...quiet, crowding: 1.2 })).toBeCloseTo(alone / 1.2, 0)
    expect(predict(cost, 4, { ...quiet, background: 1 })).toBeCloseTo(alone / 2, 0)
  })
})

test('many machines are held up by what is full, and it is named', () => {
  const fixed: BlockCost = { worker: 5, database: 5, log: 1, cycle: 12 }
  const perSample: BlockCost = { worker: 0.07, database: 0.005, log: 0, cycle: 0.075 }
  const load = (machines: number) =>
    loadOf({ fixed, perSample }, { database: 5, connections: 9 }, 1e-6, {
      machines,
      threads: 8,
      samples: 1900,
      bars: 525_600,
      parameters: 6,
      databaseCores: 16,
    })
  expect(saturated(load(1), 16)).toEqual([])
  expect(load(10).blocksPerSecond).toBeCloseTo(10 * load(1).blocksPerSecond, 0)
  const most = load(1000)
  expect(most.databaseCores).toBeLessThanOrEqual(16)
  expect(most.overhead).toBeGreaterThan(load(1).overhead)
  expect(saturated(most, 16).join()).toMatch(/connections.*network.*cores/)
})
