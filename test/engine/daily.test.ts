import { afterAll, describe, expect, test } from 'vitest'
import { fillZones } from '../../src/engine/data-set.ts'
import { dayEnds } from '../../src/engine/fast-job.ts'
import { Engine } from '../../src/engine/pool.ts'
import { randomJob } from './random-job.ts'

const engines = [new Engine(1, () => {}), new Engine(2, () => {})]
const [engine] = engines
afterAll(() => Promise.all(engines.map((each) => each.close())))

type Job = ReturnType<typeof randomJob>

/** One sample of a batch as a batch of its own. */
function only(job: Job, sample: number): Job {
  const { batch, program } = job
  const row = (values: Float64Array) => values.slice(sample, sample + 1)
  const { parameterCount: width, slotCount: slots } = program
  return {
    ...job,
    batch: {
      ...batch,
      count: 1,
      parameters: batch.parameters.slice(sample * width, (sample + 1) * width),
      slots: batch.slots.slice(sample * slots, (sample + 1) * slots),
      stopLoss: row(batch.stopLoss),
      takeProfit: row(batch.takeProfit),
      trailingStop: row(batch.trailingStop),
      leverage: row(batch.leverage),
    },
  }
}

/** Returns between these bars, from an equity curve; 0 after ruin. */
function returnsBetween(job: Job, equity: Float64Array, ends: number[]): number[] {
  const { start } = job.window
  let previous = job.settings.initialCapital
  return ends.map((bar) => {
    const value = equity[bar - start]
    const made = previous > 0 ? value / previous - 1 : 0
    previous = value
    return made
  })
}

describe('daily returns of a batch', () => {
  test('are those of each equity curve, beside the same metrics, on one thread and on two', async () => {
    let moved = 0
    for (let seed = 1; seed <= 60; seed++) {
      const job = randomJob(seed)
      const dataSet = engine.dataSet(job.candles, job.timeframeMs)
      const ends = dayEnds(job.candles.openTime, job.timeframeMs, job.window)
      const { metrics, days, returns } = await engine.backtestDaily({ ...job, dataSet })
      expect(metrics).toEqual(await engine.backtest({ ...job, dataSet }))
      for (let sample = 0; sample < Math.min(3, job.batch.count); sample++) {
        const { equity } = await engine.detail({ ...only(job, sample), dataSet })
        const own = [...returns.subarray(sample * days, (sample + 1) * days)]
        expect(own, `seed ${seed}, sample ${sample}`).toEqual(returnsBetween(job, equity, ends))
        moved += own.filter((value) => value !== 0).length
      }
      const other = engines[1]
      const twice = await other.backtestDaily({ ...job, dataSet: other.dataSet(job.candles, job.timeframeMs) })
      expect(twice.returns).toEqual(returns)
    }
    expect(moved).toBeGreaterThan(500)
  })
})

describe('returns of windows', () => {
  const HOURS = 6 * 3_600_000

  test('are those of each equity curve between the ends of the windows', async () => {
    let moved = 0
    for (let seed = 1; seed <= 20; seed++) {
      const job = randomJob(seed)
      const dataSet = engine.dataSet(job.candles, job.timeframeMs)
      const ends = dayEnds(job.candles.openTime, job.timeframeMs, job.window, HOURS)
      const returns = await engine.windowReturns({ ...job, dataSet }, HOURS)
      expect(returns).toHaveLength(job.batch.count * ends.length)
      const { equity } = await engine.detail({ ...only(job, 0), dataSet })
      const own = [...returns.subarray(0, ends.length)]
      expect(own, `seed ${seed}`).toEqual(returnsBetween(job, equity, ends))
      moved += own.filter((value) => value !== 0).length
    }
    expect(moved).toBeGreaterThan(500)
  })
})

describe('a data set whose candles were replaced', () => {
  test('gives what a new data set of the new candles gives', async () => {
    const [first, second] = [randomJob(11), randomJob(12)]
    const bars = Math.min(first.candles.openTime.length, second.candles.openTime.length)
    const cut = (job: Job) =>
      Object.fromEntries(Object.entries(job.candles).map(([name, values]) => [name, values.slice(0, bars)]))
    const window = { start: 0, end: bars, firstSignal: 0 }
    const job = { ...second, candles: cut(second) as Job['candles'], window }
    const dataSet = engine.dataSet(job.candles, job.timeframeMs)
    const wanted = await engine.backtest({ ...job, dataSet })

    const reused = engine.dataSet({ ...job.candles, ...cut(first), openTime: job.candles.openTime }, job.timeframeMs)
    const others = await engine.backtest({ ...job, dataSet: reused })
    const { zones, openTime: _, ...columns } = reused.shared
    for (const [name, values] of Object.entries(columns)) values.set(job.candles[name as 'open'])
    fillZones(job.candles, zones)
    reused.replaced()
    expect(await engine.backtest({ ...job, dataSet: reused })).toEqual(wanted)
    expect(others).not.toEqual(wanted)
  })
})
