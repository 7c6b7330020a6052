import { afterAll, describe, expect, test } from 'vitest'
import { Engine } from '../../src/engine/pool.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import { drawSamples } from '../../src/strategy/sampling.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'

const BARS = 3000
const MINUTE = 60_000
const candles = syntheticCandles({ seed: 1, bars: BARS, timeframe: '1m', from: Date.UTC(2024, 0, 1), edge: 0 })

function request(engine: Engine, name: string, count: number) {
  const definition = BUILT_IN_STRATEGIES.find((strategy) => strategy.name === name)!
  const compiled = compileStrategy(definition)
  const { rows } = drawSamples({ specs: definition.parameterSpace, sampler: 'LATIN_HYPERCUBE', count, seed: 1 })
  return {
    dataSet: engine.dataSet(candles, MINUTE),
    program: compiled.program,
    batch: compiled.bind(rows),
    settings: DEFAULT_EXECUTION,
    window: { start: 0, end: BARS, firstSignal: compiled.warmupBars },
  }
}

describe('a fault in a kernel', () => {
  const engine = new Engine(2, () => {}, { deadlineMs: 300 })
  afterAll(() => engine.close())

  test('costs one error a trap, a hundred times over, and the next result has the same bits', async () => {
    const job = request(engine, 'rsi-adx-volume', 50)
    const expected = await engine.backtest(job)
    const kinds = [
      ['TRAP', 'unreachable'],
      ['OUT_OF_BOUNDS', 'memory access out of bounds'],
      ['OVERFLOW', 'Maximum call stack size exceeded'],
    ] as const
    for (let round = 0; round < 100; round++) {
      const [fault, message] = kinds[round % kinds.length]
      await expect(engine.backtest(job, { fault })).rejects.toThrow(message)
      if (round % 10 === 9) expect(await engine.backtest(job)).toEqual(expected)
    }
    expect(engine.load.threads).toBe(2)
    expect(await engine.backtest(job)).toEqual(expected)
    expect(job.dataSet.arena.usedBytes).toBeLessThan(2 * 11 * 8 * BARS)
  })

  test('is stopped within a second of its deadline where it never ends', async () => {
    const job = request(engine, 'rsi-adx-volume', 50)
    const expected = await engine.backtest(job)
    const started = performance.now()
    await expect(engine.backtest(job, { fault: 'ENDLESS' })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(performance.now() - started).toBeLessThan(1300)
    expect(await engine.backtest(job)).toEqual(expected)
  })

  test('costs one error where a thread is killed, and the pool is filled again', async () => {
    const job = request(engine, 'rsi-adx-volume', 50)
    const expected = await engine.backtest(job)
    const exit = { module: new URL('./exit.ts', import.meta.url).href, name: 'exit', data: null }
    await expect(engine.call(exit)).rejects.toThrow()
    expect(await engine.backtest(job)).toEqual(expected)
  })
})

describe('a call that takes all memory', () => {
  const hogs = new URL('../../drill/hog.ts', import.meta.url).href
  const engine = new Engine(1, () => {}, { heapMb: 64, residentBytes: process.memoryUsage.rss() + (512 << 20) })
  afterAll(() => engine.close())

  test.each([
    ['hog', 'ERR_WORKER_OUT_OF_MEMORY'],
    ['hogBytes', 'OUT_OF_MEMORY'],
  ])('%s is stopped, and the next one is served', async (name, code) => {
    await expect(engine.call({ module: hogs, name, data: null })).rejects.toMatchObject({ code })
    const job = request(engine, 'rsi-adx-volume', 1)
    expect(await engine.backtest(job)).toHaveLength(26)
  })
})

describe('the memory of a data set', () => {
  test('refuses what would not fit before anything is allocated, with its estimate', async () => {
    const engine = new Engine(1, () => {}, { memoryBytes: 1 << 20 })
    const job = request(engine, 'rsi-adx-volume', 5000)
    const used = job.dataSet.arena.usedBytes
    await expect(engine.backtest(job)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/\d+ bytes/),
    })
    expect(job.dataSet.arena.usedBytes).toBe(used)
    expect(() =>
      engine.dataSet(syntheticCandles({ seed: 1, bars: 30_000, timeframe: '1m', from: 0, edge: 0 }), MINUTE),
    ).toThrow(/MiB/)
    await engine.close()
  })

  test('computes columns in turns where not all of them fit, and the bits stay the same', async () => {
    const roomy = new Engine(2, () => {})
    const tight = new Engine(2, () => {}, { memoryBytes: 10 << 20 })
    const expected = await roomy.backtest(request(roomy, 'supertrend', 300))
    expect(await tight.backtest(request(tight, 'supertrend', 300))).toEqual(expected)
    await Promise.all([roomy.close(), tight.close()])
  })

  test('serves concurrent runs, which share the columns that one of them has computed', async () => {
    const engine = new Engine(2, () => {})
    const job = request(engine, 'ema-cross', 40)
    const runs = await Promise.all([1, 2, 3, 4].map(() => engine.backtest(job)))
    for (const rows of runs) expect(rows).toEqual(runs[0])
    await engine.close()
  })

  test('stops a run when told to, and hears of progress', async () => {
    const engine = new Engine(2, () => {})
    const job = request(engine, 'rsi-adx-volume', 1000)
    const stop = new AbortController()
    const run = engine.backtest(job, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(run).rejects.toThrow('enough')
    const heard: number[] = []
    await engine.backtest(job, { onProgress: (done) => heard.push(done) })
    expect(heard.at(-1)).toBe(1000)
    await engine.close()
  })
})
