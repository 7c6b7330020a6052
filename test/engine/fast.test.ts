import { afterAll, describe, expect, test } from 'vitest'
import { Engine } from '../../src/engine/pool.ts'
import { difference, randomJob } from './random-job.ts'
import { Twins } from './twins.ts'

const TRADES = 8 // the column of tradeCount

describe('the fast kernel', () => {
  test('has the bits of the plain kernel on 1,500 random jobs, whatever the tile', async () => {
    let trades = 0
    for (let seed = 1; seed <= 1500; seed++) {
      const job = randomJob(seed)
      const twins = await Twins.of(job)
      const plain = twins.plain()
      expect(difference(job, plain, twins.fast({ tile: job.tile })), `seed ${seed}`).toBe(null)
      for (let sample = 0; sample < job.batch.count; sample++) trades += plain[sample * 26 + TRADES]
    }
    expect(trades).toBeGreaterThan(200_000)
  })

  test('takes fewer samples at a time where their trades do not fit', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const job = randomJob(seed)
      const twins = await Twins.of(job)
      expect(difference(job, twins.plain(), twins.fast({ tile: job.tile, chunk: 2 })), `seed ${seed}`).toBe(null)
    }
  })
})

describe('the engine', () => {
  const engines = [1, 2, 4].map((threads) => new Engine(threads, () => {}))
  afterAll(() => Promise.all(engines.map((engine) => engine.close())))

  test('gives the bits of the plain kernel on 1, 2 and 4 threads', async () => {
    for (let seed = 5001; seed <= 5150; seed++) {
      const job = randomJob(seed)
      const plain = (await Twins.of(job)).plain()
      for (const engine of engines) {
        const rows = await engine.backtest({ ...job, dataSet: engine.dataSet(job.candles, job.timeframeMs) })
        expect(difference(job, plain, rows), `seed ${seed}, ${engine.threads} threads`).toBe(null)
      }
    }
  })
})
