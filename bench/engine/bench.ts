/**
 * How fast the backtest engine is: `npm run bench`. Every figure is measured in this run, on this machine, side by side
 * with what it is compared to; CPU time, contestants in turns, median of nine. Writes bench/results/engine.json.
 *
 * `--quick` takes a tenth of the samples and three rounds, to see that it works.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { laneBytes, sharedBytes, shapeOf } from '../../src/engine/fast-job.ts'
import { sliceCandles } from '../../src/engine/candles.ts'
import { Engine } from '../../src/engine/pool.ts'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import { drawSamples } from '../../src/strategy/sampling.ts'
import { Twins } from '../../test/engine/twins.ts'
import { compileC } from './c-program.ts'
import { cpuMs, median, race, ROUNDS, wallMs } from './clock.ts'
import { naiveBacktest } from './naive.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const scale = values.quick ? 0.1 : 1
const rounds = values.quick ? 3 : ROUNDS

const MINUTE = 60_000
const LARGE = { samples: 1000 * scale, bars: 259_200 }
const SMALL = { samples: 200, bars: 43_200 }
const FIVE_YEARS = { samples: 100 * scale, bars: 2_592_000 }
/** fees, slippage and leverage of the recorded backtests */
const SETTINGS = { ...DEFAULT_EXECUTION, feeRate: 0.0004, makerFeeRate: 0.0004, slippage: 0.0002, leverage: 2 }

const candles = syntheticCandles({ seed: 1, bars: LARGE.bars, timeframe: '1m', from: Date.UTC(2024, 0, 1), edge: 0 })
const results: Record<string, unknown> = {
  machine: { cpu: cpus()[0].model, cores: availableParallelism(), node: process.version, load: loadavg() },
}

function job(name: string, { samples, bars }: { samples: number; bars: number }, from = candles) {
  const definition = BUILT_IN_STRATEGIES.find((strategy) => strategy.name === name)!
  const compiled = compileStrategy(definition)
  const { rows } = drawSamples({
    specs: definition.parameterSpace,
    sampler: 'LATIN_HYPERCUBE',
    count: samples,
    seed: 1,
    violated: compiled.violatedConstraint,
  })
  return {
    candles: sliceCandles(from, 0, bars),
    timeframeMs: MINUTE,
    program: compiled.program,
    batch: compiled.bind(rows),
    settings: SETTINGS,
    window: { start: 0, end: bars, firstSignal: compiled.warmupBars },
    rows,
  }
}

type Job = ReturnType<typeof job>

/** ns per bar and sample. */
function perBar(ms: number, { batch, window }: Job): number {
  return (ms * 1e6) / batch.count / window.end
}

function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits))
}

async function strategies(): Promise<void> {
  const engines = [1, 2].map((threads) => new Engine(threads, () => {}))
  const table: Record<string, unknown>[] = []
  for (const size of [SMALL, LARGE]) {
    for (const { name } of BUILT_IN_STRATEGIES) {
      // a job that takes a second is measured on a fifth of its samples
      const isHeavy = size === LARGE && name !== 'rsi-adx-volume'
      const given = job(name, { ...size, samples: isHeavy ? size.samples / 5 : size.samples })
      const twins = await Twins.of(given)
      const { one } = race({ one: () => twins.fast({ chunk: 500 }) }, rounds)
      const walls: number[] = []
      for (const engine of engines) {
        const request = { ...given, dataSet: engine.dataSet(given.candles, MINUTE) }
        await engine.backtest(request)
        walls.push(await wallMs(() => engine.backtest(request), rounds))
      }
      table.push({
        strategy: name,
        bars: size.bars,
        samples: given.batch.count,
        columns: given.batch.columns.length,
        'ms, one core': round(one),
        'ns per bar × sample': round(perBar(one, given)),
        'wall ms, 1 thread': round(walls[0]),
        'wall ms, 2 threads': round(walls[1]),
      })
    }
  }
  await Promise.all(engines.map((engine) => engine.close()))
  report('strategies', table)
}

/** Milliseconds for 1,000 × 259,200 of rsi-adx-volume, all in one run. */
async function sideBySide(): Promise<void> {
  const given = job('rsi-adx-volume', LARGE)
  const few = { plain: 20, script: 20, c: 50 }
  const twins = await Twins.of(given)
  const plain = await Twins.of({ ...given, batch: job('rsi-adx-volume', { ...LARGE, samples: few.plain }).batch })
  const column = (name: string) => {
    const spec = given.batch.columns.find((candidate) => candidate.kind === 'indicator' && candidate.name === name)!
    return twins.dataSet.arena.float64(twins.dataSet.column(spec), LARGE.bars).slice()
  }
  const input = {
    candles: given.candles,
    rsi: column('rsi'),
    adx: column('adx'),
    mean: column('sma'),
    firstSignal: given.window.firstSignal,
    settings: SETTINGS,
  }
  const scratch = { equity: new Float64Array(LARGE.bars), ratios: new Float64Array(LARGE.bars) }
  const rowOf = (sample: number) => given.rows.subarray(6 * sample, 6 * sample + 6)
  const contestants = {
    fast: () => twins.fast({ chunk: 500 }),
    plain: () => plain.plain(),
    javascript: () => {
      for (let sample = 0; sample < few.script; sample++) naiveBacktest(input, rowOf(sample), scratch)
    },
  }
  const cTimes: number[] = []
  using program = compileC('naive.c')
  const { openTime, open, high, low, close, volume } = given.candles
  const header = Float64Array.of(
    LARGE.bars,
    few.c,
    input.firstSignal,
    SETTINGS.feeRate,
    SETTINGS.slippage,
    SETTINGS.leverage,
    SETTINGS.initialCapital,
    SETTINGS.maintenanceMarginRate,
  )
  const file = program?.input(
    header,
    openTime,
    open,
    high,
    low,
    close,
    volume,
    input.rsi,
    input.adx,
    input.mean,
    given.rows.subarray(0, 6 * few.c),
  )
  const times = { fast: [] as number[], plain: [] as number[], javascript: [] as number[] }
  for (let turn = 0; turn < rounds; turn++) {
    for (const name of ['fast', 'plain', 'javascript'] as const) times[name].push(cpuMs(contestants[name]))
    if (program) cTimes.push((program.run(file!, '1') as { ms: number[] }).ms[0])
  }
  if (program) checkSame((program.run(file!, '1') as { trades: number }).trades, twins.fast(), few.c)
  const whole = (ms: number, samples: number): number => (ms * LARGE.samples) / samples
  const fast = median(times.fast)
  const ways: [string, number][] = [
    ['this engine', fast],
    ['plain kernel, bar by bar (AssemblyScript)', whole(median(times.plain), few.plain)],
    ['naive loop in JavaScript', whole(median(times.javascript), few.script)],
  ]
  if (program) ways.push(['naive loop in C -O3 -march=native', whole(median(cTimes), few.c)])
  report(
    'sideBySide',
    ways.map(([way, ms]) => ({
      way,
      'ms, one core': round(ms),
      'ns per bar × sample': round(perBar(ms, given)),
      'times this engine': round(ms / fast),
    })),
  )
}

/** The loops must have computed the same trades. */
function checkSame(trades: number, rows: Float64Array, samples: number): void {
  let expected = 0
  for (let sample = 0; sample < samples; sample++) expected += rows[sample * 26 + 8]
  if (trades !== expected) throw new Error(`The C loop makes ${trades} trades, the engine ${expected}.`)
}

async function fiveYears(): Promise<void> {
  const long = syntheticCandles({
    seed: 2,
    bars: FIVE_YEARS.bars,
    timeframe: '1m',
    from: Date.UTC(2019, 0, 1),
    edge: 0,
  })
  const given = job('rsi-adx-volume', FIVE_YEARS, long)
  const twins = await Twins.of(given)
  const { one } = race({ one: () => twins.fast() }, rounds)
  report('fiveYears', [
    {
      bars: FIVE_YEARS.bars,
      samples: given.batch.count,
      'ms, one core': round(one),
      'ns per bar × sample': round(perBar(one, given)),
    },
  ])
}

/** What a run takes beside the candles and columns. */
async function memory(): Promise<void> {
  const given = job('rsi-adx-volume', { ...LARGE, samples: 1000 })
  const engine = new Engine(2, () => {})
  const dataSet = engine.dataSet(given.candles, MINUTE)
  const request = { ...given, dataSet }
  const columns = given.batch.columns.length * dataSet.columnBytes
  await engine.backtest(request)
  const run = sharedBytes(request) + 2 * laneBytes(shapeOf(request), 500) + 2 * dataSet.columnScratchBytes
  await engine.close()
  const mb = (bytes: number): number => round(bytes / 1e6)
  report('memory', [
    {
      'candles MB': mb(dataSet.arena.usedBytes - columns),
      'columns MB': mb(columns),
      'run of 1,000 samples, 2 threads, MB': mb(run),
      'peak RSS of this process, MB': mb(process.resourceUsage().maxRSS * 1024),
    },
  ])
}

async function indicators(): Promise<void> {
  const { close, high, low, volume } = candles
  const given = job('rsi-adx-volume', { ...LARGE, samples: 1 })
  const { kernel, dataSet } = await Twins.of(given)
  const out = dataSet.arena.alloc(dataSet.columnBytes)
  const at = dataSet.candles
  const n = LARGE.bars
  const ours = race(
    {
      rsi: () => kernel.rsi(at.close, n, 14, out),
      adx: () => kernel.directional(at.high, at.low, at.close, n, 14, 0, 0, out),
      ema: () => kernel.ema(at.close, n, 20, out),
      atr: () => kernel.atr(at.high, at.low, at.close, n, 14, out),
      sma: () => kernel.sma(at.volume, n, 20, out),
    },
    25,
  )
  using program = compileC('indicators.c')
  const c = program?.run(program.input(close, high, low, volume), String(n), '25') as
    | Record<string, number[]>
    | undefined
  report(
    'indicators',
    Object.entries(ours).map(([name, ms]) => ({
      indicator: name,
      'ms a column': round(ms),
      'C, ms': c ? round(median(c[name])) : null,
      'ours / C': c ? round(ms / median(c[name])) : null,
    })),
  )
}

/** From nothing to the result: threads, memory, columns, run. */
async function coldStart(): Promise<void> {
  const given = job('rsi-adx-volume', LARGE)
  const pools: number[] = []
  const jobs: number[] = []
  for (let turn = 0; turn < Math.min(rounds, 5); turn++) {
    const begin = performance.now()
    const engine = new Engine(2, () => {})
    await Promise.all(
      [0, 1].map(() =>
        engine.backtest({
          ...job('rsi-adx-volume', { samples: 2, bars: 1000 }),
          dataSet: engine.dataSet(sliceCandles(candles, 0, 1000), MINUTE),
        }),
      ),
    )
    pools.push(performance.now() - begin)
    jobs.push(await wallMs(() => engine.backtest({ ...given, dataSet: engine.dataSet(given.candles, MINUTE) }), 1))
    await engine.close()
  }
  report('coldStart', [
    { 'pool of 2 ready, ms': round(median(pools)), 'first job on new candles, ms': round(median(jobs)) },
  ])
}

function report(name: string, rows: Record<string, unknown>[]): void {
  console.log(`\n${name}`)
  console.table(rows)
  results[name] = rows
}

console.log(
  `${cpus()[0].model}, ${availableParallelism()} cores, node ${process.version}, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
)
await sideBySide()
await strategies()
await fiveYears()
await memory()
await indicators()
await coldStart()
const folder = new URL('../results/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL('engine.json', folder), JSON.stringify(results, null, 2) + '\n')
