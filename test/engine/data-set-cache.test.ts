import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Allocate, DataSetCache } from '../../src/engine/data-set-cache.ts'
import { DataSet } from '../../src/engine/data-set.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { Engine } from '../../src/engine/pool.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { inOperation, operationSignal } from '../../src/operation.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import { drawSamples } from '../../src/strategy/sampling.ts'

const BARS = 10_000
const MINUTE = 60_000
/** What one data set of so many bars takes: whole pages, and one that belongs to the module. */
const ONE = new DataSet(BARS, MINUTE).arena.committedBytes

const load = async (allocate: Allocate): Promise<DataSet> => allocate(BARS, MINUTE).seal()

afterEach(() => void vi.useRealTimers())

describe('a data set that is opened by its key', () => {
  test('is shared by those who open it, and loaded once', async () => {
    const cache = new DataSetCache(10 * ONE)
    const loads = vi.fn(load)
    const [a, b] = await Promise.all([cache.open('x', loads), cache.open('x', loads)])
    expect(a.dataSet).toBe(b.dataSet)
    a.close()
    b.close()
    using again = await cache.open('x', loads)
    expect(again.dataSet).toBe(a.dataSet)
    expect(loads).toHaveBeenCalledOnce()
  })

  test('is loaded for all who wait, also where the first of them gives up', async () => {
    const cache = new DataSetCache(10 * ONE)
    const slow = async (allocate: Allocate): Promise<DataSet> => {
      const signal = operationSignal()
      await new Promise((resolve) => setTimeout(resolve, 20))
      signal?.throwIfAborted()
      return load(allocate)
    }
    const first = new AbortController()
    const opening = [inOperation(first.signal, () => cache.open('x', slow)), cache.open('x', slow)]
    await new Promise((resolve) => setImmediate(resolve))
    first.abort()
    for (const open of await Promise.all(opening)) open.close()
  })

  test('whose load fails is told to all who wait, and is loaded anew by the next', async () => {
    const cache = new DataSetCache(10 * ONE)
    const fail = () => Promise.reject(new Error('no such market'))
    const both = await Promise.allSettled([cache.open('x', fail), cache.open('x', fail)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    using open = await cache.open('x', load)
    expect(open.dataSet.length).toBe(BARS)
  })

  test('takes no memory from others after a load that failed half-way', async () => {
    const cache = new DataSetCache(ONE)
    const half = async (allocate: Allocate) => Promise.reject(new Error(`lost after ${allocate(BARS, MINUTE).length}`))
    await expect(cache.open('x', half)).rejects.toThrow('lost after 10000')
    using open = await cache.open('y', load)
    expect(open.dataSet.arena.committedBytes).toBe(ONE)
  })

  test('goes when nobody has held it for five minutes, and not before', async () => {
    vi.useFakeTimers()
    const cache = new DataSetCache(10 * ONE)
    const loads = vi.fn(load)
    ;(await cache.open('x', loads)).close()
    vi.advanceTimersByTime(299_000)
    const held = await cache.open('x', loads)
    vi.advanceTimersByTime(600_000)
    held.close()
    vi.advanceTimersByTime(299_000)
    ;(await cache.open('x', loads)).close()
    expect(loads).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(300_000)
    ;(await cache.open('x', loads)).close()
    expect(loads).toHaveBeenCalledTimes(2)
  })

  test('closed twice is let go of once', async () => {
    const cache = new DataSetCache(ONE)
    const first = await cache.open('x', load)
    using second = await cache.open('x', load)
    first.close()
    first.close()
    await expect(cache.open('y', load)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect(second.dataSet).toBe(first.dataSet)
  })
})

describe('the budget', () => {
  test('drops the longest unused first, and never what is held', async () => {
    const cache = new DataSetCache(3 * ONE)
    const loads = vi.fn(load)
    using held = await cache.open('held', loads)
    for (const key of ['a', 'b', 'c']) (await cache.open(key, loads)).close()
    expect(loads).toHaveBeenCalledTimes(4)
    for (const key of ['b', 'c', 'held']) (await cache.open(key, loads)).close()
    expect(loads).toHaveBeenCalledTimes(4)
    ;(await cache.open('a', loads)).close()
    expect(loads).toHaveBeenCalledTimes(5)
    expect(held.dataSet.length).toBe(BARS)
  })

  test('refuses what does not fit beside what others hold, with its estimate', async () => {
    const cache = new DataSetCache(2 * ONE)
    using _ = await cache.open('x', load)
    const twice = cache.open('y', async (allocate) => allocate(2 * BARS, MINUTE).seal())
    await expect(twice).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/needs 1 MiB .*bytes/),
    })
    using same = await cache.open('y', load)
    expect(same.dataSet.length).toBe(BARS)
  })

  test('makes one that grows push out what nobody holds', async () => {
    const cache = new DataSetCache(3 * ONE)
    const loads = vi.fn(load)
    ;(await cache.open('idle', loads)).close()
    using held = await cache.open('held', loads)
    held.dataSet.arena.alloc(ONE + ONE / 2)
    ;(await cache.open('idle', loads).catch(() => ({ close: () => {} }))).close()
    expect(loads).toHaveBeenCalledTimes(3)
    expect(() => held.dataSet.arena.alloc(ONE)).toThrow(/TOO_LARGE|needs/)
  })
})

describe('a data set of the engine', () => {
  const candles = syntheticCandles({ seed: 1, bars: BARS, timeframe: '1m', from: Date.UTC(2024, 0, 1), edge: 0 })
  const definition = BUILT_IN_STRATEGIES.find(({ name }) => name === 'rsi-adx-volume')!
  const compiled = compileStrategy(definition)
  const { rows } = drawSamples({ specs: definition.parameterSpace, sampler: 'SOBOL', count: 20, seed: 1 })
  const given = {
    program: compiled.program,
    batch: compiled.bind(rows),
    settings: DEFAULT_EXECUTION,
    window: { start: 0, end: BARS, firstSignal: compiled.warmupBars },
  }
  const open = (engine: Engine) => engine.openDataSet('x', async () => DataSet.of(candles, MINUTE))

  test('keeps its columns for the next job', async () => {
    const engine = new Engine(1, () => {})
    using first = await open(engine)
    const rows1 = await engine.backtest({ ...given, dataSet: first.dataSet })
    first.close()
    using second = await open(engine)
    const acquire = vi.spyOn(second.dataSet, 'acquire')
    const compute = vi.fn()
    await second.dataSet.acquire(given.batch.columns, compute, () => false)
    second.dataSet.release(given.batch.columns)
    expect(compute).not.toHaveBeenCalled()
    expect(await engine.backtest({ ...given, dataSet: second.dataSet })).toEqual(rows1)
    expect(acquire).toHaveBeenCalledTimes(2)
    await engine.close()
  })

  test('is made anew after a trap and after a thread that was stopped by force', async () => {
    const engine = new Engine(1, () => {}, { deadlineMs: 300 })
    for (const fault of ['TRAP', 'ENDLESS'] as const) {
      using broken = await open(engine)
      await expect(engine.backtest({ ...given, dataSet: broken.dataSet }, { fault })).rejects.toThrow()
      using fresh = await open(engine)
      expect(fresh.dataSet).not.toBe(broken.dataSet)
      expect(await engine.backtest({ ...given, dataSet: fresh.dataSet })).toHaveLength(given.batch.count * 26)
    }
    await engine.close()
  })

  test('holds the candles themselves', () => {
    const dataSet = new Engine(1, () => {}).dataSet(candles, MINUTE)
    expect(dataSet.close).toEqual(candles.close)
    expect(dataSet.openTime).toEqual(candles.openTime)
  })
})
